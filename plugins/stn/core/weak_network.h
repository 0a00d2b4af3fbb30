// Whether the network is weak: it works, but so slowly or so unsurely that an application does well to ask for less.
// Each sign of it is good for a while; a quick answer takes the mark back, though not at once, since a weak network
// is quick now and then. Only while somebody looks: in the background everything is slow.
#pragma once
#include <utility>

#include "sdk/abi/stn_links.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct weak_settings {
  // So long after its last sign the network is taken for well again.
  duration mark = 60s;
  // A round trip on a bad cellular path is below a second; a connection that takes longer has lost packets,
  duration slow_connect = 2s;
  // and so has an answer of which nothing comes, or no more of it, for so long,
  duration slow_byte = 2s;
  // or which is that late as a whole.
  duration slow_task = 5s;
  // An answer within this time is one of a good network,
  duration good_task = 600ms;
  // which counts when the last sign is at least so old.
  duration least = 8s;
  bool operator==(const weak_settings&) const = default;
};

class weak_network {
 public:
  // How a task ended.
  struct task_end {
    bool answered = false;
    bool failed = false;  // By the network: in time, or with its connection. Neither: it says nothing.
    duration took{};      // From its way to the wire to the whole answer, less what the server had asked for,
    duration first_byte{}, rest{};  // and these parts of it.
  };

  explicit weak_network(const weak_settings& s) : settings_(s) {}

  // Each says whether the network has become weak, or well, by it.
  [[nodiscard]] bool on_foreground(bool is, instant now) {
    foreground_ = is;
    return !is && leave(now);
  }
  // Another one, of which nothing is known.
  [[nodiscard]] bool on_network(instant now) { return leave(now); }

  // `took`: dialling alone. `first`: at the first address that was tried.
  [[nodiscard]] bool on_connected(duration took, bool first, instant now) {
    if (!first) return mark(THARSIS_STN_WEAK_CONNECT_SECOND, now);
    return took > settings_.slow_connect && mark(THARSIS_STN_WEAK_CONNECT_SLOW, now);
  }
  // That is not weak, it is broken: once it is not a moment of weakness.
  [[nodiscard]] bool on_not_connected(instant now) { return is_old(now) && leave(now); }
  // Tasks are late: they go on several lanes.
  [[nodiscard]] bool on_late(instant now) { return mark(THARSIS_STN_WEAK_TASKS_LATE, now); }
  // A link that was up fell silent.
  [[nodiscard]] bool on_silence(instant now) { return mark(THARSIS_STN_WEAK_LINK_LOST, now); }

  [[nodiscard]] bool on_task(const task_end& t, instant now) {
    if (t.failed) return mark(THARSIS_STN_WEAK_TASK_FAILED, now);
    if (!t.answered) return false;
    if (t.took >= settings_.slow_task || t.first_byte > settings_.slow_byte || t.rest > settings_.slow_byte)
      return mark(THARSIS_STN_WEAK_TASK_SLOW, now);
    return t.took < settings_.good_task && is_old(now) && leave(now);
  }

  [[nodiscard]] bool on_deadline(instant now) { return now >= deadline() && leave(now); }
  instant deadline() const { return weak_ ? later(marked_, settings_.mark) : never; }

  bool weak() const { return weak_; }
  uint32_t because() const { return because_; }  // The last sign; THARSIS_STN_WEAK_*.
  duration lasted() const { return lasted_; }     // The last time that it was weak.

 private:
  bool is_old(instant now) const { return now - marked_ >= settings_.least; }

  bool mark(uint32_t because, instant now) {
    if (!foreground_) return false;
    marked_ = now;
    because_ = because;
    if (std::exchange(weak_, true)) return false;
    since_ = now;
    lasted_ = duration::zero();
    return true;
  }
  bool leave(instant now) {
    if (!std::exchange(weak_, false)) return false;
    lasted_ = now - since_;
    return true;
  }

  weak_settings settings_;
  bool foreground_ = true;
  bool weak_ = false;
  uint32_t because_ = THARSIS_STN_WEAK_NOTHING;
  instant since_{}, marked_{};
  duration lasted_{};
};

}  // namespace tharsis::stn
