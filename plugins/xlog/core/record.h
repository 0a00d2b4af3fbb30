// One line of log as xlog keeps it.
#pragma once
#include <cstdint>
#include <string>

#include "sdk/abi/log.h"

namespace tharsis::xlog {

struct record {
  int64_t wall = 0;                   // Nanoseconds since 1970 UTC.
  uint32_t level = THARSIS_LOG_INFO;  // Below THARSIS_LOG_OFF.
  uint64_t thread = 0;
  std::string plugin;
  std::string text;
};

}  // namespace tharsis::xlog
