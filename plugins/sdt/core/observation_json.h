// Observations as JSON and back: the part of a report from which it can be judged again. README.md has the schema.
#pragma once
#include <string>
#include <string_view>

#include "plugins/sdt/core/observation.h"
#include "sdk/pure/error.h"
#include "sdk/pure/json.h"

namespace tharsis::sdt {

// Grows with each change that an older reader would misunderstand.
inline constexpr std::string_view report_schema = "tharsis.sdt.report/1";

// A file that says more than this is no report of ours.
inline constexpr size_t report_bytes_max = 8u << 20;
inline constexpr size_t probes_max = 10000;

// The fields of a report that are observations: schema, session, target ... probes, timeline.
json_object observations_json(const observations& seen);

// Reads what observations_json() wrote, alone or within a whole report; verdicts are not read, they are judged anew.
// Errors say where: "probes[3] (tcp): 'mss' is a number, not a text".
result<observations> parse_observations(std::string_view json);

}  // namespace tharsis::sdt
