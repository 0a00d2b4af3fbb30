// The names of segments: <name>.<pid>-<start>.ring, or <name>.<pid>-<start>-<number>.ring for a second one of the same process;
// one that is being made has .new behind it. Nothing else in a folder of logs is ours to open, rename or delete.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "plugins/xlog/core/file_name.h"

namespace tharsis::xlog {

inline constexpr std::string_view segment_ending = ".ring", unfinished_segment_ending = ".ring.new";

// `ending`: one of the two.
inline bool is_segment_name(std::string_view text, std::string_view ending) {
  if (!text.ends_with(ending)) return false;
  text.remove_suffix(ending.size());
  const size_t dot = std::min(text.find('.'), text.size());
  if (!is_log_name(text.substr(0, dot))) return false;
  int numbers = 0;
  for (bool more = dot < text.size(); more; ++numbers) {
    text.remove_prefix(numbers == 0 ? dot + 1 : 0);
    const std::string_view number = text.substr(0, text.find('-'));
    if (number.empty() || number.find_first_not_of("0123456789") != number.npos) return false;
    more = number.size() < text.size();
    text.remove_prefix(number.size() + (more ? 1 : 0));
  }
  return numbers == 2 || numbers == 3;
}

}  // namespace tharsis::xlog
