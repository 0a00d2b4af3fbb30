// What becomes of a line, by whose it is and how severe.
#pragma once
#include <algorithm>

#include "plugins/xlog/core/full_policy.h"
#include "plugins/xlog/core/levels.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

enum class line_fate : uint8_t {
  written,
  alarm,     // Written, and so is what was recorded before it.
  recorded,  // Written when an alarm comes, if it is still there.
};

struct line_rules {
  levels kept;                         // What is less severe is not kept.
  levels flight{THARSIS_LOG_OFF, {}};  // But recorded, down to this, and written when an error comes.
  full_policy full;

  // What is less severe need not be said.
  uint32_t wanted(std::string_view plugin, std::string_view tag) const { return std::min(kept.of(plugin, tag), flight.of(plugin, tag)); }
  uint32_t lowest() const { return std::min(kept.lowest(), flight.lowest()); }
  line_fate fate_of(const site& s) const {
    // What nobody wanted came only because rules have changed meanwhile: it is written.
    if (s.level < kept.of(s.plugin, s.tag) && s.level >= flight.of(s.plugin, s.tag)) return line_fate::recorded;
    return s.level >= THARSIS_LOG_ERROR ? line_fate::alarm : line_fate::written;
  }
};

}  // namespace tharsis::xlog
