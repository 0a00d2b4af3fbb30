#include "runtime/os_clock.h"

#include <time.h>

#include <algorithm>
#include <chrono>

namespace tharsis::runtime {
namespace {
template <class Clock>
int64_t since_start() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

// Linux' clock that runs on while the machine sleeps.
int64_t boot_now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return t.tv_sec * int64_t{1'000'000'000} + t.tv_nsec;
}
}  // namespace

int64_t monotonic_now() { return since_start<std::chrono::steady_clock>(); }
int64_t wall_now() { return since_start<std::chrono::system_clock>(); }

int64_t ahead_of_utc(int64_t wall) {
  constexpr int64_t second = 1'000'000'000;
  const time_t when = wall / second - (wall % second < 0 ? 1 : 0);
  tzset();  // localtime_r need not look at TZ.
  tm local{};
  return localtime_r(&when, &local) != nullptr ? local.tm_gmtoff * second : 0;
}

// Between the two readings the thread may have lost its processor: the smallest difference is the right one.
int64_t time_asleep() {
  int64_t least = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    const int64_t awake = monotonic_now();
    least = std::min(least, boot_now() - awake);
  }
  return std::max<int64_t>(least, 0);
}

}  // namespace tharsis::runtime
