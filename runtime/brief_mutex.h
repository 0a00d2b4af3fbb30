// A mutex for what takes some tens of nanoseconds. Whoever finds it taken tries again for about as long as such
// work lasts: to sleep and to be woken costs both sides a hundred times more.
#pragma once
#include <mutex>

namespace tharsis::runtime {

class brief_mutex {
 public:
  void lock() {
    for (int i = 0; i < tries; ++i) {
      if (mutex_.try_lock()) return;
      pause();
    }
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr int tries = 64;  // One to three microseconds; who holds it longer was put off by the system.

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::mutex mutex_;
};

}  // namespace tharsis::runtime
