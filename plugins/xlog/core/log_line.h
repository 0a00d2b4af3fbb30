// One line as a reader of files finds it, not yet put into words. What it points to is good until the reader goes on.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "plugins/xlog/core/cells.h"
#include "plugins/xlog/core/record.h"
#include "plugins/xlog/core/site.h"
#include "plugins/xlog/core/site_format.h"

namespace tharsis::xlog {

struct log_line {
  int64_t wall = 0;  // Nanoseconds since 1970 UTC.
  uint64_t thread = 0;
  uint32_t level = THARSIS_LOG_INFO;
  bool recorded = false;  // It waited for an error to come, and may be older than what was before.
  // Where it is from, and its arguments; null: it is `said`.
  const site* of = nullptr;
  const site_format* format = nullptr;
  cells values;
  const record* said = nullptr;

  std::string_view plugin() const { return of != nullptr ? of->plugin : said->plugin; }
  std::string_view tag() const { return of != nullptr ? of->tag : said->tag; }
  std::string_view file() const { return of != nullptr ? of->file : said->file; }
  uint32_t line() const { return of != nullptr ? of->line : said->line; }
  void append_text(byte_sink& to) const { of != nullptr ? format->append_text(to, values) : append(to, said->text); }
};

// With all that it has in strings of its own.
record record_of(const log_line& l);

}  // namespace tharsis::xlog
