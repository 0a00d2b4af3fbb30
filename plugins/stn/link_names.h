// The names of the links, their numbers, and what callers are told of them at once, for every thread.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/stn/core/link_endpoint.h"

namespace tharsis::stn {

class link_names {
 public:
  struct entry {
    std::string name;
    size_t number;
    endpoint_terms terms;
  };
  using list = std::vector<entry>;
  static constexpr size_t none = SIZE_MAX;

  link_names() { show({}); }
  link_names(const link_names&) = delete;

  // The number of the link that has this name now, or none. [any thread] [does not block]
  size_t find(std::string_view name) const {
    const entry* const found = look(name);
    return found != nullptr ? found->number : none;
  }
  // The same; null: there is none. It stays as it was then.
  const entry* look(std::string_view name) const {
    for (const entry& e : *now_.load(std::memory_order_acquire))
      if (e.name == name) return &e;
    return nullptr;
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
