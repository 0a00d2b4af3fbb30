// The numbers by which a client spares its servers. plugin.yaml sets them by these names.
#pragma once
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::stn {

// See core/breaker.h.
struct breaker_settings {
  bool use = true;
  // What came before says nothing of a server that was restarted since.
  duration window = 60s;
  // It opens when so many results are there at least: one or two are bad luck,
  int64_t least = 3;
  // and so many per cent of them are failures. A share and not a count: a busy server has some failures always.
  int64_t share = 50;
  // How long it is left alone: a process is restarted within seconds,
  duration open_min = 5s;
  // and what is broken for longer is asked seldom, but soon enough to be used again the minute it is repaired.
  duration open_max = 120s;
  // A probe of which nothing was heard for so long is given up.
  duration probe = 30s;
  bool operator==(const breaker_settings&) const = default;
};

// See core/retry_budget.h.
struct budget_settings {
  bool use = true;
  // Repetitions that first sends earn, in per cent. A server that is built with a reserve of a third bears that.
  int64_t share = 10;
  // One comes with so long a time, as long as there are fewer than `idle_most`: a link with a task a minute is no danger,
  // and a person waits for it.
  duration idle_every = 300s;
  int64_t idle_most = 10;
  // More are not kept: what was earned on a good day is no licence for a storm.
  int64_t most = 1000;
  bool operator==(const budget_settings&) const = default;
};

// See core/server_rest.h.
struct rest_settings {
  bool use = true;
  // Nobody is spared for longer: a server that says a day has a clock that is wrong, or is not the server.
  duration most = 300s;
  // So much longer at most than it said, in per cent.
  int64_t jitter = 20;
  bool operator==(const rest_settings&) const = default;
};

// See core/extra_connections.h.
struct extra_settings {
  // Two links on a bad network, each with all its lanes. Boxes that many share give each of their users some hundred ports.
  int64_t in_all = 24;
  // The lanes of one link, and its second connection: a server counts those of its clients.
  int64_t per_server = 12;
  // Where bytes cost money: each link has two lanes at most, and this is three links.
  int64_t metered = 6;
  bool operator==(const extra_settings&) const = default;
};

// See core/move_rules.h.
struct move_settings {
  bool follow = true;
  // So many moves within so long. Servers are drained one after the other, for a deployment; a fourth move within ten
  // minutes is a ring.
  int64_t most = 3;
  duration per = 600s;
  // A server that gives clients longer to go than this has lost count.
  duration within_max = 1h;
  // Endpoints that a server has told hold no longer than this; then the profile's do again. A day covers an incident.
  duration valid_max = 24h;
  bool operator==(const move_settings&) const = default;
};

}  // namespace tharsis::stn
