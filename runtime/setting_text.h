// Settings and their values as people and programs read them. A secret is never in it.
#pragma once
#include <cstdint>
#include <string>

#include "runtime/setting_value.h"

namespace tharsis::runtime {

std::string duration_text(int64_t nanoseconds);  // "1500ms", in the largest unit that loses nothing.
std::string real_text(double number);            // The shortest that is read back as the same number.
std::string size_text(int64_t bytes);            // "64KiB", likewise.

// On one line: "5s", "[a, b]", "{ key: value }", "(secret)".
std::string shown(const setting_value& value);

// As JSON: numbers and booleans as such, durations and sizes as written above, a secret as null.
std::string json_of(const setting_value& value);

// "duration, from 1s to 1h", "one of mars or plain", "list of endpoint, at least 1"
std::string type_text(const setting& described);

// "default", "profile", "environment", "--set"
std::string layer_name(const setting_origin& origin);

}  // namespace tharsis::runtime
