// A server that has several connections of one client may send a push by each of them, and the application is to get it once.
//
// Pushes have no name on the wire, so they are known by their bytes: what is the same comes as often as the connection that
// brought it most often. It is a twin only where both connections were there when it came first. One that was made later may
// bring the same again, and that is another push: the server knew nothing of it before.
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
  // Is it for the application? `connection`: has brought it, any number that no other one has; it was made then.
  [[nodiscard]] bool is_new(uint64_t connection, instant made_at, uint32_t command, std::string_view body, instant now) {
    while (!known_.empty() && (later(known_.front().first_at, remembered) <= now || known_.size() > known_max)) known_.pop_front();
    const size_t hash = std::hash<std::string_view>()(body) ^ (size_t{command} * 0x9E3779B97F4A7C15u);
    auto same = std::find_if(known_.begin(), known_.end(), [&](const one& k) { return k.hash == hash; });
    if (same == known_.end()) same = known_.insert(known_.end(), one{hash, now, now, 0, {}});
    auto by = std::find_if(same->brought.begin(), same->brought.end(), [&](const auto& b) { return b.first == connection; });
    if (by == same->brought.end()) by = same->brought.insert(by, {connection, made_at > same->last_at ? same->given : 0u});
    if (++by->second <= same->given) return false;
    ++same->given;
    same->last_at = now;
    return true;
  }

 private:
  struct one {
    size_t hash;
    instant first_at, last_at;  // When the application was given it.
    unsigned given;             // So often.
    std::vector<std::pair<uint64_t, unsigned>> brought;
  };
  // A lost packet holds a connection up for seconds, a weak one for half a minute.
  static constexpr duration remembered = 30s;
  static constexpr size_t known_max = 256;

  std::deque<one> known_;
};

}  // namespace tharsis::stn
