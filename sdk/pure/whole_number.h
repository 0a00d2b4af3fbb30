// A text that is one whole number and nothing else, as files and protocols write them: no sign where Number has
// none, no spaces, in range. For what people type, with a sentence: parse_integer() of units.h.
#pragma once
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace tharsis {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace tharsis
