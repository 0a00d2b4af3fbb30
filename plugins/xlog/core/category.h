// What settings name lines by: a plugin, "stn", or a plugin's lines with a tag, "stn/dialer". The most special word counts.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace tharsis::xlog {

template <class T>
using by_category = std::map<std::string, T, std::less<>>;

inline std::string category_name(std::string_view plugin, std::string_view tag) {
  return tag.empty() ? std::string(plugin) : std::string(plugin) + "/" + std::string(tag);
}

// False: no line can be meant.
inline bool is_category(std::string_view name) {
  const size_t slash = name.find('/');
  return !name.empty() && slash != 0 && (slash == std::string_view::npos || (slash + 1 < name.size() && name.find('/', slash + 1) == std::string_view::npos));
}

template <class T>
const T& most_special(const by_category<T>& special, std::string_view plugin, std::string_view tag, const T& common) {
  if (special.empty()) return common;
  if (!tag.empty())
    if (const auto found = special.find(category_name(plugin, tag)); found != special.end()) return found->second;
  const auto found = special.find(plugin);
  return found != special.end() ? found->second : common;
}

}  // namespace tharsis::xlog
