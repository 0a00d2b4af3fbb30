// A server that has several connections of one client may send a push by each of them: the application gets it once. What
// is the same comes as often as the connection that brought it most often.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class push_twins {
 public:
  // Is it for the application? `connection`: any number that names the one that has brought it.
  [[nodiscard]] bool is_new(uint32_t connection, uint32_t command, std::string_view body, instant now) {
    while (!known_.empty() && (later(known_.front().at, remembered) <= now || known_.size() > known_max)) known_.pop_front();
    const size_t hash = std::hash<std::string_view>()(body) ^ (size_t{command} * 0x9E3779B97F4A7C15u);
    auto same = std::find_if(known_.begin(), known_.end(), [&](const one& k) { return k.hash == hash; });
    if (same == known_.end()) same = known_.insert(known_.end(), one{hash, now, 0, {}});
    auto by = std::find_if(same->brought.begin(), same->brought.end(), [&](const auto& b) { return b.first == connection; });
    if (by == same->brought.end()) by = same->brought.insert(by, {connection, 0u});
    if (++by->second <= same->given) return false;
    ++same->given;
    return true;
  }

 private:
  struct one {
    size_t hash;
    instant at;
    unsigned given;  // To the application, so often.
    std::vector<std::pair<uint32_t, unsigned>> brought;
  };
  // A lost packet holds a connection up for seconds, a weak one for half a minute.
  static constexpr duration remembered = 30s;
  static constexpr size_t known_max = 256;

  std::deque<one> known_;
};

}  // namespace tharsis::stn
