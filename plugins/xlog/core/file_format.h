// What the bytes of log files are.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tharsis::xlog {

enum class file_format : uint8_t {
  xlog,  // Frames; FORMAT.md has the bytes.
  mars,  // Records that Mars' decoders read.
  text,  // core/line.h
  json,  // core/json_line.h
};

// As plugin.yaml's enum spells them, and how files' names end.
inline constexpr std::array<std::string_view, 4> format_names = {"xlog", "mars", "text", "json"};
inline constexpr std::array<std::string_view, 4> format_endings = {".tlog", ".xlog", ".log", ".jsonl"};

constexpr std::string_view ending_of(file_format f) { return format_endings[static_cast<size_t>(f)]; }

constexpr std::optional<file_format> format_of_ending(std::string_view ending) {
  for (size_t i = 0; i < format_endings.size(); ++i)
    if (format_endings[i] == ending) return static_cast<file_format>(i);
  return {};
}
constexpr std::optional<file_format> format_from(std::string_view word) {
  for (size_t i = 0; i < format_names.size(); ++i)
    if (format_names[i] == word) return static_cast<file_format>(i);
  return {};
}

}  // namespace tharsis::xlog
