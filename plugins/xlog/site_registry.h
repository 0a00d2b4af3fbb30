// The numbers of the places that write lines, for one sink. A place has its number, and whoever comes after our death
// knows it, before its first line.
//
// Finished text has a place for each plugin and level. Where there is none, because no more can be kept or because a
// signal handler that may not wait asks for it, it goes to the common place of its level, with the plugin's name in its
// text: those are there from the start.
#pragma once
#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "plugins/xlog/core/line_rules.h"
#include "plugins/xlog/core/site.h"
#include "plugins/xlog/held.h"
#include "plugins/xlog/losses.h"
#include "plugins/xlog/site_fates.h"
#include "sdk/abi/log.h"

namespace tharsis::xlog {

class site_registry {
 public:
  // Keeps an entry of append_site() for whoever comes after us; false: there is no room for it.
  using keep = std::function<bool(const std::string& entry)>;

  explicit site_registry(keep k) : keep_(std::move(k)) {
    for (uint32_t level = 0; level < THARSIS_LOG_OFF; ++level) common_[level] = number_of(common_text_site(level));
  }
  site_registry(const site_registry&) = delete;

  // From 1; 0: there is no room for more, or a signal interrupted this thread in here. [any thread]
  uint32_t number_of(const site& s) {
    if (held::by_this_thread(mutex_)) return 0;
    const held lock(mutex_);
    const key k{s.plugin, s.tag, s.text, s.codes, s.file, s.level, s.line};
    if (const auto known = numbers_.find(k); known != numbers_.end()) return known->second;
    const auto number = static_cast<uint32_t>(sites_.size() + 1);
    std::string entry;
    append_site(entry, number, s);
    if (number >= sites_max || !keep_(entry)) return 0;
    sites_.push_back(s);
    fates_.add(s.level, rules_.full.wait_of(s.plugin, s.tag, s.level));
    numbers_.emplace(k, number);
    if (is_finished_text(s)) remember_text_place(s, number);
    return number;
  }

  struct text_place {
    uint32_t number = 0;  // 0: there is none at all.
    bool common = false;  // The plugin's name is to be the first argument.
  };
  // For finished text of this plugin. [any thread]
  text_place text_place_of(std::string_view plugin, uint32_t level) {
    if (const uint32_t known = known_text_place(plugin, level); known != 0) return {known, false};
    if (const uint32_t made = number_of(site_of_finished_text(level, plugin)); made != 0) return {made, false};
    return {common_[level], true};
  }
  // Without a lock and without memory. [any thread]
  text_place text_place_at_once(std::string_view plugin, uint32_t level) const {
    const uint32_t known = known_text_place(plugin, level);
    return known != 0 ? text_place{known, false} : text_place{common_[level], true};
  }

  // What becomes of lines from now on. [any thread]
  void set_rules(const line_rules& r) {
    const held lock(mutex_);
    rules_ = r;
    ++rules_turn_;
    for (uint32_t i = 0; i < sites_.size(); ++i) fates_.set_wait(i + 1, r.full.wait_of(sites_[i].plugin, sites_[i].tag, sites_[i].level));
  }
  // How long a line of this site waits then; zero: not at all. [any thread]
  duration wait_of(uint32_t number) const { return fates_.wait_of(number); }
  // [any thread]
  uint32_t level_of(uint32_t number) const { return fates_.level_of(number); }
  // A line of this site was dropped; 0: one of finished text that has none. [any thread]
  void count_lost(uint32_t number) { fates_.count_lost(number); }
  // Since the last call. [any thread]
  loss_counts take_lost() {
    loss_counts lost;
    if (!fates_.see_losses()) return lost;
    const held lock(mutex_);
    for (uint32_t i = 0; i < sites_.size(); ++i)
      if (const uint64_t count = fates_.take_lost(i + 1); count > 0) lost[{category_name(sites_[i].plugin, sites_[i].tag), sites_[i].level}] += count;
    if (const uint64_t count = fates_.take_lost(0); count > 0) lost[{"xlog", THARSIS_LOG_INFO}] += count;
    return lost;
  }

  // False: they are those of this turn still. [any thread]
  bool see_rules(uint32_t& turn, line_rules& to) const {
    const held lock(mutex_);
    if (turn == rules_turn_) return false;
    turn = rules_turn_;
    to = rules_;
    return true;
  }

  // Those from `first` on, in the order of their numbers. [any thread]
  std::vector<site> from(uint32_t first) const {
    const held lock(mutex_);
    return first > sites_.size() ? std::vector<site>() : std::vector<site>(sites_.begin() + first - 1, sites_.end());
  }

 private:
  using key = std::tuple<std::string, std::string, std::string, std::string, std::string, uint32_t, uint32_t>;

  struct plugin_texts {
    explicit plugin_texts(std::string_view p, plugin_texts* n) : plugin(p), next(n) {}
    const std::string plugin;
    plugin_texts* const next;
    std::array<std::atomic<uint32_t>, THARSIS_LOG_OFF> numbers{};  // By level.
  };

  static site common_text_site(uint32_t level) { return {level, 0, "xlog", {}, {}, "{}: {}", "ss"}; }

  plugin_texts* find_texts(std::string_view plugin) const {
    plugin_texts* t = last_texts_.load(std::memory_order_acquire);
    while (t != nullptr && t->plugin != plugin) t = t->next;
    return t;
  }
  uint32_t known_text_place(std::string_view plugin, uint32_t level) const {
    const plugin_texts* const t = find_texts(plugin);
    return t != nullptr ? t->numbers[level].load(std::memory_order_acquire) : 0;
  }
  // [mutex held]
  void remember_text_place(const site& s, uint32_t number) {
    plugin_texts* t = find_texts(s.plugin);
    if (t == nullptr) last_texts_.store(t = &texts_.emplace_back(s.plugin, last_texts_.load()), std::memory_order_release);
    t->numbers[s.level].store(number, std::memory_order_release);
  }

  const keep keep_;
  mutable std::mutex mutex_;
  std::map<key, uint32_t> numbers_;
  std::vector<site> sites_;
  line_rules rules_;
  uint32_t rules_turn_ = 0;
  site_fates fates_;
  std::deque<plugin_texts> texts_;                    // They never move.
  std::atomic<plugin_texts*> last_texts_{nullptr};    // The newest; each knows the one before it.
  std::array<uint32_t, THARSIS_LOG_OFF> common_{};    // Places of finished text, by level.
};

}  // namespace tharsis::xlog
