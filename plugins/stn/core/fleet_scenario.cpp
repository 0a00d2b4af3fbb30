#include "plugins/stn/core/fleet_scenario.h"

#include <algorithm>

namespace tharsis::stn {
namespace {

constexpr std::string_view deed_words[] = {"fail", "vanish", "refuse", "slow", "drain", "recover"};
constexpr std::string_view order_words[] = {"turn", "shuffled", "fixed"};

// In the largest unit that has no rest.
std::string time_text(duration d) {
  const int64_t n = d.count();
  if (n % 60'000'000'000 == 0 && n != 0) return std::to_string(n / 60'000'000'000) + "m";
  if (n % 1'000'000'000 == 0) return std::to_string(n / 1'000'000'000) + "s";
  if (n % 1'000'000 == 0) return std::to_string(n / 1'000'000) + "ms";
  return std::to_string(n) + "ns";
}

scenario_mistake mistake_in_event(const fleet_scenario& s, size_t i) {
  const fleet_event& e = s.events[i];
  const std::string place = "events." + std::to_string(i);
  if (e.group >= s.groups.size()) return {place + ".group", "there is no such group"};
  const fleet_group& g = s.groups[e.group];
  if (e.servers > g.servers)
    return {place + ".servers", "group '" + g.name + "' has " + std::to_string(g.servers) + " servers, not " + std::to_string(e.servers)};
  if (e.at >= s.length) return {place + ".at", "the scenario is over after " + time_text(s.length) + "; make it longer, or this sooner"};
  if (i > 0 && e.at < s.events[i - 1].at) return {place + ".at", "it comes before the event above it; write events in the order of their times"};
  return {};
}

}  // namespace

std::string_view deed_word(fleet_deed d) { return deed_words[static_cast<size_t>(d)]; }
std::string_view order_word(fleet_order o) { return order_words[static_cast<size_t>(o)]; }

fleet_scenario default_fleet_scenario() {
  fleet_scenario s;
  for (const char* const name : {"north", "east", "south"}) s.groups.push_back({name, 4});
  s.events = {{60s, 0, 0, fleet_deed::fail},
              {300s, 0, 0, fleet_deed::recover},
              {600s, 1, 0, fleet_deed::vanish},
              {1500s, 1, 0, fleet_deed::recover},
              {1800s, 2, 0, fleet_deed::drain, 10, 120s}};
  return s;
}

scenario_mistake mistake_in(const fleet_scenario& s) {
  if (s.groups.empty()) return {"groups", "there are no servers; write at least one group"};
  int64_t servers = 0;
  for (const fleet_group& g : s.groups) servers += g.servers;
  if (servers > static_cast<int64_t>(fleet_servers_max))
    return {"groups", "there are " + std::to_string(servers) + " servers, at most " + std::to_string(fleet_servers_max) + " are known to a client"};
  if (s.foreground + s.background > 100)
    return {"use.background", "with the " + std::to_string(s.foreground) + " % in the foreground this is more than 100 %"};
  if (s.round_trip_min > s.round_trip_max) return {"round_trip.max", "it is less than round_trip.min"};
  for (size_t i = 0; i < s.events.size(); ++i)
    if (auto m = mistake_in_event(s, i); !m.text.empty()) return m;
  return {};
}

std::string scenario_yaml(const fleet_scenario& s) {
  std::string text = "clients: " + std::to_string(s.clients) + "\nlength: " + time_text(s.length) + "\ngroups:\n";
  for (const fleet_group& g : s.groups)
    text += "  " + g.name + ": { servers: " + std::to_string(g.servers) + ", rate: " + std::to_string(g.rate) + ", queue: " +
            std::to_string(g.queue) + ", answer: " + time_text(g.answer) + " }\n";
  text += "order: " + std::string(order_word(s.order)) + "\n";
  text += "use: { foreground: " + std::to_string(s.foreground) + ", background: " + std::to_string(s.background) + " }\n";
  text += "tasks: { foreground: " + time_text(s.tasks_foreground) + ", background: " + time_text(s.tasks_background) + ", idle: " + time_text(s.tasks_idle) + " }\n";
  text += "round_trip: { min: " + time_text(s.round_trip_min) + ", max: " + time_text(s.round_trip_max) + " }\nevents:\n";
  for (const fleet_event& e : s.events) {
    text += "  - { at: " + time_text(e.at) + ", group: " + s.groups[e.group].name + ", does: " + std::string(deed_word(e.deed));
    if (e.servers > 0) text += ", servers: " + std::to_string(e.servers);
    if (e.deed == fleet_deed::slow) text += ", factor: " + std::to_string(e.factor);
    if (e.deed == fleet_deed::drain) text += ", over: " + time_text(e.over);
    text += " }\n";
  }
  return text;
}

}  // namespace tharsis::stn
