#include "plugins/sdt/core/report_compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "plugins/sdt/core/scene.h"
#include "sdk/pure/harmless.h"
#include "sdk/pure/json.h"

namespace tharsis::sdt {
namespace {

std::optional<double> middle(std::vector<double> all) {
  if (all.empty()) return std::nullopt;
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

template <class T, class Take>
std::optional<double> middle_of(const std::vector<T>& all, Take take) {
  std::vector<double> some;
  for (const T& p : all)
    if (const std::optional<double> one = worked(p) ? take(p) : std::nullopt) some.push_back(*one);
  return middle(std::move(some));
}

std::optional<double> loss_of(const observations& seen) {
  uint64_t sent = 0, lost = 0;
  for (const loss_probe& l : seen.losses)
    if (ran(l)) sent += l.small_sent, lost += l.small_lost;
  return sent == 0 ? std::nullopt : std::optional(static_cast<double>(lost) / static_cast<double>(sent));
}

using taker = std::optional<double> (*)(const observations&);
struct kind_of_measure {
  const char* name;
  bool is_share;
  taker take;
};
const kind_of_measure measured[] = {
    {"name", false, [](const observations& o) { return middle_of(o.names, [](const name_probe& n) { return n.role == probe_role::system && n.rcode >= 0 ? std::optional(n.ms) : std::nullopt; }); }},
    {"connect", false, [](const observations& o) { return middle_of(o.connects, [](const connect_probe& c) { return c.role == probe_role::target ? std::optional(c.ms) : std::nullopt; }); }},
    {"TLS", false, [](const observations& o) { return middle_of(o.handshakes, [](const tls_probe& t) { return t.role == probe_role::target ? std::optional(t.ms) : std::nullopt; }); }},
    {"round trip", false, [](const observations& o) { return middle_of(o.losses, [](const loss_probe& l) { return middle(l.rtts_ms); }); }},
    {"loss", true, loss_of},
    {"whole session", false, [](const observations& o) { return o.about.ms > 0 ? std::optional(o.about.ms) : std::nullopt; }},
};

// A quarter and 15 ms, or two hundredths of the packets: less is what two looks at one network differ by.
bool is_more_than_noise(const kind_of_measure& kind, double a, double b) {
  return kind.is_share ? std::abs(a - b) >= 0.02 : std::abs(a - b) >= std::max(15.0, 0.25 * std::min(a, b));
}

std::string value_text(const measure& m, double value) { return m.is_share ? percent_text(value) : ms_text(value); }

std::string code_list(const std::vector<verdict>& all) {
  std::string list;
  for (const verdict& v : all) list += (list.empty() ? "" : ",") + json_text(name_of(v.code));
  return "[" + list + "]";
}

}  // namespace

report_difference compare(const report& before, const report& after) {
  report_difference d;
  const auto has = [](const report& r, verdict_code code) {
    return std::any_of(r.verdicts.begin(), r.verdicts.end(), [&](const verdict& v) { return v.code == code; });
  };
  for (const verdict& v : before.verdicts)
    if (!has(after, v.code)) d.gone.push_back(v);
  for (const verdict& v : after.verdicts) (has(before, v.code) ? d.stayed : d.come).push_back(v);
  // A redacted report does not say of which network it is: unknown is not equal, and not another one.
  const std::string &one = before.seen.about.network.id_hash, &other = after.seen.about.network.id_hash;
  if (!one.empty() && !other.empty()) d.same_network = one == other;
  for (const kind_of_measure& kind : measured) {
    const auto a = kind.take(before.seen), b = kind.take(after.seen);
    if (a && b) d.measures.push_back({kind.name, *a, *b, kind.is_share, is_more_than_noise(kind, *a, *b)});
  }
  return d;
}

std::string render_text(const report& before, const report& after, const report_difference& d) {
  std::string text = before.headline().code == after.headline().code
                         ? "still " + std::string(name_of(after.headline().code))
                         : std::string(name_of(before.headline().code)) + " -> " + std::string(name_of(after.headline().code));
  text += ": " + harmless(after.headline().sentence) + "\n";
  if (!d.same_network) text += "  nobody knows whether they are of one network\n";
  else if (!*d.same_network) text += "  they are of two networks\n";
  const auto rows = [&](const char* what, const std::vector<verdict>& all) {
    for (const verdict& v : all) text += std::string("  ") + what + std::string(name_of(v.code)) + ": " + harmless(v.sentence) + "\n";
  };
  rows("gone   ", d.gone), rows("new    ", d.come), rows("same   ", d.stayed);
  for (const measure& m : d.measures) {
    char row[160];
    std::snprintf(row, sizeof row, "  %-14s %10s -> %-10s%s\n", m.name.c_str(), value_text(m, m.before).c_str(), value_text(m, m.after).c_str(),
                  !m.moved ? "" : m.after > m.before ? " worse" : " better");
    std::string line = row;
    while (line.size() > 1 && line[line.size() - 2] == ' ') line.erase(line.size() - 2, 1);
    text += line;
  }
  text.pop_back();
  return text;
}

std::string render_json(const report& before, const report& after, const report_difference& d) {
  std::string measures;
  for (const measure& m : d.measures)
    measures += (measures.empty() ? "" : ",") + json_object().add("name", m.name).add("before", m.before).add("after", m.after).add("unit", m.is_share ? "share" : "ms").add("moved", m.moved).text();
  json_object o;
  o.add("before", name_of(before.headline().code)).add("after", name_of(after.headline().code));
  if (d.same_network) o.add("same_network", *d.same_network);
  else o.add_raw("same_network", "null");
  o.add_raw("gone", code_list(d.gone)).add_raw("new", code_list(d.come)).add_raw("same", code_list(d.stayed));
  return o.add_raw("measures", "[" + measures + "]").text();
}

}  // namespace tharsis::sdt
