// Goal: a person sees what becomes of a plugin that fails, crashes or gets other settings, and can change it
// without ending the rest. Method: each test runs `tharsis run` as a child and asks it with other children.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/program_stage.h"

namespace {

namespace fs = std::filesystem;
using tharsis::test::child_process;

class RestartProgram : public tharsis::test::program_stage {
 protected:
  void write(const std::string& plugins) const { profile(plugins, "one"); }
  std::vector<std::string> words(const std::string& plugins) const { return run_words(profile(plugins, "one")); }
  int tharsis(std::vector<std::string> given) { return ask(std::move(given)); }

  // Asks until the answer has this in it; for ever is a minute.
  bool comes_to_say(const std::vector<std::string>& given, const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    do {
      if (tharsis(given) == 0 && out_.find(text) != std::string::npos) return true;
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }
};

}  // namespace

TEST_F(RestartProgram, WhatFailsWhileItRunsIsStartedAgainUntilItIsGivenUp) {
  child_process running(words("  tunable: { fails_when_running: true, restart_wait: 1ms, restart_limit: 3 }\n  follower: {}\n"));
  EXPECT_EQ(running.wait(), 1);
  EXPECT_NE(running.err.find("plugin 'tunable' failed: a string has snapped; it is started again in "), std::string::npos) << running.err;
  EXPECT_NE(running.err.find("plugin 'tunable' failed: a string has snapped; it has failed 4 times in a row and is not restarted again\n"),
            std::string::npos)
      << running.err;
  EXPECT_NE(running.err.find("plugin 'follower' was not started: it requires plugin 'tunable', which has failed: a string has snapped"),
            std::string::npos)
      << running.err;
}

TEST_F(RestartProgram, WhoWaitsForARestartIsShownWithTheReasonAndTheTime) {
  child_process running(words("  quiet: {}\n  tunable: { fails_when_running: true, restart_wait: 1h, restart_wait_longest: 1h }\n  follower: {}\n"));
  ASSERT_TRUE(running.wait_for("it is started again in 1h")) << running.err;
  EXPECT_EQ(tharsis({"why", "tunable"}), 0) << err_;
  EXPECT_NE(out_.find("tunable is failed since 0 s: a string has snapped; it is started again in "), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"why", "follower"}), 0) << err_;
  EXPECT_NE(out_.find("follower is waiting since 0 s: it requires plugin 'tunable', which has failed: a string has snapped; it will be tried again\n"),
            std::string::npos)
      << out_;
  write("  quiet: {}\n  tunable: { restart_wait: 1h, restart_wait_longest: 1h }\n  follower: {}\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << err_;
  EXPECT_EQ(out_, "tunable: changed\n  fails_when_running: true -> false\n");
  EXPECT_EQ(tharsis({"why", "follower"}), 0) << err_;
  EXPECT_NE(out_.find("follower is running"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"metrics", "--json"}), 0) << err_;
  EXPECT_NE(out_.find(R"("plugin":"tunable","name":"failures","kind":"counter","unit":"1","help":"Times that it failed","value":1)"),
            std::string::npos)
      << out_;
  EXPECT_NE(out_.find(R"("plugin":"tunable","name":"starts","kind":"counter","unit":"1","help":"Times that it was started","value":2)"),
            std::string::npos)
      << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << "in the end everything ran: " << running.err;
}

