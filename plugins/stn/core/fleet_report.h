// What a simulated fleet has shown: figures of each incident under each policy, as a table, as JSON and as a plot.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/fleet_run.h"

namespace tharsis::stn {

// In so long 95 % of the clients shall be back; an even spread is one over this time, and over the servers that are left.
inline constexpr duration fleet_goal = 60s;
// So many times the rate of an even spread the busiest server may see in its worst second.
inline constexpr double fleet_peak_goal = 1.5;

struct fleet_figures {
  size_t event = 0;  // Of the scenario.
  int64_t affected = 0, noticed = 0, back = 0;
  std::optional<duration> noticed_p50, noticed_p95;        // After the incident.
  std::optional<duration> back_p50, back_p95, back_max;    // After noticing, of those that are back.
  int64_t peak = 0;      // Connections that came to one server in one second, until the next incident.
  double even = 0;       // As many as an even spread would bring.
  double peak_ratio() const { return even > 0 ? static_cast<double>(peak) / even : 0; }
  // 95 % of those that noticed are back, and soon enough; and no server saw too many.
  bool met() const;
};

struct fleet_result {
  std::string policy;
  std::vector<fleet_figures> incidents;
  std::vector<float> connected;  // By second: the share of clients that is on a working server.
  std::vector<float> busiest;    // By second: connections that came to the server to which most came.
};

fleet_result fleet_result_of(const std::string& policy, const fleet_run& run);

std::string fleet_table(const fleet_scenario& s, const std::vector<fleet_result>& all, bool colours);
// One object.
std::string fleet_json(const fleet_scenario& s, uint64_t seed, const std::vector<fleet_result>& all);

// "60s: north fails (4 servers)".
std::string incident_words(const fleet_scenario& s, size_t event);

}  // namespace tharsis::stn
