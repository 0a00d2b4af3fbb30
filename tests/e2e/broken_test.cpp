// Goal: a plugin that breaks a rule, in whichever place, is named with a sentence that says what it did,
// and everything else goes on and stops in order.
//
// Method: each test runs `tharsis run` as a child with tests/fixtures/broken, which does one wrong thing
// in one place, or raw, which throws where nothing holds it back; beside it, quiet does everything right.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/program_stage.h"

namespace {

namespace fs = std::filesystem;
using tharsis::test::child_process;

class Broken : public tharsis::test::program_stage {
 protected:
  std::vector<std::string> words(const std::string& plugins) const { return run_words(profile(plugins)); }
  int run(const std::string& plugins, const std::string& how_long = "1h") {
    auto all = words(plugins);
    all.insert(all.end(), {"--for", how_long});
    return run_child(all);
  }
  // With quiet beside it; its first failure is the last.
  int run_broken(const std::string& settings, const std::string& how_long = "1h") {
    return run("  broken: { restart: never, " + settings + " }\n  quiet:\n", how_long);
  }
};

}  // namespace

TEST_F(Broken, AnExceptionInAStepIsTheReasonOfTheFailure) {
  EXPECT_EQ(run_broken("in: create, does: throws"), 1);
  EXPECT_EQ(err_, "plugin 'broken' failed: create() threw an exception: the bridge is out\n");
  EXPECT_EQ(run_broken("in: start, does: throws"), 1);
  EXPECT_EQ(err_, "plugin 'broken' failed: start() threw an exception: the bridge is out\n");
  EXPECT_EQ(run_broken("in: start, does: throws_number"), 1);
  EXPECT_EQ(err_, "plugin 'broken' failed: start() threw something that is no std::exception\n");
  EXPECT_EQ(run_broken("in: stop, does: throws", "1ms"), 0);
  EXPECT_EQ(err_, "error: broken: stop failed with status 'internal'\n");
}

TEST_F(Broken, AnExceptionThatLeavesAPluginIsHeldByTheHost) {
  const std::string threw = "() threw std::length_error: longer than the river; no exception may leave a plugin\n";
  for (const std::string step : {"create", "start"}) {
    EXPECT_EQ(run("  raw: { throws_in: " + step + " }\n  quiet:\n"), 1);
    EXPECT_EQ(err_, "plugin 'raw' failed: " + step + threw);
  }
  for (const std::string step : {"stop", "destroy"}) {
    EXPECT_EQ(run("  raw: { throws_in: " + step + " }\n  quiet:\n", "1ms"), 0);
    EXPECT_EQ(err_, "error: raw: " + step + threw);
  }
}

TEST_F(Broken, AnExceptionInACallbackFailsThePluginAndNamesTheCallback) {
  const std::string threw = " threw std::runtime_error: the bridge is out; no exception may leave a plugin\n";
  EXPECT_EQ(run_broken("in: event, does: throws"), 1);
  EXPECT_EQ(err_, "plugin 'broken' failed: an event of broken.tick" + threw);
  EXPECT_EQ(run_broken("in: timer, does: throws"), 1);
  EXPECT_EQ(err_.find("plugin 'broken' failed: a timer ("), 0u) << err_;
  expect_error("broken::start");
  expect_error(threw);
  EXPECT_EQ(run_broken("in: wake, does: throws"), 1);
  EXPECT_EQ(err_.find("plugin 'broken' failed: a wake ("), 0u) << err_;
  EXPECT_EQ(run_broken("in: task, does: throws"), 1);
  EXPECT_EQ(err_.find("plugin 'broken' failed: a wake ("), 0u) << err_;
  expect_error("threw std::runtime_error: the bridge is out");
  EXPECT_EQ(run_broken("in: blocking, does: throws_number"), 1);
  EXPECT_EQ(err_.find("plugin 'broken' failed: the end of blocking work ("), 0u) << err_;
  expect_error(" threw a int; no exception may leave a plugin\n");
  EXPECT_EQ(run_broken("in: blocking_work, does: throws"), 1);
  EXPECT_EQ(err_.find("plugin 'broken' failed: the end of blocking work ("), 0u) << err_;
  expect_error("threw std::runtime_error: the bridge is out");
}

TEST_F(Broken, AnExceptionInACommandEndsIt) {
  child_process child({THARSIS_PROGRAM, "broken", "break", "--set", "in=command", "--set", "does=throws", "--plugins",
                       THARSIS_FIXTURES, "--state", folder_ + "/state"});
  EXPECT_EQ(child.wait(), 1);
  EXPECT_EQ(child.err,
            "plugin 'broken' failed: command broken threw std::runtime_error: the bridge is out; no exception may leave a plugin\n");
}

TEST_F(Broken, ACrashEndsTheProcessAndIsNotHeldBack) {
  for (const std::string place : {"create", "start", "timer"}) {
    child_process child(words("  broken: { in: " + place + ", does: crashes }\n"));
    EXPECT_NE(child.wait(), 0);
    fs::remove_all(folder_ + "/state");  // Where the next start would find whom to leave out.
  }
}