TEST_F(RestartProgram, ReloadPrintsTheDifferenceOrWhyThereIsNone) {
  child_process running(words("  tunable: {}\n"));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"reload"}), 0) << err_;
  EXPECT_EQ(out_, "nothing has changed\n");
  write("  tunable: { live: 4 }\n  quiet: {}\n");
  EXPECT_EQ(tharsis({"reload", "--json"}), 0) << err_;
  EXPECT_EQ(out_.find("{\"changed\":true,\"text\":\"tunable: changed"), 0u) << out_;
  write("  tunable: { live: 5, refuses: true }\n");
  EXPECT_EQ(tharsis({"reload"}), 1);
  EXPECT_EQ(err_, "plugin 'tunable' refuses its new settings: it likes what it has; nothing was changed\n");
  write("  tunable: { live: often }\n  quite: {}\n");
  EXPECT_EQ(tharsis({"reload"}), 2);
  EXPECT_NE(err_.find("one.yaml:3:20: error: tunable.live: "), std::string::npos) << err_;
  EXPECT_NE(err_.find("did you mean 'quiet'?"), std::string::npos) << err_;
  EXPECT_NE(err_.find("\nnothing was changed\n"), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"status"}), 0) << err_;
  EXPECT_NE(out_.find("  quiet    running"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, AReloadThatFailsBesideOneThatTakesItsTimeDoesNotEndTheRun) {
  child_process running(words("  tunable: {}\n  parrot: {}\n"));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  write("  tunable: { start: fails }\n  parrot: {}\n  never_ready: { start_deadline: 300ms }\n");
  EXPECT_EQ(tharsis({"reload"}), 2);
  EXPECT_NE(err_.find("everything is as it was before\n"), std::string::npos) << err_;
  EXPECT_EQ(tharsis({"status"}), 0) << err_;
  EXPECT_NE(out_.find("  tunable  running"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, AHangUpThatSomebodySendsIsAReload) {
  child_process running(words("  tunable: {}\n"));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  write("  tunable: { fixed: 4 }\n");
  running.signal(SIGHUP);
  ASSERT_TRUE(running.wait_for("the profile was read again: tunable: changed")) << running.err;
  write("  tunable: { fixed: 4, start: fails }\n");
  running.signal(SIGHUP);
  ASSERT_TRUE(running.wait_for("the profile was not changed: plugin 'tunable' failed: the strings are broken; everything is as it was before"))
      << running.err;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, AHangUpEndsThoughAPluginGoesWhileItReadsItsFiles) {
  child_process running(words("  tunable: { reread: fails, restart_wait: 1ms }\n"));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  running.signal(SIGHUP);
  ASSERT_TRUE(running.wait_for("tunable: plugin 'tunable' went before it had finished 'reread'")) << running.err;
  write("  tunable: { reread: finds }\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << "the one before has ended: " << err_;
  EXPECT_NE(out_.find("tunable: it has another score\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, WhatCrashesTheProcessIsLeftOutOnceAndNamed) {
  {
    child_process crashes(words("  quiet: {}\n  tunable: { start: crashes }\n"));
    EXPECT_NE(crashes.wait(), 0);
  }
  child_process running(words("  quiet: {}\n  tunable: { start: crashes }\n"));
  ASSERT_TRUE(running.wait_for("plugin 'tunable' is left out: the process died in its start the last time; the next start, or a reload, tries it again"))
      << running.err;
  ASSERT_TRUE(running.wait_for("Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"why", "tunable"}), 0) << err_;
  EXPECT_NE(out_.find("tunable is disabled since "), std::string::npos) << out_;
  write("  quiet: {}\n  tunable: {}\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << err_;
  EXPECT_EQ(tharsis({"why", "tunable"}), 0) << err_;
  EXPECT_NE(out_.find("tunable is running"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, WhoNeedsWhatIsLeftOutEndsTheRun) {
  { child_process(words("  tunable: { start: crashes }\n  follower: {}\n")).wait(); }
  child_process second(words("  tunable: {}\n  follower: {}\n"));
  EXPECT_EQ(second.wait(), 1);
  EXPECT_NE(second.err.find("plugin 'follower' was not started: it requires plugin 'tunable', which is left out: the process died in its start"),
            std::string::npos)
      << second.err;
  child_process third(words("  tunable: {}\n  follower: {}\n"));
  ASSERT_TRUE(third.wait_for("run; Ctrl-C stops")) << third.err;
}

// Asked of its new settings, by `tharsis reload`, a plugin does what it must not.
TEST_F(RestartProgram, WhoRefusesOrThrowsWhenAskedKeepsEverythingAsItIs) {
  child_process running(words("  broken: {}\n  quiet: {}\n"));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  const std::pair<std::string, std::string> cases[] = {
      {"refuses", "the bridge stays as it is"},
      {"throws", "configure() threw an exception: the bridge is out"},
      {"throws_number", "configure() threw something that is no std::exception"}};
  for (const auto& [does, words_of_it] : cases) {
    write("  broken: { in: configure, does: " + does + " }\n");
    EXPECT_EQ(tharsis({"reload"}), 1) << does;
    EXPECT_EQ(err_, "plugin 'broken' refuses its new settings: " + words_of_it + "; nothing was changed\n");
  }
  EXPECT_EQ(tharsis({"status"}), 0) << err_;
  EXPECT_NE(out_.find("  quiet   running"), std::string::npos) << out_;
  EXPECT_NE(out_.find("  broken  running"), std::string::npos) << out_;
  write("  broken: { in: configure, does: nothing }\n  quiet: {}\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << "what it refused is forgotten: " << err_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, WhatThrowsWhenItTakesItsNewSettingsIsAsItWasBefore) {
  child_process running(words("  broken: {}\n  quiet: {}\n"));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  write("  broken: { in: commit, does: throws, restart: never }\n");
  EXPECT_EQ(tharsis({"reload"}), 2);
  EXPECT_EQ(err_, "plugin 'broken' failed: its new settings could not be taken: configure() threw an exception: the bridge is out; "
                  "everything is as it was before\n");
  EXPECT_EQ(tharsis({"status"}), 0) << err_;
  EXPECT_NE(out_.find("  quiet   running"), std::string::npos) << out_;
  EXPECT_NE(out_.find("  broken  running"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, WhoCrashesWhenAskedEndsTheProcessAndWhoeverWaitsForItIsToldSo) {
  child_process running(words("  broken: {}\n  quiet: {}\n"));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  write("  broken: { in: configure, does: crashes }\n  quiet: {}\n");
  EXPECT_EQ(tharsis({"reload"}), 1);
  EXPECT_NE(err_, "");
  EXPECT_NE(running.wait(), 0);
  child_process again(words("  broken: { in: configure, does: crashes }\n  quiet: {}\n"));
  EXPECT_TRUE(again.wait_for("run; Ctrl-C stops")) << "a start asks nobody: " << again.err;
}

TEST_F(RestartProgram, WhoDoesNotAnswerInTimeIsNamedAndNothingIsChanged) {
  child_process running(words("  broken: {}\n  quiet: { loop: dedicated }\n"));
  ASSERT_TRUE(running.wait_for("run; Ctrl-C stops")) << running.err;
  write("  broken: { in: configure, does: blocks, takes: 11s }\n  quiet: { loop: dedicated, greeting: bye }\n");
  EXPECT_EQ(tharsis({"reload"}), 1);
  EXPECT_EQ(err_, "plugin 'broken' has not said within 10000 ms whether it takes its new settings; nothing was changed\n");
  ASSERT_TRUE(running.wait_for("broken: configure() blocked its thread for ")) << running.err;
  write("  broken: { in: configure, does: nothing }\n  quiet: { loop: dedicated }\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << "its late answer is nobody's: " << err_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, WhatBlockedItsThreadRunsAgainWhereItsProfileSaysRestart) {
  child_process running(words(
      "  broken: { in: event, does: blocks, once: true, takes: 300ms, stall_limit: 50ms, stall: restart, restart_wait: 1s }\n"));
  ASSERT_TRUE(running.wait_for("plugin 'broken' failed: an event of broken.tick blocked its thread for ")) << running.err;
  ASSERT_TRUE(running.wait_for("it is started again in ")) << running.err;
  EXPECT_TRUE(comes_to_say({"why", "broken"}, "broken is running since ")) << out_;
  EXPECT_EQ(tharsis({"metrics", "--prometheus"}), 0) << err_;
  EXPECT_NE(out_.find("tharsis_starts_total{plugin=\"broken\"} 2\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}

TEST_F(RestartProgram, WhatAPluginLeftBehindIsTheAnswerToWhyAlsoAfterItRunsAgain) {
  child_process running(words("  broken: { in: stop, does: leaves_thread }\n"));
  ASSERT_TRUE(running.wait_for("runs; Ctrl-C stops")) << running.err;
  EXPECT_EQ(tharsis({"why", "broken"}), 0) << err_;
  EXPECT_NE(out_.find("; nothing is wrong with it\n"), std::string::npos) << out_;
  write("  broken: { in: start, does: nothing }\n");
  EXPECT_EQ(tharsis({"reload"}), 0) << err_;
  const std::string left = "left 1 thread running when it was destroyed: 'bridge' in thread_without_end in broken.so";
  EXPECT_EQ(tharsis({"why", "broken"}), 0) << err_;
  EXPECT_NE(out_.find("broken is running since "), std::string::npos) << out_;
  EXPECT_NE(out_.find("\n  before, it " + left + "\n"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"status"}), 0) << err_;
  EXPECT_NE(out_.find("it has left something open, see tharsis why broken"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"status", "--json"}), 0) << err_;
  EXPECT_NE(out_.find("\"leaks\":[\"" + left + "\"]"), std::string::npos) << out_;
  EXPECT_EQ(tharsis({"stop"}), 0) << err_;
  EXPECT_EQ(running.wait(), 0) << running.err;
}
