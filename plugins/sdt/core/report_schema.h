// The JSON Schema (2020-12) of a report, made of the same fields that reader and writer walk over.
#pragma once
#include <string>

namespace tharsis::sdt {

// With line ends, as report.schema.json has it.
std::string report_schema_text();

}  // namespace tharsis::sdt