TEST_F(Broken, ToldTwiceIsToldOnce) {
  EXPECT_EQ(run_broken("in: start, does: tells_twice", "1ms"), 0);
  EXPECT_EQ(err_, "");
  EXPECT_EQ(run_broken("in: timer, does: tells_twice", "1ms"), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(Broken, WhatBelongsOnTheOwnStrandIsRefusedElsewhere) {
  EXPECT_EQ(run_broken("in: start, does: calls_from_elsewhere", "1ms"), 0);
  expect_error("warning: broken: timer_set: invalid\n");
  expect_error("warning: broken: run_blocking: invalid\n");
  const std::string sentence =
      "() was called on a thread that does not run a callback of plugin 'broken'; post() to its strand and call it there\n";
  for (const std::string function : {"subscribe", "declare", "provide"})
    expect_error("warning: broken: " + function + ": invalid, " + function + sentence);
  for (const std::string function : {"unsubscribe", "withdraw", "ready", "stopped"})
    expect_error("error: broken: " + function + sentence);
}

TEST_F(Broken, ACallbackThatBlocksIsReportedWithItsStackAndItsEnd) {
  child_process child(words("  broken: { in: event, does: blocks, takes: 1500ms, stall_limit: 50ms }\n  quiet:\n"));
  ASSERT_TRUE(child.wait_for("blocked its thread for ")) << child.err;
  child.interrupt();
  EXPECT_EQ(child.wait(), 0);
  err_ = child.err;
  EXPECT_EQ(err_.find("error: broken: an event of broken.tick has been running for "), 0u) << err_;
  expect_error(" ms and blocks its thread\n");
  expect_error("wait_in_vain in broken.so\nbroken::misbehave in broken.so\n");
  expect_error("warning: broken: an event of broken.tick blocked its thread for ");
}

TEST_F(Broken, ACallbackThatBlocksFailsThePluginWhereItsProfileSaysRestart) {
  EXPECT_EQ(run_broken("in: event, does: blocks, takes: 1s, stall_limit: 50ms, stall: restart"), 1);
  expect_error("plugin 'broken' failed: an event of broken.tick blocked its thread for ");
  expect_error(" ms, and its profile says `stall: restart`\n");
}

TEST_F(Broken, ACallbackThatBlocksEndsTheProcessWhereItsProfileSaysAbort) {
  EXPECT_EQ(run_broken("in: event, does: blocks, stall_limit: 50ms, stall: abort"), -1) << "by a signal";
  expect_error(" ms and blocks its thread; the process ends, as its profile says `stall: abort`\n");
  expect_error("wait_in_vain in broken.so\n");
}

TEST_F(Broken, WhoSharesAThreadWithABlockedOneIsNotBlamed) {
  EXPECT_EQ(run_broken("in: event, does: blocks, stall_limit: 50ms, stop_deadline: 300ms", "1ms"), 1);
  EXPECT_EQ(err_.find("error: quiet: "), std::string::npos) << err_;
  expect_error("error: broken: an event of broken.tick has been running for ");
}

TEST_F(Broken, AStallIsAnEventAndIsSeenInTheStatus) {
  child_process child(words("  broken: { in: event, does: blocks, stall_limit: 50ms, stop_deadline: 100ms }\n  quiet: { loop: dedicated }\n"));
  ASSERT_TRUE(child.wait_for("wait_in_vain")) << child.err;
  child_process why({THARSIS_PROGRAM, "why", "broken", "--state", folder_ + "/state"});
  EXPECT_EQ(why.wait(), 0) << why.err;
  EXPECT_NE(why.out.find(": an event of broken.tick has been running for more than 50 ms and blocks its thread\n"), std::string::npos)
      << why.out;
  child.interrupt();
  EXPECT_EQ(child.wait(), 1);
}

TEST_F(Broken, AThreadThatIsLeftRunningIsNamed) {
  for (const std::string place : {"create", "start", "timer", "stop"}) {
    EXPECT_EQ(run_broken("in: " + place + ", does: leaves_thread", place == "timer" ? "300ms" : "1ms"), 0);
    EXPECT_EQ(err_, "warning: broken: left 1 thread running when it was destroyed: 'bridge' in thread_without_end in broken.so\n");
  }
}

TEST_F(Broken, WhoSharesAThreadWithOneThatBlocksInStopIsToldWhoItIs) {
  const std::string soon = "stop_deadline: 100ms";
  EXPECT_EQ(run("  broken: { in: stop, does: blocks, " + soon + " }\n  quiet: { " + soon + " }\n  raw: { " + soon + " }\n", "1ms"), 1);
  expect_error("plugin 'broken' is stuck: stop has not finished within 100 ms\n");
  expect_error("; its thread is busy with plugin 'broken' (stop())\n");
}
