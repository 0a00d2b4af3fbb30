// The built program as a person or a script meets it: exit codes and messages for good input and for
// everything that can be wrong with a profile, a manifest, a library or a plugin's life.
//
// Method: each test runs build/<preset>/bin/tharsis as a child. Broken plugins are tests/fixtures.
// A test that ends proves that nothing hangs: child_process has a limit.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/e2e/program_stage.h"

namespace {

namespace fs = std::filesystem;
using tharsis::test::child_process;

class Program : public tharsis::test::program_stage {
 protected:
  std::vector<std::string> words(std::vector<std::string> given) const {
    given.insert(given.begin(), THARSIS_PROGRAM);
    return given;
  }
  // Runs the program to its end.
  int tharsis(std::vector<std::string> given) { return run_child(words(std::move(given))); }

  std::vector<std::string> run_words(const std::string& plugins) const {
    return {"run", profile(plugins), "--plugins", THARSIS_FIXTURES, "--state", folder_ + "/state"};
  }
  // Runs a profile of fixtures to its end.
  int run(const std::string& plugins, const std::vector<std::string>& more = {}) {
    auto all = run_words(plugins);
    all.insert(all.end(), more.begin(), more.end());
    return tharsis(all);
  }
};

}  // namespace

TEST_F(Program, SaysWhatItIs) {
  EXPECT_EQ(tharsis({"version"}), 0);
  EXPECT_EQ(out_.find("tharsis "), 0u) << out_;
  EXPECT_EQ(tharsis({"help"}), 0);
  EXPECT_NE(out_.find("tharsis run PROFILE"), std::string::npos);
  EXPECT_EQ(tharsis({"help", "run"}), 0);
  EXPECT_NE(out_.find("--for"), std::string::npos);
  EXPECT_EQ(tharsis({"--help", "check"}), 0);
  EXPECT_EQ(tharsis({}), 2);
}

TEST_F(Program, WordsThatMeanNothingAreRefused) {
  EXPECT_EQ(tharsis({"rnu", "x.yaml"}), 2);
  EXPECT_EQ(err_, "tharsis: there is no command 'rnu'; did you mean 'run'?\n");
  EXPECT_EQ(tharsis({"run"}), 2);
  EXPECT_EQ(err_, "tharsis: 'tharsis run' needs a PROFILE; see tharsis help run\n");
  EXPECT_EQ(tharsis({"run", "x.yaml", "--fro", "1s"}), 2);
  EXPECT_EQ(err_, "tharsis: there is no option '--fro'; did you mean '--for'?\n");
}

