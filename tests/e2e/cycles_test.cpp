// Goal: starting and stopping leaves nothing behind, and plugins take whatever happens in their steps.
// Method: thousands of lives in simulated worlds, in this process; memory, descriptors and threads are counted
// before and after. Sanitizers have an allocator of their own: there LeakSanitizer counts.
#include <malloc.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "runtime/simulation/simulated_run.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

#if defined(THARSIS_SANITIZED)
constexpr bool counts_memory = false;
#else
constexpr bool counts_memory = true;
#endif
constexpr int lives = test::seeds(10'000);
constexpr uint64_t seeds = test::seeds(500);

profile load(const std::string& file) {
  profile_request request;
  request.file = file;
  request.plugin_folders = {THARSIS_PLUGINS};
  request.data_folder = "/state";
  diagnostics problems;
  profile plan = load_profile(request, problems);
  EXPECT_TRUE(problems.empty()) << render(problems);
  return plan;
}

simulation of(const std::vector<std::string>& files, duration run_for) {
  simulation s;
  for (const std::string& file : files) s.machines.push_back({std::filesystem::path(file).stem().string(), load(file)});
  s.run_for = run_for;
  return s;
}

struct footprint {
  size_t bytes = 0, descriptors = 0, threads = 0;
};

size_t entries(const char* folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

footprint measured() {
  const struct mallinfo2 heap = mallinfo2();
  return {heap.uordblks + heap.hblkhd, entries("/proc/self/fd"), entries("/proc/self/task")};
}

// A run that goes wrong fails the test.
void live(const simulation& s, uint64_t seed) {
  for (const std::string& p : run_seed(s, seed).problems) ADD_FAILURE() << "seed " << seed << ": " << p;
}

}  // namespace

TEST(Cycles, ThousandsOfLivesLeaveNothing) {
  THARSIS_ONE_THREAD();
  const simulation hello = of({"configs/hello.yaml"}, 1s), four = of({"configs/demo.yaml"}, 2s);
  const auto lead = [&](int from, int to) {
    for (int i = from; i < to && !HasFailure(); ++i) live(i % 50 == 0 ? four : hello, static_cast<uint64_t>(i));
  };
  lead(0, lives / 10);  // What is made once has been made.
  const footprint before = measured();
  lead(lives / 10, lives);
  const footprint after = measured();
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.threads, before.threads);
  const size_t grown = counts_memory && after.bytes > before.bytes ? after.bytes - before.bytes : 0;
  EXPECT_LT(grown, size_t{64 << 10}) << "a leak of 8 bytes a life is found";
  std::printf("%d lives\n", lives);
}

TEST(Cycles, PluginsWhoseStepsFailEndStoppedOrFailedWithAReason) {
  THARSIS_ONE_THREAD();
  simulation demo = of({"configs/demo.yaml", "configs/demo-gateway.yaml"}, 20s);
  using k = sim::fault_kind;
  for (const k kind : {k::create_fails, k::start_fails}) demo.faults.rates[kind].rate = 0.05;
  for (const k kind : {k::vanishes, k::stalls, k::publish_refused}) demo.faults.rates[kind].rate = 0.2;
  std::map<std::string, int> struck;
  test::for_each_seed(seeds, [&](uint64_t seed) {
    const seed_outcome outcome = run_seed(demo, seed);
    for (const std::string& p : outcome.problems) ADD_FAILURE() << p;
    for (const auto& [plugin, end] : outcome.ends)
      EXPECT_TRUE(end == "stopped" || end == "failed" || end == "waiting") << plugin << " is " << end;
    for (const auto& [fault, times] : outcome.struck) struck[fault] += times;
  });
  if (!test::all_seeds()) return;
  for (const char* fault : {"create_fails", "start_fails", "vanishes", "stalls", "publish_refused"})
    EXPECT_GT(struck[fault], static_cast<int>(seeds) / 20) << fault << " was hardly tried";
}
