// What becomes of lines that find no room, by the numbers of their places: how long they wait, and how many were lost.
// Read and counted without a lock and without memory, since a signal handler may do so wherever its thread was.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "plugins/xlog/core/site.h"
#include "sdk/abi/log.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

class site_fates {
 public:
  site_fates() = default;
  site_fates(const site_fates&) = delete;
  ~site_fates() {
    for (auto& g : groups_) delete g.load(std::memory_order_relaxed);
  }

  // The place with the next number, from 1. [one thread at a time]
  void add(uint32_t level, duration wait) {
    const uint32_t number = last_.load(std::memory_order_relaxed) + 1;
    auto& g = groups_[number / group_size];
    if (g.load(std::memory_order_relaxed) == nullptr) g.store(new group, std::memory_order_relaxed);
    fate& f = (*g.load(std::memory_order_relaxed))[number % group_size];
    f.wait.store(wait.count(), std::memory_order_relaxed);
    f.level.store(level, std::memory_order_relaxed);
    last_.store(number, std::memory_order_release);
  }

  void set_wait(uint32_t number, duration wait) {
    if (fate* const f = find(number)) f->wait.store(wait.count(), std::memory_order_relaxed);
  }
  duration wait_of(uint32_t number) const {
    const fate* const f = find(number);
    return f != nullptr ? duration(f->wait.load(std::memory_order_relaxed)) : duration();
  }

  uint32_t level_of(uint32_t number) const {
    const fate* const f = find(number);
    return f != nullptr ? f->level.load(std::memory_order_relaxed) : uint32_t{THARSIS_LOG_INFO};
  }

  // What has no place counts as number 0.
  void count_lost(uint32_t number) {
    fate* const f = find(number);
    (f != nullptr ? f->lost : unplaced_).fetch_add(1, std::memory_order_relaxed);
    any_lost_.store(true, std::memory_order_release);
  }
  // False: nothing was lost since the last call. Before take_lost().
  bool see_losses() { return any_lost_.exchange(false, std::memory_order_acquire); }
  uint64_t take_lost(uint32_t number) {
    fate* const f = find(number);
    return (f != nullptr ? f->lost : unplaced_).exchange(0, std::memory_order_relaxed);
  }

 private:
  static constexpr uint32_t group_size = 1024;
  struct fate {
    std::atomic<int64_t> wait{0};
    std::atomic<uint32_t> level{0};
    std::atomic<uint64_t> lost{0};
  };
  using group = std::array<fate, group_size>;

  fate* find(uint32_t number) const {
    if (number == 0 || number > last_.load(std::memory_order_acquire)) return nullptr;
    return &(*groups_[number / group_size].load(std::memory_order_relaxed))[number % group_size];
  }

  std::array<std::atomic<group*>, sites_max / group_size> groups_{};
  std::atomic<uint32_t> last_{0};
  std::atomic<uint64_t> unplaced_{0};
  std::atomic<bool> any_lost_{false};
};

}  // namespace tharsis::xlog
