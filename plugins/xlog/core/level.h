// The levels' names and letters.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sdk/abi/log.h"

namespace tharsis::xlog {

inline constexpr size_t levels_count = THARSIS_LOG_OFF;

// As plugin.yaml's enum spells them; the last is no level of a line but the wish for none.
inline constexpr std::array<std::string_view, levels_count + 1> level_names = {"verbose", "debug", "info", "warning",
                                                                               "error",   "fatal", "off"};
inline constexpr std::string_view level_letters = "VDIWEF";

// On a terminal: faint, faint, plain, yellow, red, bold red.
inline constexpr std::array<std::string_view, levels_count> level_colours = {"\x1b[2m",  "\x1b[2m",  "",
                                                                             "\x1b[33m", "\x1b[31m", "\x1b[1;31m"};
inline constexpr std::string_view colours_end = "\x1b[0m";

constexpr std::optional<uint32_t> level_from_letter(char letter) {
  const size_t at = level_letters.find(letter);
  if (at == std::string_view::npos) return {};
  return static_cast<uint32_t>(at);
}

// "warning" or "W".
constexpr std::optional<uint32_t> level_from(std::string_view word) {
  if (word.size() == 1) return level_from_letter(word[0]);
  for (uint32_t i = 0; i < level_names.size(); ++i)
    if (level_names[i] == word) return i;
  return {};
}

}  // namespace tharsis::xlog
