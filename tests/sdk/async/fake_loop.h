// A loop for tests: posts, timers and blocking work in plain queues, run by hand, time by hand.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "sdk/abi/loop.h"
#include "sdk/pure/time.h"

namespace tharsis::test {

class fake_loop {
 public:
  struct call {
    tharsis_wake wake;
    void* context;
    tharsis_handle handle;
  };
  struct job {
    void (*work)(void*);
    call after;
  };

  fake_loop() {
    table.size = sizeof table;
    table.self = this;
    table.now = [](void* s) { return self(s).now; };
    table.wall = [](void* s) { return self(s).wall; };
    table.current = [](void*) -> tharsis_handle { return 1; };
    table.post = [](void* s, tharsis_handle, tharsis_wake wake, void* context, tharsis_handle handle) {
      self(s).posts.push_back({wake, context, handle});
      return tharsis_status{THARSIS_OK};
    };
    table.timer_set = [](void* s, int64_t at, tharsis_wake wake, void* context, tharsis_handle handle,
                         tharsis_handle* timer) {
      const tharsis_handle id = ++self(s).last_timer;
      self(s).timers.emplace(std::pair(at, id), call{wake, context, handle});
      if (timer != nullptr) *timer = id;
      return tharsis_status{THARSIS_OK};
    };
    table.timer_cancel = [](void* s, tharsis_handle timer) {
      for (auto t = self(s).timers.begin(); t != self(s).timers.end(); ++t) {
        if (t->first.second != timer) continue;
        self(s).timers.erase(t);
        return tharsis_status{THARSIS_OK};
      }
      return tharsis_status{THARSIS_E_GONE};
    };
    table.run_blocking = [](void* s, void (*work)(void*), tharsis_wake wake, void* context,
                            tharsis_handle handle) {
      if (self(s).refuse_blocking) return tharsis_status{THARSIS_E_BUSY};
      self(s).jobs.push_back({work, {wake, context, handle}});
      return tharsis_status{THARSIS_OK};
    };
  }
  fake_loop(const fake_loop&) = delete;

  // One post, or else one timer that is due; false when there is nothing to do now.
  bool step() {
    call next{};
    if (!posts.empty()) {
      next = posts.front();
      posts.pop_front();
    } else if (!timers.empty() && timers.begin()->first.first <= now) {
      next = timers.begin()->second;
      timers.erase(timers.begin());
    } else {
      return false;
    }
    next.wake(next.context, next.handle);
    return true;
  }
  void run() {
    while (step()) {
    }
  }
  void run_until(instant at) {
    run();
    while (!timers.empty() && timers.begin()->first.first <= nanoseconds(at)) {
      now = std::max(now, timers.begin()->first.first);
      run();
    }
    now = nanoseconds(at);
  }
  void do_jobs() {
    while (!jobs.empty()) {
      const job j = jobs.front();
      jobs.pop_front();
      j.work(j.after.context);
      posts.push_back(j.after);
    }
  }

  tharsis_loop table{};
  int64_t now = 1'000'000'000;
  int64_t wall = 1'800'000'000'000'000'000;
  std::deque<call> posts;
  std::map<std::pair<int64_t, tharsis_handle>, call> timers;
  std::deque<job> jobs;
  bool refuse_blocking = false;

 private:
  static fake_loop& self(void* s) { return *static_cast<fake_loop*>(s); }
  tharsis_handle last_timer = 0;
};

}  // namespace tharsis::test
