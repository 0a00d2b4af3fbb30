// One place in a program that writes lines, as segments and files keep it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct site {
  uint32_t level = 0;  // Below THARSIS_LOG_OFF.
  uint32_t line = 0;
  std::string plugin;
  std::string tag;
  std::string file;
  std::string text;
  std::string codes;  // A letter an argument.

  bool operator==(const site&) const = default;
};

// As of lines that came as finished text.
inline site site_of_finished_text(uint32_t level, std::string_view plugin) { return {level, 0, std::string(plugin), {}, {}, "{}", "s"}; }
inline bool is_finished_text(const site& s) { return s == site_of_finished_text(s.level, s.plugin); }

struct site_entry {
  uint32_t number = 0;  // From 1.
  site value;
};

inline constexpr size_t arguments_max = 64;      // Of one site.
inline constexpr uint32_t sites_max = 1 << 20;   // Numbers are below.
inline constexpr size_t site_text_max = 64 << 10;  // Each of its texts.

// The bytes in a ring of one argument's fixed part; none: there is no such letter.
std::optional<size_t> fixed_bytes(char code);

// Of all of them; none: too many, or not all are letters that we know.
std::optional<size_t> fixed_bytes(std::string_view codes);

// Whether bytes follow the fixed parts.
constexpr bool is_text(char code) { return code == 's' || code == 'x'; }

// The entry as bytes, with its length in front: entries may follow each other.
void append_site(std::string& to, uint32_t number, const site& s);

// Takes one entry from the front. Whatever the bytes are; fields that a later version added are skipped.
result<site_entry> read_site(std::string_view& from);

}  // namespace tharsis::xlog
