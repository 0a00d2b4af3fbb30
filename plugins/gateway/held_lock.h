// A lock of tharsis.files/1 that is given back by whoever has it last: who asked for it may have gone when it
// comes, and a gateway that never got as far as to stop may still hold it.
#pragma once
#include <utility>

#include "sdk/abi/files.h"

namespace tharsis::gateway {

class held_lock {
 public:
  held_lock() = default;
  held_lock(const tharsis_files* files, tharsis_handle lock) : files_(files), lock_(lock) {}
  held_lock(held_lock&& other) noexcept : files_(other.files_), lock_(std::exchange(other.lock_, 0)) {}
  held_lock& operator=(held_lock&& other) noexcept {
    std::swap(files_, other.files_);
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~held_lock() {
    if (lock_ != 0) files_->close(files_->self, lock_);
  }

  explicit operator bool() const { return lock_ != 0; }

 private:
  const tharsis_files* files_ = nullptr;
  tharsis_handle lock_ = 0;
};

}  // namespace tharsis::gateway
