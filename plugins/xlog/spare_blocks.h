// Blocks of memory that nobody may free and the next one may have: a list without locks, so that a fork does not hold it up.
// All are of one size, and their first word is the list's while they are in it. [any thread]
#pragma once
#include <atomic>
#include <new>
#include <utility>

namespace tharsis::xlog {

class spare_blocks {
 public:
  void keep(void* block) {
    auto* const s = new (block) spare{first_};
    while (!first_.compare_exchange_weak(s->next, s)) {
    }
  }
  // Null: there is none. All of them are taken and the rest put back, so that none comes back under another's eyes.
  void* take() {
    spare* const mine = first_.exchange(nullptr);
    if (mine == nullptr) return nullptr;
    for (spare* rest = mine->next; rest != nullptr;) keep(std::exchange(rest, rest->next));
    return mine;
  }

 private:
  struct spare {
    spare* next;
  };
  std::atomic<spare*> first_{nullptr};
};

}  // namespace tharsis::xlog
