#include "plugins/dns/trace_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sdk/pure/address.h"
#include "sdk/pure/json.h"

namespace tharsis::dns {
namespace {

double rounded_ms(duration d) { return std::round(static_cast<double>(d.count()) / 1e3) / 1e3; }

std::string column(std::string_view text, size_t width) {
  std::string out(text);
  return out.append(width - std::min(width, out.size()), ' ');
}
std::string time_column(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%10.1f ms  ", static_cast<double>(d.count()) / 1e6);
  return text;
}

std::string_view mode_word(trust mode) { return mode == trust::strict ? "strict" : mode == trust::guarded ? "guarded" : "open"; }

template <class List, class Write>
std::string listed(const List& list, Write write) {
  std::string all;
  for (const auto& one : list) all += (all.empty() ? "" : ",") + write(one);
  return "[" + all + "]";
}

std::vector<trace_step> all_steps(const trace_report& r) {
  std::vector<trace_step> all;
  for (const trace_matter& m : r.matters) {
    const auto more = steps_of(m, r.mode, r.began);
    all.insert(all.end(), more.begin(), more.end());
  }
  std::stable_sort(all.begin(), all.end(), [](const trace_step& a, const trace_step& b) { return a.after < b.after; });
  return all;
}
std::vector<trace_vote> all_votes(const trace_report& r) {
  std::vector<trace_vote> all;
  for (const trace_matter& m : r.matters)
    for (const trace_vote& v : votes_of(m)) all.push_back(v);
  return all;
}

std::string joined(const std::vector<std::string>& list) {
  std::string all;
  for (const std::string& one : list) all += (all.empty() ? "" : ", ") + one;
  return all;
}

std::string line_of(const trace_step& s, size_t width) {
  return "\n" + time_column(s.after) + column(word(s.what), 10) + column(type_name(s.type), 6) + column(s.source, width + 2) + s.says;
}

std::string shown_address(const tharsis_address& a) { return a.port != 0 ? to_text(a) : ip_text(a); }

}  // namespace

std::string trace_report::text() const {
  std::string out = name + ", " + std::string(mode_word(mode)) + " mode";
  const auto steps = all_steps(*this);
  size_t width = 0;
  for (const trace_step& s : steps) width = std::max(width, s.source.size());
  for (const trace_step& s : steps) out += line_of(s, width);
  for (const trace_vote& v : all_votes(*this)) out += "\n  " + std::string(v.proven ? "proven for " : "said for   ") + ip_text(v.address) + ": " + joined(v.by);
  for (const refusal& r : what.refused) out += "\n  refused    " + ip_text(r.address) + " from " + r.source + ": " + r.why;
  for (const candidate& c : what.candidates) out += "\n  used       " + shown_address(c.address) + " from " + c.source + ": " + c.why;
  for (const std::string& r : records) out += "\n  used       '" + r + "'";
  if (what.status != THARSIS_OK) out += "\n  unresolved: " + what.reason;
  char end[48];
  std::snprintf(end, sizeof end, " after %.1f ms", static_cast<double>(took.count()) / 1e6);
  return out + "\n  verdict    " + what.verdict + end;
}

std::string trace_report::json() const {
  json_object o;
  o.add("name", name).add("mode", mode_word(mode));
  o.add_raw("steps", listed(all_steps(*this), [](const trace_step& s) {
              json_object one;
              one.add("ms", rounded_ms(s.after)).add("step", word(s.what)).add("source", s.source).add("type", type_name(s.type)).add("says", s.says);
              return one.add_raw("addresses", listed(s.addresses, [](const auto& a) { return json_text(ip_text(a)); })).text();
            }));
  o.add_raw("votes", listed(all_votes(*this), [](const trace_vote& v) {
              json_object one;
              one.add("address", ip_text(v.address)).add("proven", v.proven);
              return one.add_raw("by", listed(v.by, [](const auto& s) { return json_text(s); })).text();
            }));
  o.add_raw("refused", listed(what.refused, [](const refusal& r) { return json_object().add("address", ip_text(r.address)).add("source", r.source).add("why", r.why).text(); }));
  o.add_raw("candidates", listed(what.candidates, [](const candidate& c) {
              return json_object().add("address", ip_text(c.address)).add("port", c.address.port).add("source", c.source).add("proven", c.proven).add("why", c.why).text();
            }));
  o.add_raw("records", listed(records, [](const auto& r) { return json_text(r); }));
  return o.add("verdict", what.verdict).add("ms", rounded_ms(took)).add("status", status_name(what.status)).add("reason", what.reason).text();
}

}  // namespace tharsis::dns
