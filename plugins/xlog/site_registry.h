// The numbers of the places that write lines, for one sink. A place has its number, and whoever comes after our death
// knows it, before its first line.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "plugins/xlog/core/site.h"
#include "sdk/abi/log.h"

namespace tharsis::xlog {

class site_registry {
 public:
  // Keeps an entry of append_site() for whoever comes after us; false: there is no room for it.
  using keep = std::function<bool(const std::string& entry)>;

  explicit site_registry(keep k) : keep_(std::move(k)) {}
  site_registry(const site_registry&) = delete;

  // From 1; 0: there is no room for more. [any thread]
  uint32_t number_of(const site& s) {
    const std::lock_guard lock(mutex_);
    const key k{s.plugin, s.tag, s.text, s.codes, s.file, s.level, s.line};
    if (const auto known = numbers_.find(k); known != numbers_.end()) return known->second;
    const auto number = static_cast<uint32_t>(sites_.size() + 1);
    std::string entry;
    append_site(entry, number, s);
    if (number >= sites_max || !keep_(entry)) return 0;
    sites_.push_back(s);
    numbers_.emplace(k, number);
    return number;
  }

  // Of a number that was given. [any thread]
  uint32_t level_of(uint32_t number) const {
    const std::lock_guard lock(mutex_);
    return number == 0 || number > sites_.size() ? static_cast<uint32_t>(THARSIS_LOG_FATAL) : sites_[number - 1].level;
  }

  // Those from `first` on, in the order of their numbers. [any thread]
  std::vector<site> from(uint32_t first) const {
    const std::lock_guard lock(mutex_);
    return first > sites_.size() ? std::vector<site>() : std::vector<site>(sites_.begin() + first - 1, sites_.end());
  }

 private:
  using key = std::tuple<std::string, std::string, std::string, std::string, std::string, uint32_t, uint32_t>;

  const keep keep_;
  mutable std::mutex mutex_;
  std::map<key, uint32_t> numbers_;
  std::vector<site> sites_;
};

}  // namespace tharsis::xlog
