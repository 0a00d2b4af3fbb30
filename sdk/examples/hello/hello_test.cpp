// The plugin in 100 simulated worlds, where its start may fail and its callbacks may take long.
#include <gtest/gtest.h>

#include "sdk/abi/runtime.h"
#include "sdk/sim/fault_injector.h"

using namespace tharsis;

TEST(Hello, StartsAndStopsWhateverHappens) {
  const char* folders[] = {PLUGINS};
  sim::fault_rates rates;
  rates[sim::fault_kind::start_fails].rate = rates[sim::fault_kind::stalls].rate = 0.3;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    sim::world world(seed);
    sim::machine& here = world.add_machine("here", {"10.0.0.1"});
    sim::fault_injector faults(world, {&here}, sim::draw_faults(rates, sim::targets_of({&here}, {{"hello"}}, 1s), seed));
    tharsis_runtime_options o{};
    o.size = sizeof o;
    o.text = "tharsis: 1\nplugins: { hello: { greeting: hi } }\n";
    o.plugin_folders = folders;
    o.plugin_folders_count = 1;
    o.state = "/state";
    o.platform = here.platform();
    tharsis_runtime* running = nullptr;
    tharsis_error why = no_error();
    ASSERT_EQ(tharsis_runtime_create(&o, &running, &why), THARSIS_OK) << why.text;
    ASSERT_EQ(tharsis_runtime_start(running, &why), THARSIS_OK) << why.text;
    EXPECT_TRUE(world.run_until([&] { return tharsis_runtime_settled(running) != 0; }, world.now() + 20s)) << "seed " << seed;
    EXPECT_TRUE(world.run_until([&] { return tharsis_runtime_stop(running, 0) == THARSIS_OK; }, world.now() + 20s)) << "seed " << seed;
    tharsis_runtime_destroy(running);
  }
}
