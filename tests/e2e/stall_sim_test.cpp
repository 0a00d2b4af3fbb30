// Goal: the watchdog's report reaches the bus, and a plugin's restart policy, in the simulated world as
// well. Method: a fault makes the last callback of a plugin take long.
#include <gtest/gtest.h>

#include "sdk/abi/stall.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

runtime::profile plan_of(const std::string& plugins, runtime::diagnostics& problems) {
  runtime::profile_request request;
  request.file = "stall.yaml";
  request.text = "tharsis: 1\nplugins:\n" + plugins;
  request.plugin_folders = {THARSIS_FIXTURES};
  request.data_folder = "/state";
  return runtime::load_profile(request, problems);
}

struct slow_world {
  explicit slow_world(uint64_t seed, const std::string& plugins) : world(seed) {
    runtime::diagnostics problems;
    watched.run(place.platform(), plan_of(plugins, problems), problems);
    if (!watched.running || testing::Test::HasFatalFailure()) return;
    EXPECT_TRUE(world.run_until([&] { return watched.settled; }, world.now() + 10s));
    EXPECT_EQ(watched.running->events().subscribe("test", THARSIS_STALL_TOPIC, THARSIS_DROP_OLDEST, 0, [](bool) {}, &id, nullptr),
              THARSIS_OK);
  }
  ~slow_world() {
    watched.running->stop();
    EXPECT_TRUE(world.run_until([&] { return watched.ended; }, world.now() + 60s));
  }
  std::vector<std::string> stalls() {
    std::vector<std::string> all;
    while (const auto taken = watched.running->events().take(id)) {
      const auto& s = *static_cast<const tharsis_stall*>(taken->event.payload);
      all.push_back(std::string(view(s.plugin)) + (s.over ? " over " : " blocks ") + std::string(view(s.callback)));
    }
    return all;
  }

  sim::world world;
  sim::machine& place = world.add_machine("here", {"10.0.0.1"});
  watched_runtime watched;
  tharsis_handle id = 0;
};

}  // namespace

TEST(StallInSimulation, IsToldOnceAndItsEndOnceWhateverTheOrder) {
  for_each_seed(50, [](uint64_t seed) {
    slow_world w(seed, "  broken: { in: timer, at: 1s }\n  quiet:\n");
    w.world.run_for(2s);
    w.place.stall("broken", 5s);
    w.world.run_for(10s);
    EXPECT_EQ(w.stalls(), (std::vector<std::string>{"broken blocks a timer", "broken over a timer"}));
    EXPECT_NE(w.watched.logged.find("broken: a timer has been running for "), std::string::npos) << w.watched.logged;
  });
}

TEST(StallInSimulation, AShortOneIsNone) {
  slow_world w(1, "  broken: { in: timer, at: 1s }\n");
  w.place.stall("broken", 1900ms);
  w.world.run_for(10s);
  EXPECT_EQ(w.stalls(), std::vector<std::string>{});
  EXPECT_EQ(w.watched.logged, "");
}
