// What `tharsis stn send` prints.
#pragma once
#include <optional>
#include <string>

#include "plugins/stn/core/link_totals.h"
#include "plugins/stn/core/send_schedule.h"

namespace tharsis::stn {

// One object; times are whole microseconds, null when nothing was answered. `sha256` in hexadecimal.
std::string report_json(const send_report& r, const link_totals& moved, const std::optional<std::string>& sha256);

// The same for a person, three lines.
std::string report_table(const send_report& r, const link_totals& moved);

}  // namespace tharsis::stn
