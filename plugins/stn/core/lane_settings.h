// Every number of a link's lanes: more connections beside its own where the network is weak, and copies of tasks on them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::stn {

// Of the profile.
struct lane_settings {
  bool on = true;
  // A task that loses a packet occupies its lane for some retransmission times: at 20 % loss each way and five tasks a
  // second eight to ten lanes are busy or spare at a time. Twelve have room; more helped nothing.
  int64_t max = 12;
  // Where bytes cost money: a handshake costs as much as ten small tasks.
  int64_t max_metered = 3;
  bool operator==(const lane_settings&) const = default;
};

struct hedge_settings {
  bool on = true;
  // Beside the first. At 20 % loss each way a copy fails with 36 %: four of four in one task out of sixty.
  int64_t copies = 3;
  // Copies that may go at once to a server on a network, by all links together, though no task needed one for long.
  int64_t budget = 10;
  bool operator==(const hedge_settings&) const = default;
};

// No settings of a profile: each is measured, or follows from others.
struct lane_numbers {
  // The share of tasks that had no answer when a copy was due is a mean over about so many tasks.
  double weight = 16;
  // From this share on the network is weak: one task in fifty may wait for a packet now and then anywhere.
  double weak_at = 0.02;
  // So many lanes are kept idle: one, and one more for each eighth of the tasks that are late, up to four. A number of lanes
  // alone would be wrong for every other rate of tasks.
  double idle_for_need = 8, idle_max = 4;
  // And no more lanes than three, where fewer than one task in ten is late, and then one more for each thirtieth: each
  // costs a handshake.
  double most_least = 3, most_from = 0.1, most_for_need = 30;
  // What is remembered of a network counts as so much at most: it begins with three idle lanes.
  double remembered_max = 0.3;
  // While a queue stands no more lanes than this: they would only make it longer. Not one: with one a lost packet, which
  // holds up all behind it, looks like a queue.
  int64_t lanes_at_queue = 3;
  // A lane that nobody needed for so long is closed: on a network that is well again, and where it is still weak. There it
  // would soon be made again, and a handshake costs more than a lane that waits.
  duration linger = 10s, linger_weak = 60s;
  // Without tasks for so long no spare lane is worth its pings.
  duration rest = 30s;
  // From this remembered need on (one in five tasks is late, or one in five datagrams lost) the link's first connection is not waited
  // for: so many are made at once, and the first that is up is the link's. Each takes two or three round trips of which none may be
  // lost; at 20 % each way one alone does so in one case of four, and of six at least one in five cases of six. They are the lanes
  // that are needed then anyway.
  double race_at = 0.2;
  size_t racers = 5;
  // Where nothing is known of the network, and the first connection takes too long, so many join it. In the simulation of 300 ms and
  // 20 % lost each way a link is up after 1.9 s instead of 2.3 s (median of 400 starts), and after 2.3 s instead of 3.9 s in four of five;
  // five would gain a tenth of a second.
  size_t late_racers = 3;
  // Too long is: without an answer to the first packet, which few paths let wait for so long and the system sends again after a
  // second; a TLS handshake that takes half as long again as connecting took, or so much longer: what TCP waits at least.
  duration start_first = 600ms, start_room = 200ms;
  // A network that shows itself weak while the link connects gets a spare lane for so long.
  duration spare = 10s;
  // A copy's answer that has not come so long after its task ended does not come: the lane counts as idle again.
  duration owed = 30s;
  // A timer that is so late was held back with everything else: the machine slept. It says nothing about the network.
  duration late = 1s;
  // Lanes that fail, one after the other, are tried again after pauses that double.
  duration pause_first = 1s, pause_max = 5min;
  // The server has ended the link's own connection so soon after a lane had come up that it may want one only. The second
  // time it is believed, for so long.
  duration unwanted_within = 2s, unwanted = 1h;
  // A server that refuses one copy of a task and carries out another does not know them for the same: no copies for so long.
  duration contradicted = 1h;
  // Small frames behind a task that may not be copied, so that its loss is noticed by what comes behind it: two, because
  // one may be lost too. Where bytes cost money one.
  int companions = 2, companions_metered = 1;
  // Tasks on their way at a time that are watched. More fill any line, and wait for each other rather than for packets.
  size_t watched = 64;
};

}  // namespace tharsis::stn
