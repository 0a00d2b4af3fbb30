#include "plugins/stn/core/fleet_report.h"

#include <algorithm>
#include <cstdio>

#include "sdk/pure/json.h"

namespace tharsis::stn {
namespace {

// `all` is put in another order.
std::optional<duration> quantile(std::vector<uint32_t>& all, double share) {
  if (all.empty()) return std::nullopt;
  const auto place = std::min(static_cast<size_t>(share * static_cast<double>(all.size())), all.size() - 1);
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(place), all.end());
  return duration(all[place] * 1ms);
}

std::string seconds(const std::optional<duration>& d) {
  if (!d) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(d->count()) / 1e9);
  return text;
}
std::string times(double ratio) {
  char text[32];
  std::snprintf(text, sizeof text, ratio < 10 ? "%.2fx" : "%.0fx", ratio);
  return text;
}

// With an even spread of so many in a second the worst of a minute is a third more, by chance.
constexpr double few_at_once = 100;

std::string cell(std::string text, size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

void add_ms(json_object& to, const char* name, const std::optional<duration>& d) {
  if (d) to.add(name, milliseconds(*d));
  else to.add_raw(name, "null");
}

json_object figures_json(const fleet_figures& f) {
  json_object o;
  o.add("event", f.event).add("affected", f.affected).add("noticed", f.noticed).add("back", f.back);
  add_ms(o, "noticed_p50_ms", f.noticed_p50);
  add_ms(o, "noticed_p95_ms", f.noticed_p95);
  add_ms(o, "back_p50_ms", f.back_p50);
  add_ms(o, "back_p95_ms", f.back_p95);
  add_ms(o, "back_max_ms", f.back_max);
  o.add("peak", f.peak).add("even", f.even).add("peak_ratio", f.peak_ratio()).add("met", f.met());
  return o;
}

std::string row(const fleet_result& r, const fleet_figures& f, bool colours) {
  std::string text = "  " + r.policy + std::string(r.policy.size() < 18 ? 18 - r.policy.size() : 1, ' ');
  text += cell(std::to_string(f.noticed), 9) + cell(seconds(f.noticed_p95), 11) + cell(seconds(f.back_p50), 10) + cell(seconds(f.back_p95), 10);
  text += cell(seconds(f.back_max), 11) + cell(std::to_string(f.noticed - f.back), 8) + cell(std::to_string(f.peak), 9) + cell(times(f.peak_ratio()), 9);
  const std::string verdict = f.met() ? "met" : "missed";
  return text + "  " + (!colours ? verdict : (f.met() ? "\x1b[32m" : "\x1b[31m") + verdict + "\x1b[0m") + "\n";
}

}  // namespace

bool fleet_figures::met() const {
  const bool enough = back * 100 >= noticed * 95;
  return enough && (!back_p95 || *back_p95 <= fleet_goal) && (noticed == 0 || peak_ratio() <= fleet_peak_goal);
}

