// Goal: a host may start and stop runtimes as often as it likes. Method: 200 times the four plugins of a real
// profile, from create to destroy; what the process holds afterwards is what it held after the first few.
#include <filesystem>

#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

size_t entries(const char* folder) {
  size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

void live_once() {
  // Nothing listens there: stn is stopped while it waits for its next try, sdt maybe during its checks.
  host h("  xlog: {}\n  dns: { pins: { im.test: [127.0.0.1] } }\n  sdt: {}\n"
         "  stn: { links: { main: { endpoints: [\"tcp://im.test:1\"] } } }\n");
  ASSERT_TRUE(h.settle()) << h.why.text;
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 30 * host::second), THARSIS_OK) << h.report();
}

}  // namespace

TEST(HostCycles, TwoHundredStartsAndStopsLeaveNoThreadAndNoDescriptor) {
  constexpr int warm_up = 3, cycles = 200;
  for (int i = 0; i < warm_up; ++i) live_once();
  const size_t threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd");
  for (int i = 0; i < cycles && !HasFailure(); ++i) live_once();
  EXPECT_EQ(entries("/proc/self/task"), threads);
  EXPECT_EQ(entries("/proc/self/fd"), descriptors);
}
