// What becomes of a line that finds its ring full: it waits, or it is dropped at once. By category and level.
#pragma once
#include <string_view>

#include "plugins/xlog/core/category.h"
#include "sdk/abi/log.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

struct full_rule {
  uint32_t drop_below = THARSIS_LOG_VERBOSE;  // Lines less severe than this are dropped at once.
  duration wait{};                            // So long the others wait; then they are dropped too.

  bool operator==(const full_rule&) const = default;
};

struct full_policy {
  full_rule common;
  by_category<full_rule> special;

  duration wait_of(std::string_view plugin, std::string_view tag, uint32_t level) const {
    const full_rule& rule = most_special(special, plugin, tag, common);
    return level < rule.drop_below ? duration() : rule.wait;
  }

  bool operator==(const full_policy&) const = default;
};

// The longest time that a line may be told to wait.
inline constexpr duration full_wait_max = 60s;

// "drop", "wait 200ms", "drop below warning", or the last two with a comma between. What says nothing of waiting waits
// `common`. The failure says which word is wrong, where in the text, and what may stand there.
result<full_rule> parse_full_rule(std::string_view text, duration common);

}  // namespace tharsis::xlog
