#include "plugins/dns/core/trace.h"

#include <algorithm>

#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

trace_step step_of(const testimony& t, const findings& f, trace_step::kind what, uint16_t type, instant began) {
  return {what, f.came - began, t.source, type, says(f), f.addresses};
}

// In the order in which they came; who came when `mode` had heard enough.
void add_decision(const trace_matter& m, trust mode, instant began, std::vector<trace_step>& to) {
  std::vector<testimony> all = m.heard;
  std::stable_sort(all.begin(), all.end(), [](const testimony& a, const testimony& b) { return a.what.came < b.what.came; });
  silence silent;
  for (const testimony& t : all) ++(t.vouched ? silent.vouched : silent.plain);
  std::vector<testimony> heard;
  for (const testimony& t : all) {
    heard.push_back(t);
    --(t.vouched ? silent.vouched : silent.plain);
    if (!decided(m.what, mode, heard, silent, m.known)) continue;
    const size_t left = silent.vouched + silent.plain;
    to.push_back({trace_step::kind::decided, t.what.came - began, {}, m.what.kind, left == 0 ? "all have spoken" : "enough is known; " + std::to_string(left) + " may still speak"});
    return;
  }
}

}  // namespace

std::string says(const findings& f) {
  switch (f.what) {
    case findings::kind::no_data: return "no such record";
    case findings::kind::no_name: return "no such name";
    case findings::kind::failed: return f.why;
    case findings::kind::found: break;
  }
  std::string all;
  for (const auto& a : f.addresses) all += (all.empty() ? "" : " ") + ip_text(a);
  for (const auto& t : f.texts) all += (all.empty() ? "'" : " '") + t + "'";
  return all + (f.life > 0 ? " for " + std::to_string(f.life) + " s" : "");
}

std::string_view word(trace_step::kind k) {
  switch (k) {
    case trace_step::kind::asked: return "asked";
    case trace_step::kind::answered: return "answered";
    case trace_step::kind::forged: return "forged";
    case trace_step::kind::failed: return "failed";
    case trace_step::kind::decided: return "decided";
  }
  return "asked";
}

std::vector<trace_step> steps_of(const trace_matter& m, trust mode, instant began) {
  std::vector<trace_step> all;
  for (const testimony& t : m.heard) {
    all.push_back({trace_step::kind::asked, t.began - began, t.source, m.what.kind, std::string(t.vouched ? "it has to prove its name" : "it proves nothing") + (t.health.empty() ? t.health : "; " + t.health)});
    for (const findings& f : t.forged) all.push_back(step_of(t, f, trace_step::kind::forged, m.what.kind, began));
    const bool failed = t.what.what == findings::kind::failed;
    all.push_back(step_of(t, t.what, failed ? trace_step::kind::failed : trace_step::kind::answered, m.what.kind, began));
  }
  add_decision(m, mode, began, all);
  std::stable_sort(all.begin(), all.end(), [](const trace_step& a, const trace_step& b) { return a.after < b.after; });
  return all;
}

std::vector<trace_vote> votes_of(const trace_matter& m) {
  std::vector<trace_vote> all;
  for (const testimony& t : m.heard)
    for (const auto& a : t.what.addresses) {
      auto known = std::find_if(all.begin(), all.end(), [&](const trace_vote& v) { return same_ip(v.address, a); });
      if (known == all.end()) known = all.insert(all.end(), trace_vote{a, {}, false});
      known->by.push_back(t.source);
      known->proven = known->proven || t.vouched;
    }
  return all;
}

}  // namespace tharsis::dns
