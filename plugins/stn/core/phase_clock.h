// How long a link has been in each of its phases so far. A task that waits takes the time when it
// begins to, and again when it leaves: what passed between is what it waited for.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis::stn {

enum class phase : size_t {
  down,     // Between two attempts.
  resolve,  // Names to addresses.
  connect,  // Dialling.
  tls,
  prove,    // The hello, or the first ping.
  auth,     // The application's own proof.
  up,
};
inline constexpr size_t phase_count = 7;
using phase_times = std::array<duration, phase_count>;

// THARSIS_STN_PHASE_*.
constexpr uint32_t phase_number(phase p) { return static_cast<uint32_t>(p); }

class phase_clock {
 public:
  void enter(phase p, instant now) {
    so_far_[static_cast<size_t>(now_)] += now - since_;
    now_ = p;
    since_ = now;
  }
  phase current() const { return now_; }
  instant since() const { return since_; }
  phase_times at(instant now) const {
    phase_times t = so_far_;
    t[static_cast<size_t>(now_)] += now - since_;
    return t;
  }

 private:
  phase now_ = phase::down;
  instant since_{};
  phase_times so_far_{};
};

}  // namespace tharsis::stn
