// Goal: whoever started a runtime can look at it, end it and listen to it from another terminal. Method:
// each test runs `tharsis run` as a child and asks it with other children.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/program_stage.h"

namespace {

namespace fs = std::filesystem;
using tharsis::test::child_process;

class ControlProgram : public tharsis::test::program_stage {
 protected:
  std::string profile(const std::string& plugins, const std::string& name = "one") const {
    return program_stage::profile(plugins, name);
  }
  int tharsis(std::vector<std::string> given) { return ask(std::move(given)); }
};

}  // namespace

TEST_F(ControlProgram, StatusTellsAndStopEnds) {
  child_process running(run_words(profile("  quiet:\n  parrot:\n")));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"status"}), 0) << err_;
  EXPECT_NE(out_.find("/one.yaml is running in process "), std::string::npos) << out_;
  EXPECT_NE(out_.find("\n  PLUGIN  STATE    SINCE  REASON\n  quiet   running  "), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"status", "one.yaml", "--json"}), 0) << err_;
  EXPECT_EQ(out_.find("{\"runtimes\":[{\"profile\":\""), 0u) << out_;
  EXPECT_EQ(tharsis({"why", "parrot"}), 0) << err_;
  EXPECT_NE(out_.find("parrot is running since 0 s; nothing is wrong with it\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"why", "parot"}), 2);
  EXPECT_NE(err_.find("names no plugin 'parot'; did you mean 'parrot'?"), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_NE(out_.find(" has stopped\n"), std::string::npos) << out_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(ControlProgram, WhereNothingRunsTheySaySo) {
  const std::string nothing = "tharsis: nothing runs with the state folder " + folder_ + "/state; --state DIR names another\n";
  for (const auto& words : std::vector<std::vector<std::string>>{{"status"}, {"metrics"}, {"level", "quiet=debug"}, {"stop"}, {"tail", "**"}, {"why", "quiet"}}) {
    EXPECT_EQ(tharsis(words), 1) << words[0];
    EXPECT_EQ(err_, nothing) << words[0];
  }
  EXPECT_EQ(tharsis({"stop", "one.yaml"}), 1);
  EXPECT_EQ(err_, "tharsis: 'one' does not run with the state folder " + folder_ + "/state\n");
}

TEST_F(ControlProgram, ASecondRunOfTheSameProfileIsRefusedAndAnotherIsNot) {
  child_process running(run_words(profile("  quiet:\n")));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  child_process second(run_words(folder_ + "/one.yaml"));
  EXPECT_EQ(second.wait(), 2);
  EXPECT_NE(second.err.find("'one' runs already with the state folder " + folder_ + "/state, as process "), std::string::npos)
      << second.err;
  child_process other(run_words(profile("  parrot:\n", "two")));
  ASSERT_TRUE(other.wait_for("runs; Ctrl-C stops")) << other.err;
  EXPECT_EQ(tharsis({"stop"}), 2) << "which one?";
  EXPECT_EQ(err_, "tharsis: one and two run with the state folder " + folder_ + "/state; say which\n");
  EXPECT_EQ(tharsis({"stop", "two"}), 0) << err_;
  EXPECT_EQ(other.wait(), 0);
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0);
}

TEST_F(ControlProgram, ARunThatWasKilledLeavesNothingInTheWay) {
  {
    child_process killed(run_words(profile("  quiet:\n")));
    ASSERT_TRUE(killed.wait_for("runs; Ctrl-C stops")) << killed.err;
  }
  EXPECT_EQ(tharsis({"status"}), 1) << out_;
  child_process running(run_words(folder_ + "/one.yaml"));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0);
}

TEST_F(ControlProgram, TailPrintsKeptValuesAndEndsWithTheRuntime) {
  child_process running(run_words(profile("  openssl_version:\n")));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  child_process tail({THARSIS_PROGRAM, "tail", "openssl_version.*", "--state", folder_ + "/state"});
  ASSERT_TRUE(tail.wait_for("\"snapshot\":true,\"payload\":{\"version\":\"3")) << tail.out << tail.err;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(tail.wait(), 0) << tail.err;
  EXPECT_EQ(running.wait(), 0);
}

TEST_F(ControlProgram, TellIsTakenWholeOrRefusedInWords) {
  child_process running(run_words(profile("  quiet:\n")));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  child_process tail({THARSIS_PROGRAM, "tail", "runtime.network", "--state", folder_ + "/state"});
  EXPECT_EQ(tharsis({"tell", "account=eve", "metred=1"}), 2);
  EXPECT_NE(err_.find("a runtime is not told of 'metred'; did you mean 'metered'?"), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"tell", "account=eve", "type=wfi"}), 2);
  EXPECT_NE(err_.find("there is no type of network 'wfi'; there are "), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"tell", "account=eve", "proxy=ann:secret@proxy.test"}), 2);
  EXPECT_NE(err_.find("write it like http://proxy.example.com:3128"), std::string::npos) << err_;
  EXPECT_EQ(err_.find("secret"), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"tell"}), 2);
  EXPECT_NE(err_.find("needs a KEY=VALUE"), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"tell", "one.yaml", "foreground=no", "type=wifi", "proxy=http://ann:secret@proxy.test:3128"}), 0) << err_;
  EXPECT_TRUE(tail.wait_for(R"("foreground":0,"account":"","proxy":"http://***@proxy.test:3128")")) << tail.out << tail.err;
  EXPECT_NE(tail.out.find(R"("type":"wifi")"), std::string::npos) << tail.out;
  EXPECT_EQ(tail.out.find("secret"), std::string::npos) << tail.out;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0);
}

