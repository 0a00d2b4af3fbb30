// A record as one JSON object, for other programs: valid, whatever its bytes are.
#pragma once
#include <span>
#include <string>

#include "plugins/xlog/core/record.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

// Without a newline. Values in the text stand in "fields" by name, or by their number from 0; a name that comes again
// gets a number behind it: n, n_2. Durations and times are nanoseconds, bytes hexadecimal, and what JSON has no number
// for ("nan", "inf") is text; null is what no log may hold.
std::string json_line(const record& r, const site& of, std::span<const uint8_t> arguments);
// Its fields alone, as one object.
std::string json_fields(const site& of, std::span<const uint8_t> arguments);
// Of finished text: without fields.
std::string json_line(const record& r);

}  // namespace tharsis::xlog
