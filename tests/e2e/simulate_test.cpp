// Goal: `tharsis simulate` finds every kind of defect, names the seed and shows it again.
// Method: the built program with fixtures that are broken in one way each, and with the real plugins.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "runtime/simulation/seed_runs.h"
#include "tests/e2e/program_stage.h"
#include "tests/sdk/sim/seeds.h"

namespace {

namespace fs = std::filesystem;
using tharsis::test::child_process;

class Simulate : public tharsis::test::program_stage {
 protected:
  std::string profile(const std::string& plugins) const { return write("profile.yaml", "tharsis: 1\nplugins: {" + plugins + "}\n"); }
  int simulate(std::vector<std::string> words) {
    words.insert(words.begin(), {THARSIS_PROGRAM, "simulate"});
    words.insert(words.end(), {"--plugins", THARSIS_FIXTURES});
    return run_child(words);
  }
  static std::string seeds(uint64_t count) { return std::to_string(tharsis::test::seeds(count)); }
  void expect_told(const std::string& text) const { EXPECT_NE(out_.find(text), std::string::npos) << "wanted: " << text << "\ngot: " << out_ << err_; }
};

}  // namespace

TEST_F(Simulate, AQuietPluginPassesEverySeed) {
  EXPECT_EQ(simulate({profile("quiet: {}"), "--seeds", "40", "--for", "5s"}), 0) << out_ << err_;
  expect_told("40 seeds, 200 s of virtual time");
  expect_told("quiet on profile  stopped 40");
}

TEST_F(Simulate, ACrashHasASeed) {
  EXPECT_EQ(simulate({profile("crashes_by_chance: {}"), "--seeds", "40"}), 1) << out_ << err_;
  expect_told("it crashed: it was ended by signal 6");
  expect_told("40 seeds");
  const size_t at = out_.find("--seed ");
  ASSERT_NE(at, std::string::npos) << out_;
  const std::string seed = out_.substr(at + 7, out_.find('\n', at) - at - 7);
  EXPECT_EQ(simulate({profile("crashes_by_chance: {}"), "--seed", seed}), -1) << "that very seed dies again\n" << out_ << err_;
}

TEST_F(Simulate, ALeakIsNamed) {
  EXPECT_EQ(simulate({profile("leaks: {}"), "--seeds", "2", "--for", "1s"}), 1);
  expect_told("plugin 'leaks' left 2 timers open when it was destroyed");
}

TEST_F(Simulate, AStopThatNeverComesBackIsNamed) {
  EXPECT_EQ(simulate({profile("never_stopped: {}"), "--seeds", "2", "--for", "1s"}), 1);
  expect_told("plugin 'never_stopped' failed without a fault that explains it: stop has not finished within 5000 ms");
}

TEST_F(Simulate, AnEventLoopThatNeverRestsIsNamed) {
  EXPECT_EQ(simulate({profile("never_rests: {}"), "--seeds", "2", "--for", "5s"}), 1);
  expect_told("an event loop never rests");
  expect_told("'never_rests'");
}

TEST_F(Simulate, AFailureWithoutAFaultIsNamed) {
  EXPECT_EQ(simulate({profile("start_fails: {}"), "--seeds", "2", "--for", "1s"}), 1);
  expect_told("plugin 'start_fails' failed without a fault that explains it: port 17 is taken by somebody else");
}

TEST_F(Simulate, ARunThatDiffersFromItselfIsNamed) {
  EXPECT_EQ(simulate({profile("looks_outside: {}"), "--seeds", "32", "--for", "1s"}), 1);
  expect_told("seed 16:\n  two runs of this seed were not the same");
}

TEST_F(Simulate, AFaultThatWasDrawnExplainsAFailure) {
  const auto faults = write("faults.yaml", "faults:\n  start_fails: { rate: 1, only: [quiet] }\n");
  EXPECT_EQ(simulate({profile("quiet: {}"), "--seeds", "30", "--faults", faults}), 0) << out_ << err_;
  expect_told("start_fails  30");
  expect_told("failed ");
}

