// Values of options as most commands take them, for option_words.
#pragma once
#include <cstdint>
#include <string>

#include "sdk/pure/option_words.h"
#include "sdk/pure/units.h"

namespace tharsis {

// A whole number within both limits.
template <class Number>
option_words::taker take_whole(Number& to, int64_t least, int64_t most) {
  return [&to, least, most](const std::string& text) -> std::string {
    const auto number = parse_integer(text);
    if (!number || *number < least || *number > most) return "is no whole number from " + std::to_string(least) + " to " + std::to_string(most);
    to = static_cast<Number>(*number);
    return {};
  };
}

// A time, not nothing.
inline option_words::taker take_wait(duration& to) {
  return [&to](const std::string& text) -> std::string {
    const auto time = parse_duration(text);
    if (!time || *time <= duration::zero()) return "is no time like 500ms, 10s or 2m";
    to = *time;
    return {};
  };
}

}  // namespace tharsis
