// The numbers of the places that write lines, for one sink. A place has its number, and whoever comes after our death
// knows it, before its first line.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "plugins/xlog/core/line_rules.h"
#include "plugins/xlog/core/site.h"
#include "plugins/xlog/losses.h"
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
    waits_.push_back(rules_.full.wait_of(s.plugin, s.tag, s.level));
    numbers_.emplace(k, number);
    return number;
  }

  // What becomes of lines from now on. [any thread]
  void set_rules(const line_rules& r) {
    const std::lock_guard lock(mutex_);
    rules_ = r;
    ++rules_turn_;
    for (size_t i = 0; i < sites_.size(); ++i) waits_[i] = r.full.wait_of(sites_[i].plugin, sites_[i].tag, sites_[i].level);
  }
  // How long a line of this site waits then; zero: not at all. [any thread]
  duration wait_of(uint32_t number) const {
    const std::lock_guard lock(mutex_);
    return number == 0 || number > waits_.size() ? rules_.full.common.wait : waits_[number - 1];
  }
  // A line of this site found its ring full and was dropped. [any thread]
  void count_lost(uint32_t number) {
    const std::lock_guard lock(mutex_);
    if (number == 0 || number > sites_.size()) return;
    const site& s = sites_[number - 1];
    ++lost_[{category_name(s.plugin, s.tag), s.level}];
  }
  // Such a line that has no number. [any thread]
  void count_lost(const std::string& plugin, uint32_t level) {
    const std::lock_guard lock(mutex_);
    ++lost_[{plugin, level}];
  }
  // Since the last call. [any thread]
  loss_counts take_lost() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lost_, {});
  }

  // False: they are those of this turn still. [any thread]
  bool see_rules(uint32_t& turn, line_rules& to) const {
    const std::lock_guard lock(mutex_);
    if (turn == rules_turn_) return false;
    turn = rules_turn_;
    to = rules_;
    return true;
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
  std::vector<duration> waits_;  // Of each of them.
  line_rules rules_;
  uint32_t rules_turn_ = 0;
  loss_counts lost_;
};

}  // namespace tharsis::xlog
