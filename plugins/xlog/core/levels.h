// Which lines are kept: by default, of a plugin, and of a plugin's tag; the most special word counts.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sdk/abi/log.h"

namespace tharsis::xlog {

struct levels {
  uint32_t common = THARSIS_LOG_INFO;
  std::map<std::string, uint32_t, std::less<>> special;  // "stn", or "stn/dialer" with a tag.

  uint32_t of(std::string_view plugin, std::string_view tag) const {
    if (special.empty()) return common;
    if (!tag.empty())
      if (const auto found = special.find(std::string(plugin) + "/" + std::string(tag)); found != special.end()) return found->second;
    const auto found = special.find(plugin);
    return found != special.end() ? found->second : common;
  }
  // Of all that are kept, so that whoever asks for one number loses nothing.
  uint32_t lowest() const {
    uint32_t least = common;
    for (const auto& [name, level] : special) least = level < least ? level : least;
    return least;
  }

  bool operator==(const levels&) const = default;
};

}  // namespace tharsis::xlog
