// Which lines somebody wants to see.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/condition.h"
#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/core/record.h"
#include "sdk/pure/letters.h"

namespace tharsis::xlog {

// Levels as bits: bit n is level n.
inline constexpr uint32_t all_levels = (1u << THARSIS_LOG_OFF) - 1;
constexpr uint32_t levels_from(uint32_t least) { return all_levels & ~((1u << least) - 1); }

struct query {
  uint32_t levels = all_levels;
  std::vector<std::string> plugins;      // Any of them; empty: all.
  std::vector<std::string> tags;         // As plugins.
  std::vector<uint64_t> threads;         // As plugins.
  std::vector<condition> conditions;     // All of them hold.
  std::vector<std::string> texts;        // All of them are in the text.
  bool any_case = false;                 // Letters of the texts count as both, those of ASCII.
  int64_t since = std::numeric_limits<int64_t>::min();
  int64_t until = std::numeric_limits<int64_t>::max();  // Lines at this time are not wanted any more.

  // Whether lines of such a place in a program may be wanted.
  bool wants_origin(uint32_t of_level, std::string_view plugin, std::string_view tag) const {
    return (levels >> of_level & 1) != 0 && is_one_of(plugin, plugins) && is_one_of(tag, tags);
  }
  bool wants_time(int64_t wall) const { return wall >= since && wall < until; }
  bool wants_thread(uint64_t thread) const { return is_one_of(thread, threads); }
  bool wants_text(std::string_view text) const {
    return std::all_of(texts.begin(), texts.end(), [&](const std::string& t) { return holds(text, t); });
  }

  // A line whose fields are not known.
  bool wants(const record& r) const {
    return conditions.empty() && wants_origin(std::min<uint32_t>(r.level, THARSIS_LOG_FATAL), r.plugin, r.tag) && wants_time(r.wall) && wants_thread(r.thread) && wants_text(r.text);
  }

  // May a file of this name hold such a line? A file holds what was written on its day, or, where the clock was set
  // back a little, on the day before: lines of that time, some said in its first moments after midnight, and older
  // ones, that a dead process left or that waited for a disk. So only a file that is too old is left unread. Where days are
  // local ones, a file's may end half a day after that of UTC.
  bool may_be_in(const file_name& name) const { return name.day + 2 >= utc_day(since); }

 private:
  template <class T, class List>
  static bool is_one_of(const T& word, const List& any) {
    return any.empty() || std::find(any.begin(), any.end(), word) != any.end();
  }
  bool holds(std::string_view text, std::string_view part) const {
    if (!any_case) return text.find(part) != std::string_view::npos;
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) { return small_letter(a) == small_letter(b); }) != text.end();
  }
};

}  // namespace tharsis::xlog
