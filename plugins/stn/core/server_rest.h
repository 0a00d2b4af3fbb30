// What a server that has too much to do has asked to be spared, and until when: commands of a link, hosts of HTTP. Each
// client waits a little longer than it was told, by chance, so that they do not come back together.
//
// Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "plugins/stn/core/overload_settings.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

template <class Key>
class server_rest {
 public:
  explicit server_rest(const rest_settings& s) : settings_(s) {}

  void change(const rest_settings& s) { settings_ = s; }

  // Until when; now where nobody is spared. `random`: any 64 bits.
  instant on_busy(const Key& what, duration told, uint64_t random, instant now) {
    if (!settings_.use || told <= duration::zero()) return now;
    const duration wait = std::min(told, settings_.most);
    const auto spread = static_cast<uint64_t>(std::max<int64_t>(wait.count() / 100 * settings_.jitter, 0));
    const instant until = later(now, wait + duration(static_cast<int64_t>(random % (spread + 1))));
    std::erase_if(all_, [&](const auto& e) { return e.second <= now; });
    const auto known = std::find_if(all_.begin(), all_.end(), [&](const auto& e) { return e.first == what; });
    if (known != all_.end()) return known->second = std::max(known->second, until);
    if (all_.size() == kept_max) all_.erase(std::min_element(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
    all_.emplace_back(what, until);
    return until;
  }
  // When it may be asked again; the past: now.
  instant until(const Key& what) const {
    const auto known = std::find_if(all_.begin(), all_.end(), [&](const auto& e) { return e.first == what; });
    return known == all_.end() ? instant{} : known->second;
  }
  // The network, or the server, is another one.
  void clear() { all_.clear(); }
  // The next time that something may be asked again.
  instant next(instant now) const {
    instant soonest = never;
    for (const auto& e : all_)
      if (e.second > now) soonest = std::min(soonest, e.second);
    return soonest;
  }

 private:
  static constexpr size_t kept_max = 64;  // A server that spares more is down.
  rest_settings settings_;
  std::vector<std::pair<Key, instant>> all_;
};

}  // namespace tharsis::stn
