// The way back into a service for callbacks on other strands, which may run when the service is gone: their letters
// go nowhere then. The one lock of this plugin; nobody waits behind it for longer than a letter takes.
#pragma once
#include <mutex>
#include <utility>

#include "sdk/async/mailbox.h"

namespace tharsis::stn {

template <class Letter>
class back_door {
 public:
  explicit back_door(inbox<Letter>& to) : to_(&to) {}
  // [any thread]
  void send(Letter l) {
    const std::lock_guard guard(mutex_);
    if (to_ != nullptr) to_->send(std::move(l));
  }
  void close() {
    const std::lock_guard guard(mutex_);
    to_ = nullptr;
  }

 private:
  std::mutex mutex_;
  inbox<Letter>* to_;
};

}  // namespace tharsis::stn
