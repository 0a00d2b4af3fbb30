// Which lines somebody wants to see.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "plugins/xlog/core/file_name.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

struct query {
  uint32_t level = THARSIS_LOG_VERBOSE;  // And worse.
  std::vector<std::string> plugins;      // Any of them; empty: all.
  std::vector<std::string> tags;         // As plugins.
  std::vector<std::string> texts;        // All of them are in the text.
  int64_t since = std::numeric_limits<int64_t>::min();
  int64_t until = std::numeric_limits<int64_t>::max();  // Lines at this time are not wanted any more.

  bool wants(const record& r) const {
    return r.level >= level && r.wall >= since && r.wall < until &&
           is_one_of(r.plugin, plugins) && is_one_of(r.tag, tags) &&
           std::all_of(texts.begin(), texts.end(), [&](const std::string& t) { return r.text.find(t) != std::string::npos; });
  }

  // May a file of this name hold such a line? A file holds what was written on its day, or, where the clock was set
  // back a little, on the day before: lines of that time, some said in its first moments after midnight, and older
  // ones, that a dead process left or that waited for a disk. So only a file that is too old is left unread.
  bool may_be_in(const file_name& name) const { return name.day + 1 >= utc_day(since); }

 private:
  static bool is_one_of(const std::string& word, const std::vector<std::string>& any) {
    return any.empty() || std::find(any.begin(), any.end(), word) != any.end();
  }
};

}  // namespace tharsis::xlog
