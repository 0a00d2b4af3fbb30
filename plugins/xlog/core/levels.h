// Which lines are kept: by default, of a plugin, and of a plugin's tag; the most special word counts.
#pragma once
#include <cstdint>
#include <string_view>

#include "plugins/xlog/core/category.h"
#include "sdk/abi/log.h"

namespace tharsis::xlog {

struct levels {
  uint32_t common = THARSIS_LOG_INFO;
  by_category<uint32_t> special;

  uint32_t of(std::string_view plugin, std::string_view tag) const { return most_special(special, plugin, tag, common); }
  // Of all that are kept, so that whoever asks for one number loses nothing.
  uint32_t lowest() const {
    uint32_t least = common;
    for (const auto& [name, level] : special) least = level < least ? level : least;
    return least;
  }

  bool operator==(const levels&) const = default;
};

}  // namespace tharsis::xlog
