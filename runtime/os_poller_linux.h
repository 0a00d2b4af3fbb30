// What a thread sleeps in: epoll, an eventfd that wakes it, a timerfd for a foreign event loop.
#pragma once
#include <cstdint>

namespace tharsis::runtime {

class poller {
 public:
  // What failed or hung up is readable and writable too.
  enum : uint32_t { readable = 1, writable = 2, failed = 4, ending = 8 };  // ending: the peer sends no more.
  class watcher {
   public:
    // Edges: told once for each change, so use the descriptor until it would block.
    virtual void on_ready(uint32_t bits) = 0;

   protected:
    ~watcher() = default;
  };

  poller() = default;
  ~poller();
  poller(const poller&) = delete;

  bool open();  // False: out of descriptors.
  void close();
  int descriptor() const { return epoll_; }  // Readable when wait() would not sleep.

  bool add(int descriptor, watcher& w);  // False: out of kernel memory for it.
  void remove(int descriptor);

  // Sleep until something is ready, wake() is called, or `timeout` nanoseconds have passed (negative:
  // without limit), then tell the watchers.
  void wait(int64_t timeout);
  void wake();  // [any thread]
  // descriptor() becomes readable when the monotonic clock reaches `at`; 0: never.
  void alarm(int64_t at);

 private:
  int sleep(void* events, int64_t timeout);

  int epoll_ = -1;
  int bell_ = -1;
  int clock_ = -1;  // Made by the first alarm().
  int64_t alarm_at_ = 0;
  bool fine_timeouts_ = true;
};

}  // namespace tharsis::runtime