// Who is started again by a reload may fail in it; then all is taken back.
TEST_F(Simulate, ReloadsInTheMiddleOfARunAreWholeOrNothing) {
  const auto faults = write("faults.yaml",
                            "faults:\n  reload: { rate: 1 }\n  configure_refused: { rate: 0.5 }\n  start_fails: { rate: 0.5 }\n"
                            "  vanishes: { rate: 0.5 }\n  machine_sleeps: { rate: 0.3 }\n");
  EXPECT_EQ(simulate({profile("quiet: {}, tunable: {}, follower: {}"), "--seeds", seeds(100), "--for", "60s", "--faults", faults}), 0) << out_ << err_;
  expect_told("reload             " + seeds(100));
}

TEST_F(Simulate, OneSeedTellsTheWholeTimeline) {
  const auto faults = write("faults.yaml", "faults:\n  vanishes: { rate: 1 }\n");
  EXPECT_EQ(simulate({profile("quiet: {}"), "--seed", "7", "--faults", faults}), 0) << out_ << err_;
  for (const char* told : {"is starting", "is running", "vanishes: quiet on profile at ", "a fault that was drawn: vanishes"}) expect_told(told);
}

TEST_F(Simulate, TheResultIsOneLineOfJsonToo) {
  EXPECT_EQ(simulate({profile("start_fails: {}"), "--seeds", "3", "--json"}), 1);
  expect_told("{\"seeds\":3,\"failed\":3,");
  expect_told("\"replay\":\"tharsis simulate ");
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1) << out_;
}

TEST_F(Simulate, AWrongFaultsFileReadsLikeACompilersError) {
  const auto faults = write("faults.yaml", "faults:\n  vanish: { rate: 0.1 }\n  stalls: { rate: 2, lasts: soon }\n");
  EXPECT_EQ(simulate({profile("quiet: {}"), "--faults", faults}), 2);
  for (const char* text : {"faults.yaml:2:3: error: faults: unknown key 'vanish'", "did you mean 'vanishes'?", "faults.yaml:3:19: ", "faults.yaml:3:29: "})
    EXPECT_NE(err_.find(text), std::string::npos) << "wanted: " << text << "\ngot: " << err_;
}

TEST_F(Simulate, TheListOfFaultsNeedsNoProfile) {
  EXPECT_EQ(simulate({"--faults", "list"}), 0);
  expect_told("vanishes");
  expect_told("WHAT HAPPENS");
}

TEST_F(Simulate, TheDemoRunsAsItIsOnTwoMachines) {
  THARSIS_ONE_THREAD();
  EXPECT_EQ(simulate({"configs/demo.yaml", "--with", "configs/demo-gateway.yaml", "--seeds", seeds(20), "--for", "200s"}), 0) << out_ << err_;
  expect_told("exit code 0 " + seeds(20));
}

// Everything goes wrong that can: each plugin still ends stopped, or failed with a reason; nothing hangs or leaks.
TEST_F(Simulate, TheFourPluginsSurviveEveryFault) {
  THARSIS_ONE_THREAD();
  EXPECT_EQ(simulate({"configs/demo.yaml", "--with", "configs/demo-gateway.yaml", "--seeds", seeds(100), "--for", "60s", "--faults", "all"}), 0) << out_ << err_;
}

// The seeds of a child that never comes back are all told, one after the other.
TEST_F(Simulate, ACallbackThatNeverReturnsHasASeed) {
  using namespace tharsis;
  runtime::profile_request request;
  request.file = profile("blocks_in_start: {}");
  request.plugin_folders = {THARSIS_FIXTURES};
  request.data_folder = "/state";
  runtime::diagnostics problems;
  runtime::simulation s;
  s.machines.push_back({"m", runtime::load_profile(request, problems)});
  ASSERT_TRUE(problems.empty()) << runtime::render(problems);
  runtime::seed_range range;
  range.first = 5;
  range.count = 3;
  range.jobs = 2;
  range.patience = 200ms;
  std::map<uint64_t, std::string> told;
  const auto failure = runtime::run_seeds(s, range, [&](uint64_t seed, const runtime::seed_outcome& outcome) {
    told[seed] = outcome.problems.empty() ? "" : outcome.problems[0];
  });
  ASSERT_FALSE(failure) << failure->text;
  ASSERT_EQ(told.size(), 3u);
  for (const uint64_t seed : {5u, 6u, 7u}) EXPECT_EQ(told[seed], "it did not come back within 200ms of real time") << seed;
}
