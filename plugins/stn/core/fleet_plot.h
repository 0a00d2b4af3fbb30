// A simulated fleet as a picture: who is connected, and how many come to the busiest server, over time. An SVG that needs
// nothing but itself, for light and dark.
#pragma once
#include "plugins/stn/core/fleet_report.h"

namespace tharsis::stn {

std::string fleet_svg(const fleet_scenario& s, const std::vector<fleet_result>& all);

}  // namespace tharsis::stn
