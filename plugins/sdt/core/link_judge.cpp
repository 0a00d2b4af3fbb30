#include "plugins/sdt/core/link_judge.h"

#include <algorithm>
#include <optional>

#include "plugins/sdt/core/sentences.h"

namespace tharsis::sdt {
namespace {

struct finding {
  uint32_t code;
  uint32_t confidence;
};

// One line of a table: this status means that, so surely.
struct rule {
  tharsis_status status;
  finding means;
};

template <size_t N>
std::optional<finding> look_up(const rule (&table)[N], tharsis_status status) {
  for (const rule& r : table)
    if (r.status == status) return r.means;
  return std::nullopt;
}

// No network at all, which explains all the rest.
constexpr finding offline{THARSIS_SDT_UNREACHABLE, 95};
constexpr finding offline_meanwhile{THARSIS_SDT_UNREACHABLE, 75};

// The resolver said so itself, or was not heard.
constexpr rule name_rules[] = {{THARSIS_E_NOT_FOUND, {THARSIS_SDT_NAME_UNRESOLVED, 95}},
                               {THARSIS_E_TIMEOUT, {THARSIS_SDT_NAME_UNRESOLVED, 80}}};
constexpr finding name_failed{THARSIS_SDT_NAME_UNRESOLVED, 85};

// No address could be connected to: what one of them met, the most telling first. A refusal proves
// that the host is up; a silence says less than a router that knows no way.
constexpr rule dial_rules[] = {{THARSIS_E_REFUSED, {THARSIS_SDT_REFUSED, 95}},
                               {THARSIS_E_RESET, {THARSIS_SDT_CUT, 80}},
                               {THARSIS_E_TIMEOUT, {THARSIS_SDT_NO_ANSWER, 85}},
                               {THARSIS_E_UNREACHABLE, {THARSIS_SDT_UNREACHABLE, 95}},
                               {THARSIS_E_NETWORK, {THARSIS_SDT_UNREACHABLE, 70}}};
constexpr uint32_t mixed_costs = 15;  // Addresses of one server that meet different fates.
constexpr finding dial_failed{THARSIS_SDT_NO_ANSWER, 40};

// The server can be connected to, so what stn met lies behind that.
constexpr rule behind_rules[] = {{THARSIS_E_UNTRUSTED, {THARSIS_SDT_UNTRUSTED, 95}},
                                 {THARSIS_E_PROTOCOL, {THARSIS_SDT_PROTOCOL, 90}},
                                 {THARSIS_E_RESET, {THARSIS_SDT_CUT, 85}},
                                 {THARSIS_E_NETWORK, {THARSIS_SDT_CUT, 60}},
                                 {THARSIS_E_TIMEOUT, {THARSIS_SDT_SILENT, 80}}};
constexpr finding slow{THARSIS_SDT_SILENT, 65};      // Connecting for too long, yet TCP connects.
constexpr finding fine_again{THARSIS_SDT_FINE, 60};  // What stn met is over, as far as TCP can tell.
constexpr finding nobody_complained{THARSIS_SDT_FINE, 80};        // Nobody complained; TLS was not tried.

// No check has anything to tell: stn's own word.
constexpr rule stn_rules[] = {{THARSIS_E_REFUSED, {THARSIS_SDT_REFUSED, 60}},
                              {THARSIS_E_RESET, {THARSIS_SDT_CUT, 60}},
                              {THARSIS_E_UNREACHABLE, {THARSIS_SDT_UNREACHABLE, 60}},
                              {THARSIS_E_UNTRUSTED, {THARSIS_SDT_UNTRUSTED, 60}},
                              {THARSIS_E_PROTOCOL, {THARSIS_SDT_PROTOCOL, 60}},
                              {THARSIS_E_NOT_FOUND, {THARSIS_SDT_NAME_UNRESOLVED, 60}}};
constexpr finding nothing_known{THARSIS_SDT_NO_ANSWER, 30};

finding from_name(const name_check& name) { return look_up(name_rules, name.status).value_or(name_failed); }

finding from_failed_dials(const std::vector<dial_check>& dials) {
  const bool mixed = std::any_of(dials.begin(), dials.end(), [&](const auto& d) { return d.status != dials[0].status; });
  for (const rule& r : dial_rules)
    for (const dial_check& d : dials)
      if (d.status == r.status) return {r.means.code, r.means.confidence - (mixed ? mixed_costs : 0)};
  return dial_failed;
}

finding from_behind(const link_report& link) {
  if (link.said == link_report::kind::none) return nobody_complained;
  if (link.said == link_report::kind::connecting) return slow;
  return look_up(behind_rules, link.status).value_or(fine_again);
}

// Whatever else was met, only an answer proves that there was a way. A connection that was given time
// had one when it began; where none was, it is refused at once.
std::optional<finding> from_no_network(const findings& found) {
  const auto met = [&](tharsis_status s) {
    return std::any_of(found.dials.begin(), found.dials.end(), [s](const dial_check& d) { return d.status == s; });
  };
  if (!found.offline || met(THARSIS_OK) || met(THARSIS_E_REFUSED) || met(THARSIS_E_RESET)) return std::nullopt;
  return met(THARSIS_E_TIMEOUT) ? offline_meanwhile : offline;
}

finding weigh(const evidence& e) {
  if (const auto none = from_no_network(e.found)) return *none;
  if (e.found.name.asked && e.found.name.status != THARSIS_OK) return from_name(e.found.name);
  const bool connects = std::any_of(e.found.dials.begin(), e.found.dials.end(), [](const auto& d) { return d.status == THARSIS_OK; });
  if (connects) return from_behind(e.link);
  if (!e.found.dials.empty()) return from_failed_dials(e.found.dials);
  return look_up(stn_rules, e.link.status).value_or(nothing_known);
}

}  // namespace

link_verdict judge(const evidence& e) {
  const finding f = weigh(e);
  link_verdict v;
  v.code = f.code;
  v.confidence = f.confidence;
  v.headline = headline_of(f.code, e);
  v.advice = advice_for(f.code);
  v.evidence = evidence_text(e);
  v.took = e.found.took;
  return v;
}

link_verdict recovered(const endpoint& server, duration gap) {
  link_verdict v;
  v.code = THARSIS_SDT_FINE;
  v.confidence = 100;
  v.headline = place_of(server) + " answers again" + (gap > duration::zero() ? " after " + time_text(gap) : "");
  v.evidence = "stn: the link is up";
  return v;
}

}  // namespace tharsis::sdt
