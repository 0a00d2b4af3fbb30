// One line of log as xlog keeps it.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "plugins/xlog/core/site.h"
#include "sdk/abi/log.h"

namespace tharsis::xlog {

struct record {
  int64_t wall = 0;                   // Nanoseconds since 1970 UTC.
  uint32_t level = THARSIS_LOG_INFO;  // Below THARSIS_LOG_OFF.
  uint64_t thread = 0;
  std::string plugin;
  std::string text;
  std::string tag;                    // Empty: none, as of all finished text.
  std::string file;                   // Where in the program; empty: not known.
  uint32_t line = 0;
};

// A line of a site's, put into words.
record record_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments);

// Its texts are those of `r`.
tharsis_log_record shown(const record& r);

}  // namespace tharsis::xlog
