// The names of the links and their numbers, for every thread.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tharsis::stn {

class link_names {
 public:
  using list = std::vector<std::pair<std::string, size_t>>;
  static constexpr size_t none = SIZE_MAX;

  link_names() { show({}); }
  link_names(const link_names&) = delete;

  // The number of the link that has this name now, or none. [any thread] [does not block]
  size_t find(std::string_view name) const {
    for (const auto& [known, number] : *now_.load(std::memory_order_acquire))
      if (known == name) return number;
    return none;
  }

  // These are all, from now on. [own strand]
  void show(list l) {
    shown_.push_back(std::make_unique<const list>(std::move(l)));
    now_.store(shown_.back().get(), std::memory_order_release);
  }

 private:
  // Each stays until the end, because somebody may be reading it: links come and go with profiles, which are rare.
  std::vector<std::unique_ptr<const list>> shown_;
  std::atomic<const list*> now_;
};

}  // namespace tharsis::stn