fleet_result fleet_result_of(const std::string& policy, const fleet_run& run) {
  fleet_result made{policy, {}, {}, {}};
  const auto& arrivals = run.tally().arrivals();
  const size_t length = run.tally().connected().size();
  for (const uint32_t n : run.tally().connected()) made.connected.push_back(static_cast<float>(n) / static_cast<float>(run.clients().size()));
  made.busiest.resize(length);
  for (const auto& of : arrivals)
    for (size_t i = 0; i < std::min(of.size(), length); ++i) made.busiest[i] = std::max(made.busiest[i], static_cast<float>(of[i]));
  const auto& incidents = run.tally().incidents();
  for (size_t i = 0; i < incidents.size(); ++i) {
    const fleet_incident& from = incidents[i];
    const size_t end = i + 1 < incidents.size() ? static_cast<size_t>(incidents[i + 1].second) : length;
    fleet_figures f;
    f.event = from.event;
    f.affected = from.affected;
    f.noticed = static_cast<int64_t>(from.noticed_ms.size());
    f.back = static_cast<int64_t>(from.recovered_ms.size());
    std::vector<uint32_t> noticed = from.noticed_ms, back = from.recovered_ms;
    f.noticed_p50 = quantile(noticed, 0.5);
    f.noticed_p95 = quantile(noticed, 0.95);
    // Who is not back yet is later than all others.
    back.resize(noticed.size(), UINT32_MAX);
    const auto known = [](std::optional<duration> d) { return d && *d < UINT32_MAX * 1ms ? d : std::nullopt; };
    f.back_p50 = known(quantile(back, 0.5));
    f.back_p95 = known(quantile(back, 0.95));
    std::vector<uint32_t> those = from.recovered_ms;
    f.back_max = quantile(those, 1);
    for (size_t s = static_cast<size_t>(from.second); s < end; ++s) f.peak = std::max(f.peak, static_cast<int64_t>(made.busiest[s]));
    if (from.survivors > 0) f.even = static_cast<double>(f.noticed) / static_cast<double>(fleet_goal / 1s) / static_cast<double>(from.survivors);
    made.incidents.push_back(f);
  }
  return made;
}

std::string incident_words(const fleet_scenario& s, size_t event) {
  static constexpr const char* words[] = {"fails", "vanishes", "refuses", "slows down", "is drained", "recovers"};
  const fleet_event& e = s.events[event];
  const fleet_group& g = s.groups[e.group];
  const int64_t servers = e.servers > 0 ? e.servers : g.servers;
  return std::to_string(e.at / 1s) + " s: " + g.name + ' ' + words[static_cast<size_t>(e.deed)] + " (" + std::to_string(servers) +
         (servers == 1 ? " server)" : " servers)");
}

std::string fleet_table(const fleet_scenario& s, const std::vector<fleet_result>& all, bool colours) {
  std::string text = std::to_string(s.clients) + " clients; back: on a working server, after noticing; peak: connections that came to one server in one second,\n"
                     "and how many times an even spread over " + std::to_string(fleet_goal / 1s) + " s and all servers that are left\n";
  const size_t incidents = all.empty() ? 0 : all[0].incidents.size();
  for (size_t i = 0; i < incidents; ++i) {
    text += "\n" + incident_words(s, all[0].incidents[i].event) + ", " + std::to_string(all[0].incidents[i].affected) + " clients\n";
    text += "  " + std::string(18, ' ') + "  noticed   95 % by  50 % back  95 % back  all back   never     peak          \n";
    for (const fleet_result& r : all) text += row(r, r.incidents[i], colours);
  }
  const bool few = incidents > 0 && std::any_of(all[0].incidents.begin(), all[0].incidents.end(), [](const fleet_figures& f) { return f.even < few_at_once; });
  if (few) text += "\nSo few clients come to a server in a second that chance alone makes peaks of 1.5x; --clients 1000000 has none of it.\n";
  if (incidents == 0) text += "\nnothing took connections away\n";
  return text;
}

std::string fleet_json(const fleet_scenario& s, uint64_t seed, const std::vector<fleet_result>& all) {
  std::string policies, events;
  for (size_t i = 0; i < s.events.size(); ++i) events += (i == 0 ? "" : ",") + json_text(incident_words(s, i));
  for (const fleet_result& r : all) {
    std::string incidents;
    for (const fleet_figures& f : r.incidents) incidents += (incidents.empty() ? "" : ",") + figures_json(f).text();
    policies += (policies.empty() ? "" : ",") + json_object().add("policy", r.policy).add_raw("incidents", "[" + incidents + "]").text();
  }
  json_object o;
  o.add("clients", s.clients).add("seed", seed).add_raw("events", "[" + events + "]").add("goal_ms", milliseconds(fleet_goal)).add("peak_goal", fleet_peak_goal);
  return o.add_raw("policies", "[" + policies + "]").text();
}

}  // namespace tharsis::stn
