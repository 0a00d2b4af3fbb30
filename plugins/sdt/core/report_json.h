// A report as one line of JSON; report.schema.json says how it looks. It can be judged again: parse_observations().
#pragma once
#include <string>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

std::string render_json(const report& r);

}  // namespace tharsis::sdt
