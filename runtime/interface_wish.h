// What a manifest `wants`: an interface id, or a pattern in which one part is a star, "tharsis.stn.codec.*/1".
#pragma once
#include <string_view>

namespace tharsis::runtime {

inline bool is_pattern(std::string_view wish) { return wish.find('*') != std::string_view::npos; }

// What stands for the star of this wish in this id; empty where it does not fit.
inline std::string_view star_of(std::string_view wish, std::string_view id) {
  const size_t star = wish.find('*');
  if (star == std::string_view::npos || id.size() < wish.size() || !id.starts_with(wish.substr(0, star)) || !id.ends_with(wish.substr(star + 1)))
    return {};
  const std::string_view part = id.substr(star, id.size() - wish.size() + 1);
  return part.find_first_of("./*") == std::string_view::npos ? part : std::string_view();
}

inline bool meets(std::string_view wish, std::string_view id) { return wish == id || !star_of(wish, id).empty(); }

}  // namespace tharsis::runtime
