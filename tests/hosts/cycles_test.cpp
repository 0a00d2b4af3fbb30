// Goal: a host may start and stop runtimes as often as it likes. Method: 200 times (100
// under sanitizers, or THARSIS_CYCLES) the four plugins of a real profile, from create to destroy; what the process holds
// afterwards is what it held after the first few, of memory the heap and whatever else is mapped.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

size_t entries(const char* folder) {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// A sanitizer keeps what was freed, and maps more for it: it looks for leaks by itself.
size_t mappings() { return 0; }
#else
size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t n = 0;
  for (std::string line; std::getline(maps, line);) ++n;
  return n;
}
#endif

// One that was joined stands in /proc for a moment longer, so the fewest of many looks count.
size_t threads_that_stay() {
  size_t fewest = SIZE_MAX;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < end) {
    fewest = std::min(fewest, entries("/proc/self/task"));
    std::this_thread::yield();
  }
  return fewest;
}

void live_once() {
  // Nothing listens there: stn is stopped while it waits for its next try, sdt maybe during its checks.
  host h("  xlog: {}\n  dns: { pins: { im.test: [127.0.0.1] } }\n  sdt: {}\n"
         "  stn: { links: { main: { endpoints: [\"tcp://im.test:1\"] } } }\n");
  ASSERT_TRUE(h.settle()) << h.why.text;
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 30 * host::second), THARSIS_OK) << h.report();
}

}  // namespace

// What sanitizers look at takes ten times as long, and all of it is in each of them.
#if defined(THARSIS_SANITIZED)
constexpr int usual_cycles = 100;
#else
constexpr int usual_cycles = 200;
#endif

TEST(HostCycles, ManyStartsAndStopsLeaveNoThreadNoDescriptorAndNoMemory) {
  const char* const wished = std::getenv("THARSIS_CYCLES");
  const int warm_up = 10, cycles = wished != nullptr ? std::atoi(wished) : usual_cycles;
  for (int i = 0; i < warm_up; ++i) live_once();
  const size_t threads = threads_that_stay(), descriptors = entries("/proc/self/fd"), mapped = mappings();
  const auto heap = [] {  // In use; under a sanitizer nothing.
    const struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  const size_t before = heap();
  // As many as come to their end while CTest waits: a machine that is busy with other tests takes ten times as long. Those that
  // somebody wished for come to their end.
  const auto end = std::chrono::steady_clock::now() + (wished != nullptr ? std::chrono::hours(1) : std::chrono::minutes(4));
  int lived = 0;
  while (lived < cycles && !HasFailure() && std::chrono::steady_clock::now() < end) live_once(), ++lived;
  EXPECT_GE(lived, 100) << "too few to tell anything";
  EXPECT_EQ(threads_that_stay(), threads);
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
  EXPECT_LE(mappings(), mapped + 16) << "the allocator's own come and go, but not one for each runtime";
  EXPECT_LT(heap(), before + (256u << 10));
  std::printf("%d cycles: %lld bytes of the heap and %lld mappings more\n", lived, static_cast<long long>(heap()) - static_cast<long long>(before),
              static_cast<long long>(mappings()) - static_cast<long long>(mapped));
}
