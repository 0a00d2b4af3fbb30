// What a server says about how long it keeps a connection.
#pragma once
#include <algorithm>
#include <charconv>
#include <string_view>

#include "sdk/pure/http1.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// Of "Keep-Alive: timeout=5, max=100" five seconds, less a second for what is under way when they are over;
// without it, or where it makes no sense, `otherwise`.
inline duration kept_for(const http1::field_list& fields, duration otherwise) {
  constexpr std::string_view name = "timeout=";
  constexpr int64_t most = 24 * 3600;
  std::string_view rest = http1::value_of(fields, "Keep-Alive");
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest = item.size() < rest.size() ? rest.substr(item.size() + 1) : std::string_view();
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (item.size() <= name.size() || !http1::same_name(item.substr(0, name.size()), name)) continue;
    int64_t seconds = 0;
    const auto [end, failure] = std::from_chars(item.data() + name.size(), item.data() + item.size(), seconds);
    if (failure != std::errc() || end != item.data() + item.size() || seconds < 0 || seconds > most) return otherwise;
    return std::min(otherwise, std::max(duration(std::chrono::seconds(seconds)) - 1s, duration::zero()));
  }
  return otherwise;
}

}  // namespace tharsis::stn
