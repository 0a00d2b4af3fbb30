// The one descriptor that a host application watches: the main loop's work, or events in an inbox.
#pragma once
#include <cstddef>
#include <mutex>
#include <optional>

#include "sdk/pure/time.h"

namespace tharsis::runtime {

class host_wake {
 public:
  // False from descriptor() < 0: out of descriptors.
  explicit host_wake(int main_descriptor);
  ~host_wake();
  host_wake(const host_wake&) = delete;

  int descriptor() const { return both_; }

  // One more inbox holds something, or one less. [any thread]
  void note_inbox(bool holds_something);

  // Until the descriptor is readable; false: the time is over, or a signal came. [any thread]
  bool wait(std::optional<duration> limit) const;

 private:
  int both_ = -1;
  int inboxes_ = -1;
  std::mutex mutex_;
  size_t full_ = 0;  // Inboxes that hold something.
};

// Is there something to read? Never waits.
bool readable_now(int descriptor);

}  // namespace tharsis::runtime