TEST_F(Program, HelloGreetsAndEndsWhenItsTimeIsOver) {
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--for", "100ms", "--state", folder_ + "/state"}), 0);
  EXPECT_EQ(out_, "hello from Tharsis\nhello runs; Ctrl-C stops\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(fs::status(folder_ + "/state").permissions(), fs::perms::owner_all);
}

TEST_F(Program, TheStateFolderIsPrivateAlsoInItsParents) {
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--for", "1ms", "--state", folder_ + "/a/b"}), 0);
  EXPECT_EQ(fs::status(folder_ + "/a").permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(folder_ + "/a/b").permissions(), fs::perms::owner_all);
}

TEST_F(Program, SettingsOnTheCommandLineReachThePlugin) {
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--set=hello.greeting=hey", "--for=1ms", "--json", "--state", folder_}), 0);
  EXPECT_EQ(out_, "") << "with --json, stdout is the result's alone";
  EXPECT_NE(err_.find("hey\n"), std::string::npos);
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--set", "hello.greeting=", "--state", folder_}), 1);
  expect_error("plugin 'hello' failed: --set hello.greeting: an empty greeting greets nobody\n");
}

TEST_F(Program, PluginsListsThoseOfTheProfileAndTheOthers) {
  EXPECT_EQ(tharsis({"plugins", "configs/hello.yaml"}), 0);
  EXPECT_EQ(out_.find("plugins of configs/hello.yaml, in the order in which they start:\n  hello  1.0.0  The smallest plugin"), 0u)
      << out_;
  EXPECT_NE(out_.find("also found, but not named by it:\n"), std::string::npos);
  EXPECT_EQ(tharsis({"plugins", "configs/hello.yaml", "--json"}), 0);
  EXPECT_EQ(out_.find("{\"plugins\":[{\"id\":\"hello\",\"version\":\"1.0.0\","), 0u) << out_;
}

TEST_F(Program, AFolderOfPluginsThatIsNotThereIsRefused) {
  for (const char* command : {"check", "run", "plugins", "lock"}) {
    EXPECT_EQ(tharsis({command, "configs/hello.yaml", "--plugins", folder_ + "/plugnis"}), 2) << command;
    EXPECT_EQ(err_, "tharsis: --plugins: there is no folder " + folder_ + "/plugnis\n");
  }
  EXPECT_EQ(tharsis({"hello", "greet", "--plugins", folder_ + "/plugnis"}), 2);
}

TEST_F(Program, CheckRunsNoCodeAndSaysEverything) {
  EXPECT_EQ(tharsis({"check", profile("  blocks_in_start:\n"), "--plugins", THARSIS_FIXTURES}), 0);
  EXPECT_NE(out_.find(" is good; it starts blocks_in_start\n"), std::string::npos);
  EXPECT_EQ(tharsis({"check", profile("  quiet: { greting: 1 }\n  quite:\n  missing_library:\n"), "--plugins", THARSIS_FIXTURES}), 2);
  expect_error("profile.yaml:3:12: error: quiet: unknown key 'greting'\n   3 |   quiet: { greting: 1 }\n     |            ^\n"
               "note: did you mean 'greeting'?\n");
  expect_error("profile.yaml:4:3: error: there is no plugin 'quite'\n");
  expect_error("note: did you mean 'quiet'?\n");
  expect_error("missing_library/plugin.yaml:4:10: error: there is no file ");
  expect_error("3 problems; nothing was started\n");
}

TEST_F(Program, TheProfileMustBeThereAndBeYaml) {
  EXPECT_EQ(tharsis({"run", folder_ + "/none.yaml"}), 2);
  expect_error("none.yaml: error: there is no such file\n");
  EXPECT_EQ(tharsis({"run", folder_}), 2);
  expect_error("error: this is a folder, not a file\n");
  EXPECT_EQ(run("  quiet: { greeting: [\n"), 2);
  expect_error("error: this is not valid YAML: ");
}

TEST_F(Program, DuplicateKeysAndWrongTypesAreRefused) {
  EXPECT_EQ(run("  quiet: { greeting: a, greeting: b, start_deadline: 5 }\n"), 2);
  expect_error("error: duplicate key 'greeting'\n");
  expect_error("error: quiet.start_deadline: expected a duration like '5s' or '200ms', got '5'\n");
  expect_error("2 problems; nothing was started\n");
}

TEST_F(Program, AMissingRequirementIsNamed) {
  EXPECT_EQ(run("  needs_nobody:\n"), 2);
  expect_error("needs_nobody/plugin.yaml:5:12: error: needs_nobody requires 'test.nobody/1', which no plugin of this profile provides\n");
  EXPECT_EQ(run("  waits:\n"), 2);
  expect_error("note: it is provided by 'start_fails'; name one under 'plugins:' in the profile\n");
}

TEST_F(Program, ACycleIsPrintedAsAPath) {
  EXPECT_EQ(run("  cycle_a:\n  cycle_b:\n"), 2);
  expect_error("cycle_a/plugin.yaml:6:12: error: these plugins require each other: cycle_a -> cycle_b -> cycle_a\n");
  expect_error("cycle_b/plugin.yaml:6:12: note: cycle_b requires 'test.cycle_a/1' of cycle_a\n");
}

TEST_F(Program, LibrariesThatAreNoneAreRefusedAllAtOnce) {
  EXPECT_EQ(run("  missing_library:\n"), 2);
  expect_error("missing_library.so; is the plugin built, and is `library` spelled like the file?\n");
  EXPECT_EQ(run("  corrupt:\n  no_entry:\n  wrong_abi:\n  disagrees:\n  empty_table:\n  quiet:\n"), 2);
  expect_error("plugin 'corrupt': its library cannot be loaded: ");
  expect_error("plugin 'no_entry': ");
  expect_error("no_entry.so is a library, but no plugin: it exports no tharsis_plugin_entry\n");
  expect_error("wrong_abi.so does not speak ABI major 1 of this runtime; rebuild it with this version's sdk\n");
  expect_error("disagrees.so says it is disagrees 1.0.0, ");
  expect_error("disagrees/plugin.yaml says disagrees 1.0.1; both must come from the same build\n");
  expect_error("empty_table.so answers an incomplete table: ");
}

TEST_F(Program, APluginThatCannotBeCreatedOrStartedIsNamedWithThoseWhoWait) {
  EXPECT_EQ(run("  create_fails:\n"), 1);
  EXPECT_EQ(err_, "plugin 'create_fails' failed: this machine has no left-handed screwdriver\n");
  EXPECT_EQ(run("  start_fails:\n  waits:\n  waits_longer:\n  quiet:\n"), 1);
  expect_error("plugin 'start_fails' failed: port 17 is taken by somebody else\n");
  expect_error("plugin 'waits' was not started: it requires plugin 'start_fails', which has failed: port 17 is taken by somebody else\n");
  expect_error("plugin 'waits_longer' was not started: it requires plugin 'waits', which waits itself: it requires plugin "
               "'start_fails', which has failed: port 17 is taken by somebody else\n");
}

TEST_F(Program, APluginThatFailsWhileItRunsEndsTheRun) {
  EXPECT_EQ(run("  fails_later: { restart: never }\n"), 1);
  expect_error("plugin 'fails_later' failed: the moon has set\n");
}

TEST_F(Program, WhatTheManifestDoesNotListIsDenied) {
  EXPECT_EQ(run("  declares_foreign:\n"), 1);
  expect_error("plugin 'declares_foreign' failed: topic 'stn.link' is not in `publishes` of ");
  EXPECT_EQ(run("  provides_foreign:\n"), 1);
  expect_error("plugin 'provides_foreign' failed: 'test.foreign/1' is not in `provides` of ");
}

TEST_F(Program, AStartThatNeverEndsMeetsItsDeadline) {
  EXPECT_EQ(run("  never_ready: { start_deadline: 100ms }\n"), 1);
  EXPECT_EQ(err_, "plugin 'never_ready' failed: start has not finished within 100 ms\n");
  EXPECT_EQ(run("  blocks_in_start: { start_deadline: 100ms, stop_deadline: 100ms, loop: dedicated }\n  quiet:\n"), 1);
  EXPECT_EQ(err_, "plugin 'blocks_in_start' is stuck: start has not finished within 100 ms\n");
}

TEST_F(Program, AStopThatNeverEndsMeetsItsDeadline) {
  EXPECT_EQ(run("  never_stopped: { stop_deadline: 100ms }\n", {"--for", "1ms"}), 1);
  EXPECT_EQ(err_, "plugin 'never_stopped' failed: stop has not finished within 100 ms\n");
  EXPECT_EQ(run("  quiet:\n  blocks_in_stop: { stop_deadline: 100ms, loop: dedicated }\n", {"--for", "1ms"}), 1);
  EXPECT_EQ(err_, "plugin 'blocks_in_stop' is stuck: stop has not finished within 100 ms\n");
}

TEST_F(Program, APluginThatBlocksASharedThreadDoesNotBlockTheProgram) {
  EXPECT_EQ(run("  blocks_in_stop: { stop_deadline: 100ms }\n  quiet: { stop_deadline: 100ms }\n  never_stopped: { stop_deadline: 100ms }\n",
                {"--for", "1ms"}),
            1);
  expect_error("plugin 'blocks_in_stop' is stuck: stop has not finished within 100 ms\n");
}

TEST_F(Program, BlockingWorkThatNeverComesBackIsNamed) {
  EXPECT_EQ(run("  work_never_ends:\n", {"--for", "1ms"}), 1);
  expect_error("plugin 'work_never_ends' is stuck: 1 blocking call(s) have not come back, so it was not destroyed\n");
}

TEST_F(Program, WhatAPluginLeavesOpenIsNamed) {
  EXPECT_EQ(run("  leaks:\n", {"--for", "1ms"}), 0);
  expect_error("warning: leaks: left 2 timers open when it was destroyed: leaks::on_wake in leaks.so (2 times)\n");
  expect_error("warning: leaks: left 3 sockets open when it was destroyed: connection with 127.0.0.1:9, datagram socket on 127.0.0.1:");
  expect_error(", listener on 127.0.0.1:");
  expect_error("warning: leaks: left 1 subscription open when it was destroyed: **\n");
  expect_error("warning: leaks: left 1 file open when it was destroyed: " + folder_ + "/state/leaks/left\n");
}

TEST_F(Program, InterruptStopsCleanly) {
  child_process child(words(run_words("  quiet:\n")));
  ASSERT_TRUE(child.wait_for("quiet runs; Ctrl-C stops"));
  child.interrupt();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(child.err, "");
}

TEST_F(Program, ASecondInterruptStopsAtOnce) {
  child_process child(words(run_words("  never_stopped: { stop_deadline: 1h }\n")));
  ASSERT_TRUE(child.wait_for("never_stopped runs; Ctrl-C stops"));
  child.interrupt();
  ASSERT_TRUE(child.wait_for("Ctrl-C ends at once"));
  child.interrupt();
  EXPECT_EQ(child.wait(), 1);
  EXPECT_EQ(child.err,
            "still stopping, because never_stopped is stopping; Ctrl-C ends at once\n"
            "ended at once, while never_stopped is stopping\n");
}

TEST_F(Program, AStateFolderThatCannotBeWrittenIsRefused) {
  std::ofstream(folder_ + "/file") << "no folder";
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--state", folder_ + "/file/state"}), 2);
  EXPECT_EQ(err_, "tharsis: the state folder " + folder_ + "/file/state cannot be made: Not a directory; name another with --state DIR\n");
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--state", folder_ + "/file"}), 2);
  expect_error("cannot be used: Not a directory");
  // Even root cannot write here.
  EXPECT_EQ(tharsis({"run", "configs/hello.yaml", "--state", "/proc/self"}), 2);
  expect_error("tharsis: the state folder /proc/self cannot be written to: ");
}

TEST_F(Program, APluginsCommandRunsInASmallRuntime) {
  EXPECT_EQ(tharsis({"commands", "echo", "a", "--json", "b", "--plugins", THARSIS_FIXTURES, "--set", "mark=+"}), 0);
  EXPECT_EQ(out_, "a+--json+b+\n");
  EXPECT_EQ(err_, "");
  EXPECT_EQ(tharsis({"commands", "fail", "--plugins", THARSIS_FIXTURES}), 1);
  EXPECT_EQ(tharsis({"commands", "throw", "--plugins", THARSIS_FIXTURES}), 1);
  expect_error("run_command() threw an exception: on purpose");
}

TEST_F(Program, APluginsCommandsAreListedAndMisspellingsRefused) {
  EXPECT_EQ(tharsis({"help", "commands", "--plugins", THARSIS_FIXTURES}), 0);
  EXPECT_NE(out_.find("  echo   echo WORD...: print the words and the setting.\n"), std::string::npos) << out_;
  for (const std::vector<std::string>& asked : {std::vector<std::string>{"help", "commands", "echo"}, {"--help", "commands", "echo"}}) {
    auto words = asked;
    words.insert(words.end(), {"--plugins", THARSIS_FIXTURES});
    EXPECT_EQ(tharsis(words), 0) << err_;
    EXPECT_EQ(out_, "--help!\n") << "the command says itself what it takes";
  }
  EXPECT_EQ(tharsis({"commands", "ecko", "--plugins", THARSIS_FIXTURES}), 2);
  EXPECT_EQ(err_, "tharsis: plugin 'commands' has no command 'ecko'; it has echo, fail, throw and idle\n");
  EXPECT_EQ(tharsis({"commands", "echo", "--plugins", THARSIS_FIXTURES, "--set", "mrak=+"}), 2);
  expect_error("error: commands: unknown key 'mrak'\nnote: did you mean 'mark'?\n");
  EXPECT_EQ(tharsis({"lists_only", "nothing", "--plugins", THARSIS_FIXTURES}), 1);
  expect_error("plugin 'lists_only' lists commands in its manifest, but has no tharsis.command/1; this is a defect of the plugin\n");
}

TEST_F(Program, ACommandThatIsCutOffHasFailed) {
  child_process child(words({"commands", "idle", "--plugins", THARSIS_FIXTURES}));
  ASSERT_TRUE(child.wait_for("idle"));
  child.interrupt();
  EXPECT_EQ(child.wait(), 1);
}

// Layers and trust, as a person meets them.

TEST_F(Program, AVariableIsALayerAndAMisspeltOneIsNamed) {
  const std::string hello = "configs/hello.yaml";
  const auto with = [&](const std::string& variable, std::vector<std::string> given) {
    given.insert(given.begin(), {"/usr/bin/env", variable, THARSIS_PROGRAM});
    child_process child(given);
    const int code = child.wait();
    out_ = child.out;
    err_ = child.err;
    return code;
  };
  EXPECT_EQ(with("THARSIS__hello__greeting=hey", {"run", hello, "--for", "1ms", "--state", folder_}), 0);
  EXPECT_EQ(out_.find("hey\n"), 0u) << out_;
  EXPECT_EQ(with("THARSIS__hello__greting=hey", {"run", hello, "--for", "1ms", "--state", folder_}), 2);
  expect_error("THARSIS__hello__greting: error: hello: unknown key 'greting'\nnote: did you mean 'greeting'?\n");
}

TEST_F(Program, APinnedProfileRunsWhatWasLockedAndNothingElse) {
  fs::create_directories(folder_ + "/plugins");
  fs::copy(std::string(THARSIS_FIXTURES) + "/quiet", folder_ + "/plugins/quiet", fs::copy_options::recursive);
  const std::string file = folder_ + "/profile.yaml";
  std::ofstream(file) << "tharsis: 1\ntrust: pinned\nplugins: { quiet: }\n";
  const std::vector<std::string> words = {"run", file, "--for", "1ms", "--plugins", folder_ + "/plugins", "--state", folder_ + "/state"};
  EXPECT_EQ(tharsis(words), 2);
  expect_error("but there is no " + file + ".lock\n");
  EXPECT_EQ(tharsis({"lock", file, "--plugins", folder_ + "/plugins"}), 0);
  EXPECT_EQ(out_, "wrote " + file + ".lock with quiet\n");
  EXPECT_EQ(tharsis(words), 0) << err_;
  std::ofstream(folder_ + "/plugins/quiet/quiet.so", std::ios::app) << "x";
  EXPECT_EQ(tharsis({"check", file, "--plugins", folder_ + "/plugins"}), 2);
  expect_error("quiet.so is not the library that was locked\n");
  EXPECT_EQ(tharsis(words), 2);
}

TEST_F(Program, AFolderThatEverybodyCanWriteToIsRefused) {
  fs::create_directories(folder_ + "/plugins");
  fs::copy(std::string(THARSIS_FIXTURES) + "/quiet", folder_ + "/plugins/quiet", fs::copy_options::recursive);
  fs::permissions(folder_ + "/plugins", fs::perms::all);
  for (const char* command : {"check", "run", "lock"}) {
    EXPECT_EQ(tharsis({command, profile("  quiet:\n"), "--plugins", folder_ + "/plugins", "--state", folder_ + "/state"}), 2) << command;
    expect_error(folder_ + "/plugins can be changed by others (its mode is 0777); take that away: chmod go-w " + folder_ + "/plugins\n");
  }
}
