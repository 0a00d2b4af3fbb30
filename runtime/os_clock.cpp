#include "runtime/os_clock.h"

#include <chrono>

namespace tharsis::runtime {
namespace {
template <class Clock>
int64_t since_start() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}
}  // namespace

int64_t monotonic_now() { return since_start<std::chrono::steady_clock>(); }
int64_t wall_now() { return since_start<std::chrono::system_clock>(); }

}  // namespace tharsis::runtime
