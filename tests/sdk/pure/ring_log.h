// A "tharsis.log/1" with rings, as a plugin sees it, and without a host.
#pragma once
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "tests/sdk/pure/plain_rings.h"

namespace tharsis::test {

struct ring_log {
  explicit ring_log(uint64_t bytes = 1 << 16) : rings(std::make_unique<plain_rings>(bytes, true, &clock)) {
    table.size = sizeof table;
    table.self = this;
    table.level = &level;
    table.write = [](void* s, uint32_t l, tharsis_text text) { of(s).words.push_back(std::to_string(l) + " " + std::string(view(text))); };
    table.generation = &generation;
    table.ring = [](void* s) { return of(s).rings->ring(); };
    table.site = [](void* s, const tharsis_log_site* site) { return of(s).rings->site("plugin", *site); };
    table.room = [](void* s, tharsis_log_ring* r, uint64_t n, uint32_t l) { return of(s).rings->room(r, n, l); };
    table.wake = [](void* s) {
      ++of(s).rings->woken;
      of(s).rings->set_asleep(false);
      errno = EIO;
    };
    table.level_of = [](void* s, tharsis_text tag) -> const volatile uint32_t* {
      return view(tag) == "tagged" ? &of(s).tagged_level : &of(s).level;
    };
  }
  ring_log(const ring_log&) = delete;
  static ring_log& of(void* s) { return *static_cast<ring_log*>(s); }

  static uint32_t next_generation() {
    static uint32_t last = 0;
    return ++last;
  }

  // The sink is another one from now on.
  void renew() {
    generation = next_generation();
    rings->close_rings();
    rings = std::make_unique<plain_rings>(uint64_t{1} << 16, true, &clock);
  }

  static inline const uint64_t clock = 0x0123456789abcdef;
  tharsis_log table{};
  std::unique_ptr<plain_rings> rings;
  uint32_t generation = next_generation();
  uint32_t level = THARSIS_LOG_VERBOSE, tagged_level = THARSIS_LOG_WARNING;
  std::vector<std::string> words;
};

}  // namespace tharsis::test
