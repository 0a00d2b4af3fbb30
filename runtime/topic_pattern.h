// Topic patterns: "stn.link" is itself, "stn.*" has one more part, "**" is everything that follows.
#pragma once
#include <string_view>

namespace tharsis::runtime {

constexpr bool topic_matches(std::string_view pattern, std::string_view name) {
  for (;;) {
    if (pattern == "**") return true;
    const size_t p = pattern.find('.'), n = name.find('.');
    const std::string_view part = pattern.substr(0, p);
    if (part != "*" && part != name.substr(0, n)) return false;
    if (p == std::string_view::npos || n == std::string_view::npos) return p == n;
    pattern.remove_prefix(p + 1);
    name.remove_prefix(n + 1);
  }
}

}  // namespace tharsis::runtime
