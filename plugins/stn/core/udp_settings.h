// Every number of the datagrams beside a long link. They are no settings of a profile: each is measured, or follows
// from others (plugins/stn/README.md).
#pragma once
#include <cstddef>
#include <cstdint>

#include "plugins/stn/core/copy_settings.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct udp_settings {
  // A bucket earns as much more as the network loses, at most what three at a time and their repeats need at 20 % each way.
  copy_settings copies{.earn_for_need = 12, .earn_max = 2.4, .copy_bytes = 256};
  // Of the delay, from round to round: where answers are late rather than lost, later copies wait longer.
  double backoff = 1.25;
  // So often a task goes by datagram before the connection carries it.
  int rounds_max = 3;
  // From this share of lost datagrams on, two go at a time: with 5 % each way nine in ten tasks need one round trip,
  // and with two at a time ninety-nine in a hundred do. Below the second they go alone again.
  double twins_at = 0.02, twins_until = 0.005;
  // And three: with 20 % each way two of them leave one task in eight without an answer in the first round trip.
  double triples_at = 0.22, triples_until = 0.15;
  // Losses come in bursts: the twin goes a little later.
  duration twin_gap = 5ms;

  // Tasks on their way by datagram at a time, first and at most. More go by the connection, which knows how to share a line.
  double window_first = 8, window_max = 32, window_min = 1;
  // Where the connection lost packets as it came: so many, for tasks wait that came meanwhile; and one datagram in ten counts as lost
  // until it is known, so that two go at a time.
  double window_lossy = 16, lossy = 0.1;

  // Does anything come through? So many probes, each wait twice the one before, the first at least so long.
  int probes = 6;
  duration probe_wait = 200ms;
  // Where nothing has ever come through: firewalls do not change their minds; and where it has: routes do.
  duration blocked_first = 10min, blocked_max = 4h;
  duration lost_first = 30s;
};

}  // namespace tharsis::stn