TEST_F(ControlProgram, MetricsInAllTheirForms) {
  child_process running(run_words(profile("  quiet:\n  parrot:\n")));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"metrics"}), 0) << err_;
  EXPECT_EQ(out_.find("  METRIC"), 0u) << out_;
  EXPECT_NE(out_.find("\nparrot\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("\n  strand_wakes"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"metrics", "one.yaml", "--json"}), 0) << err_;
  EXPECT_NE(out_.find(R"("metrics":[{"plugin":"parrot","name":"blocking_calls","kind":"counter")"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"metrics", "--prometheus"}), 0) << err_;
  EXPECT_NE(out_.find("\ntharsis_strand_wakes_total{plugin=\"quiet\"} "), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"metrics", "--prometheus", "--json"}), 2);
  child_process watching({THARSIS_PROGRAM, "metrics", "--watch", "--json", "--state", folder_ + "/state"});
  EXPECT_TRUE(watching.wait_for("]}\n{\"profile\":")) << "twice: " << watching.out << watching.err;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(watching.wait(), 0) << watching.err;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(ControlProgram, ARunPrintsAtItsEndWhatWasCounted) {
  auto words = run_words(profile("  quiet:\n"));
  words.insert(words.end(), {"--metrics", "--for", "1ms"});
  child_process people(words);
  EXPECT_EQ(people.wait(), 0) << people.err;
  EXPECT_NE(people.out.find("\nquiet\n"), std::string::npos) << people.out;
  words.push_back("--json");
  child_process program(words);
  EXPECT_EQ(program.wait(), 0) << program.err;
  EXPECT_NE(program.err.find("\nquiet\n"), std::string::npos) << program.err;
  EXPECT_EQ(program.out.find("strand_wakes"), std::string::npos) << "stdout is for the result: " << program.out;
}

TEST_F(ControlProgram, WhyOfAProfileThatDoesNotRun) {
  const std::string path = profile("  waits:\n  start_fails:\n");
  EXPECT_EQ(tharsis({"why", path, "waits", "--plugins", THARSIS_FIXTURES}), 0) << err_;
  EXPECT_NE(out_.find("waits does not run, because "), std::string::npos) << out_;
  EXPECT_NE(out_.find("\n  it requires test.failing/1 of start_fails\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"why", profile("  waits:\n", "lonely"), "waits", "--plugins", THARSIS_FIXTURES}), 2);
  EXPECT_NE(err_.find("test.failing/1"), std::string::npos) << err_;
}

TEST_F(ControlProgram, LevelsAreShownAndChangedAtOnce) {
  child_process running(run_words(profile("  quiet:\n  xlog: { level: warning, levels: { quiet: debug } }\n")));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"level", "one"}), 0) << err_;
  EXPECT_NE(out_.find("  PLUGIN   TAG  LEVEL    SET BY\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("  quiet         debug    the profile\n"), std::string::npos) << out_;
  EXPECT_NE(out_.find("  runtime       warning  the profile\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"level", "quiet=off", "xlog/files=verbose", "one.yaml"}), 0) << err_;
  EXPECT_EQ(out_, "  PLUGIN  TAG    LEVEL    SET BY\n"
                  "  quiet          off      tharsis level\n"
                  "  xlog    files  verbose  tharsis level\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << err_;
  EXPECT_EQ(tharsis({"level", "quiet"}), 0) << err_;
  EXPECT_NE(out_.find("  quiet        off    tharsis level\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"level", "quiet=default", "--json"}), 0) << err_;
  EXPECT_NE(out_.find(R"({"plugin":"quiet","tag":"","level":"debug","origin":"setting"})"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"level", "quiet=error", "quit=debug"}), 2);
  EXPECT_EQ(err_, "tharsis: there is no plugin 'quit'; did you mean 'quiet'?\n");
  EXPECT_EQ(tharsis({"level", "quiet=loud"}), 2);
  EXPECT_NE(err_.find("there is no level 'loud'; there are verbose, debug, "), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"level", "quiett"}), 2);
  EXPECT_EQ(err_, "tharsis: nothing has logged as 'quiett' so far; did you mean 'quiet'?\n");
  EXPECT_EQ(tharsis({"level", "quiet"}), 0) << err_;
  EXPECT_NE(out_.find("  quiet        debug  the profile\n"), std::string::npos) << "a wrong word changes nothing: " << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}
