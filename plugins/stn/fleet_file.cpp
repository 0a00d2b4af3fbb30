#include "plugins/stn/fleet_file.h"

#include <algorithm>

#include "sdk/pure/nearest.h"

namespace tharsis::stn {
namespace {

constexpr const char* top = "scenario.";

fleet_group read_group(const host& from, const std::string& name) {
  const std::string at = top + ("groups." + name + '.');
  fleet_group g;
  g.name = name;
  g.servers = from.whole(at + "servers", g.servers);
  g.rate = from.whole(at + "rate", g.rate);
  g.queue = from.whole(at + "queue", g.queue);
  g.answer = from.wait(at + "answer", g.answer);
  return g;
}

fleet_deed deed_of(const std::string& word) {
  for (const fleet_deed d : {fleet_deed::vanish, fleet_deed::refuse, fleet_deed::slow, fleet_deed::drain, fleet_deed::recover})
    if (word == deed_word(d)) return d;
  return fleet_deed::fail;
}

result<fleet_event> read_event(const host& from, const std::string& at, const std::vector<std::string>& groups) {
  fleet_event e;
  for (const char* const key : {"at", "group", "does"})
    if (from.where(at + key).empty())
      return error{THARSIS_E_INVALID, from.where(at.substr(0, at.size() - 1)) + ": '" + key + "' is missing; an event has at, group and does"};
  e.at = from.wait(at + "at");
  e.deed = deed_of(from.text(at + "does"));
  e.servers = from.whole(at + "servers");
  e.factor = from.whole(at + "factor", e.factor);
  e.over = from.wait(at + "over", e.over);
  const std::string name = from.text(at + "group");
  const auto found = std::find(groups.begin(), groups.end(), name);
  if (found != groups.end()) {
    e.group = static_cast<size_t>(found - groups.begin());
    return e;
  }
  const auto meant = nearest(name, groups);
  return error{THARSIS_E_INVALID, from.where(at + "group") + ": there is no group '" + name + "'" + (meant ? "; did you mean '" + *meant + "'?" : "")};
}

}  // namespace

result<fleet_scenario> read_fleet_scenario(const host& tables) {
  fleet_scenario s;
  const std::string at = top;
  s.clients = tables.whole(at + "clients", s.clients);
  s.length = tables.wait(at + "length", s.length);
  const auto groups = tables.keys(at + "groups");
  for (const std::string& name : groups) s.groups.push_back(read_group(tables, name));
  const std::string order = tables.text(at + "order");
  s.order = order == "fixed" ? fleet_order::fixed : order == "shuffled" ? fleet_order::shuffled : fleet_order::turn;
  s.foreground = tables.whole(at + "use.foreground", s.foreground);
  s.background = tables.whole(at + "use.background", s.background);
  s.tasks_foreground = tables.wait(at + "tasks.foreground", s.tasks_foreground);
  s.tasks_background = tables.wait(at + "tasks.background", s.tasks_background);
  s.tasks_idle = tables.wait(at + "tasks.idle", s.tasks_idle);
  s.round_trip_min = tables.wait(at + "round_trip.min", s.round_trip_min);
  s.round_trip_max = tables.wait(at + "round_trip.max", s.round_trip_max);
  uint32_t events = 0;
  if (tables.settings->count(tables.settings->self, "scenario.events", &events) != THARSIS_OK) events = 0;
  for (uint32_t i = 0; i < events; ++i) {
    auto e = read_event(tables, at + "events." + std::to_string(i) + '.', groups);
    if (!e) return e.failure();
    s.events.push_back(*e);
  }
  if (const scenario_mistake m = mistake_in(s); !m.text.empty()) return error{THARSIS_E_INVALID, tables.where(at + m.place) + ": " + m.text};
  return s;
}

}  // namespace tharsis::stn
