// Goal: one plugin library, byte for byte the same file, works on the real platform and in hundreds of
// simulated networks. Method: two runtimes, each with the echo fixture, one as the server and one as
// the client; the client's console tells how it went.
#include <atomic>
#include <map>
#include <memory>

#include <gtest/gtest.h>
#include "runtime/profile.h"
#include "runtime/runtime.h"
#include "tests/e2e/recording_console.h"
#include "tests/platform/both_platforms.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/weather.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

using runner = std::function<bool(const std::function<bool()>& done, duration within)>;

class echo_runtime {
 public:
  echo_runtime(const tharsis_platform* platform, const std::string& settings, runner run)
      : run_(std::move(run)) {
    runtime::profile_request request;
    request.file = "echo.yaml";
    request.text = "tharsis: 1\nplugins:\n  echo: { loop: main, " + settings + " }\n";
    request.plugin_folders = {THARSIS_FIXTURES};
    request.data_folder = "/state";
    runtime::diagnostics problems;
    runtime::runtime::options o;
    o.platform = platform;
    o.plan = runtime::load_profile(request, problems);
    o.console = console.table();
    o.on_settled = [this] { settled_ = true; };
    o.on_ended = [this] { ended_ = true; };
    EXPECT_TRUE(problems.empty()) << runtime::render(problems);
    running_ = std::make_unique<runtime::runtime>(std::move(o));
    const auto failure = running_->start();
    EXPECT_FALSE(failure) << failure->text;
    EXPECT_TRUE(run_([this] { return settled_.load(); }, 30s));
  }
  ~echo_runtime() {
    running_->stop();
    EXPECT_TRUE(run_([this] { return ended_.load(); }, 30s)) << "a plugin does not stop";
    for (const auto& r : running_->report()) EXPECT_EQ(r.state, runtime::plugin_state::stopped) << r.reason;
  }

  // What the client printed in the end.
  std::string outcome(duration within) {
    EXPECT_TRUE(run_([this] { return console.code.has_value(); }, within)) << "the client waits for ever";
    return console.printed.empty() ? "nothing" : console.printed.back();
  }

  recording_console console;  // Used by the plugin on its strand, which is the test's thread.

 private:
  runner run_;
  std::atomic<bool> settled_ = false, ended_ = false;
  std::unique_ptr<runtime::runtime> running_;
};

struct simulated_run {
  fault happened;
  std::string outcome;
  uint64_t trace;
};

simulated_run run_simulated(uint64_t seed) {
  sim::dice d(seed);
  const weather w(d, fault::refused);  // A runtime does not outlive its machine.
  sim::world world(seed);
  sim::machine& near = world.add_machine("near", {"10.0.0.1"});
  sim::machine& far = world.add_machine("far", {"10.0.0.2"});
  const runner run = [&](const std::function<bool()>& done, duration within) {
    return world.run_until(done, world.now() + within);
  };
  w.begin(world, near, far);
  echo_runtime server(far.platform(), "address: '10.0.0.2:7'", run);
  const std::string bytes = std::to_string(w.bytes);
  echo_runtime client(near.platform(), "role: client, address: '10.0.0.2:7', bytes: " + bytes, run);
  const std::string outcome = client.outcome(1h);
  return {w.happens, outcome, world.trace()};
}

}  // namespace

TEST(EchoPlugin, WorksOnTheRealPlatform) {
  real_main_stage real;
  const runner run = [&](const std::function<bool()>& done, duration within) {
    return real.run_until(done, within);
  };
  echo_runtime server(real.platform(), "address: '127.0.0.1:0'", run);
  ASSERT_EQ(server.console.printed.size(), 1u);
  const std::string address = server.console.printed[0].substr(std::string("listening on ").size());
  echo_runtime client(real.platform(), "role: client, bytes: 1000000, address: '" + address + "'", run);
  EXPECT_EQ(client.outcome(30s), "all came back");
  EXPECT_EQ(client.console.code, 0);
}

TEST(EchoPlugin, WorksOrTellsWhyInAnySimulatedWeather) {
  std::map<fault, std::map<std::string, int>> seen;
  const int count = seeds(500);
  for_each_seed(count, [&](uint64_t seed) {
    const simulated_run r = run_simulated(seed);
    ++seen[r.happened][r.outcome];
    if (r.happened == fault::none || r.happened == fault::healed_hole) {
      EXPECT_EQ(r.outcome, "all came back");
    } else {
      EXPECT_TRUE(r.outcome == "all came back" || r.outcome == "reset" || r.outcome == "timeout" ||
                  r.outcome == "refused")
          << r.outcome;
    }
  });
  if (!all_seeds()) return;
  EXPECT_GT(seen[fault::reset]["reset"], count / 50);
  EXPECT_GT(seen[fault::black_hole]["timeout"], count / 50);
  EXPECT_GT(seen[fault::forgotten]["timeout"], count / 100);
  EXPECT_GT(seen[fault::none]["all came back"], count / 50);
}

TEST(EchoPlugin, TheSameSeedIsTheSameRunOfRuntimesAndPlugins) {
  for_each_seed(20, [](uint64_t seed) { EXPECT_EQ(run_simulated(seed).trace, run_simulated(seed).trace); });
}
