// When a request is worth a copy by another way, and how many copies are: what a link's datagrams and its lanes have in
// common. Measured, or following from others; where the two differ they say so themselves.
#pragma once
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct copy_settings {
  // A copy at 1.0 of the usual time fires just before the healthy answer and doubles the load; at 1.5 the 95th
  // percentile at 5 % loss is 250 ms, not 225.
  double again_after = 1.25;
  // What a server's system and a scheduler may add to a short round trip.
  duration slack = 15ms;

  // A bucket of copies, for each server on each network. Each task earns a tenth, so that a healthy network sees at most 10 % more, whatever happens; and
  // as much more as tasks need one.
  double bucket = 10, earn = 0.1;
  double earn_for_need = 3, earn_max = 1;
  // Where each byte costs somebody money so much of the bucket is there.
  double bucket_metered = 0.5;
  // A copy of so many bytes costs one, a longer one as much more: it is what fills a slow line.
  double copy_bytes = 1024;

  // A queue stands in the network while the lower quartile of the last answers is so much longer than the shortest of
  // many: random loss does not move a quartile, a queue moves all of it.
  double queue_ratio = 1.25;
  duration queue_slack = 10ms;
};

}  // namespace tharsis::stn
