// How an answer came about: who was asked, who said what after how long, when enough was known, and who voted for which
// address. Pure.
#pragma once
#include <string>
#include <vector>

#include "plugins/dns/core/consensus.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct trace_step {
  enum class kind : uint8_t { asked, answered, forged, failed, decided } what = kind::asked;
  duration after{};    // Since the name was asked for.
  std::string source;  // Of `decided`: nobody.
  uint16_t type = 0;   // Of the records.
  std::string says;    // See says().
  std::vector<tharsis_address> addresses{};
};
std::string_view word(trace_step::kind k);
// What was said, for a person: "203.0.113.66 for 60 s", "no such name", why it failed.
std::string says(const findings& f);

struct trace_vote {
  tharsis_address address{};
  std::vector<std::string> by;
  bool proven = false;  // One of them had proved its name.
};

// Of one type of records. `heard` is all that was said; each was asked at testimony::began. `known` as for who judged it.
struct trace_matter {
  question what;
  std::vector<testimony> heard;
  beliefs known{};
};

// In the order of time. The moment from which `mode` would not have waited any longer is a step, too.
std::vector<trace_step> steps_of(const trace_matter& m, trust mode, instant began);
std::vector<trace_vote> votes_of(const trace_matter& m);

}  // namespace tharsis::dns
