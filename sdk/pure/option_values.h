// Values of options as most commands take them, for option_words.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sdk/pure/option_words.h"
#include "sdk/pure/units.h"

namespace tharsis {

// Any text, the empty one too.
inline option_words::taker take_text(std::optional<std::string>& to) {
  return [&to](const std::string& text) { return to = text, std::string(); };
}

// The name of a file.
template <class Text>
option_words::taker take_file(Text& to) {
  return [&to](const std::string& text) -> std::string {
    if (text.empty()) return "is no file's name";
    to = text;
    return {};
  };
}

// A whole number within both limits.
template <class Number>
option_words::taker take_whole(Number& to, int64_t least, int64_t most) {
  return [&to, least, most](const std::string& text) -> std::string {
    const auto number = parse_integer(text);
    if (!number || *number < least || *number > most) return "is no whole number from " + std::to_string(least) + " to " + std::to_string(most);
    if constexpr (requires { typename Number::value_type; })
      to = static_cast<typename Number::value_type>(*number);
    else
      to = static_cast<Number>(*number);
    return {};
  };
}

// One from a millisecond to a day: how long a person would have something tried.
inline option_words::taker take_patience(duration& to) {
  return [&to](const std::string& text) -> std::string {
    const auto time = parse_duration(text);
    if (!time || *time < 1ms || *time > 24h) return "is no time from 1ms to 1d, like 15s";
    to = *time;
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
