// Goal: a host may start and stop runtimes as often as it likes. Method: 200 times (or THARSIS_CYCLES) the four plugins of
// a real profile, from create to destroy; what the process holds afterwards is what it held after the first few. Of memory
// only the heap is looked at: each runtime with xlog leaves 8 KiB mapped as long as a thread that logged in it lives
// (plugins/xlog/ring_set.h), since that thread may look there whether its ring is still its own.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

size_t entries(const char* folder) {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

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

TEST(HostCycles, ManyStartsAndStopsLeaveNoThreadNoDescriptorAndNoMemory) {
  const char* const wished = std::getenv("THARSIS_CYCLES");
  const int warm_up = 10, cycles = wished != nullptr ? std::atoi(wished) : 200;
  for (int i = 0; i < warm_up; ++i) live_once();
  const size_t threads = threads_that_stay(), descriptors = entries("/proc/self/fd");
  const auto heap = [] {  // In use; under a sanitizer nothing.
    const struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  const size_t before = heap();
  // As many as come to their end while CTest waits: a machine that is busy with other tests takes ten times as long.
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
  int lived = 0;
  while (lived < cycles && !HasFailure() && std::chrono::steady_clock::now() < end) live_once(), ++lived;
  EXPECT_GE(lived, 100) << "too few to tell anything";
  EXPECT_EQ(threads_that_stay(), threads);
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
  EXPECT_LT(heap(), before + (256u << 10));
}
