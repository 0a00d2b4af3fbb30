// Goal: every trial of `tharsis validate-plugin` can fail, says what is wrong and how to see it again; what is good passes
// all. Method: the built program, with fixtures that do one thing wrong each.
#include <gtest/gtest.h>

#include <string_view>

#include "runtime/simulation/plugin_trials.h"
#include "tests/e2e/program_stage.h"

namespace {

class Validate : public tharsis::test::program_stage {
 protected:
  int validate(const std::string& fixture, std::vector<std::string> words) {
    words.insert(words.begin(), {THARSIS_PROGRAM, "validate-plugin", THARSIS_FIXTURES "/" + fixture});
    words.insert(words.end(), {"--plugins", THARSIS_FIXTURES});
    return run_child(words);
  }
};

struct flaw {
  const char* trial;
  const char* fixture;
  const char* how;   // Of `wicked`; else empty.
  const char* said;  // In the trial's complaint.
};
const flaw flaws[] = {
    {"exports", "shows_more", "", "symbols beside tharsis_plugin_entry, like "},
    {"table", "disagrees", "", "plugin.yaml"},
    {"entry", "rash", "", "tharsis_plugin_entry(0) answers a table"},
    {"defaults", "wicked", "fails", "it does not start with its defaults: not today"},
    {"least_settings", "wicked", "divides", "it crashed at"},
    {"most_settings", "wicked", "overflows", "without naming one: that is too much"},
    {"any_settings", "wicked", "odd", "it crashed at seed "},
    {"nonsense", "wicked", "dislikes", "without naming one: no"},
    {"unknown_extensions", "rash", "", "it answers a table for 'tharsis.nothing/1'"},
    {"missing_table", "wicked", "uses_metrics", "it crashed at a host without tharsis.metrics/1"},
    {"bare_host", "rash", "", "it crashed at a host without any table"},
    {"later_host", "rash", "", "this host is another one"},
    {"never_started", "wicked", "needs_start", "it crashed"},
    {"stop_in_start", "wicked", "stops_late", "timer open"},
    {"hundred_times", "wicked", "grows", "bytes of memory behind"},
    {"two_instances", "wicked", "only_one", "a second one in the same process does not start: there is one already"},
    {"same_twice", "looks_outside", "", "two runs are not the same"},
    {"schedules", "wicked", "leaks", "timer open"},
    {"services_go", "wicked", "misses", "it crashed"},
    {"queues_full", "wicked", "publishes", "it crashed"},
    {"foreign_payloads", "wicked", "trusts_events", "foreign payloads of parrot.said"},
    {"wrong_threads", "wicked", "wanders", "timer_cancel() was called on a thread that does not run a callback of plugin 'wicked'"},
    {"reloads", "wicked", "commits", "it crashed"},
    {"reloads_given_up", "wicked", "keeps_prepared", "new settings that were taken back have changed it"},
    {"own_files", "wicked", "trusts_file", "it crashed at seed 1: a life with '/state/wicked/eight_bytes' empty"},
    {"disks", "wicked", "trusts_disk", "it crashed"},
    {"networks", "wicked", "trusts_names", "it crashed"},
    {"clocks", "wicked", "trusts_clock", "it crashed"},
    {"stalls", "wicked", "punctual", "it crashed"},
    {"failed_steps", "wicked", "needs_start", "it crashed"},
    {"everything", "wicked", "leaks", "timer open"},
    {"real_sockets", "wicked", "keeps_open", "leaves descriptors open"},
    {"idle", "wicked", "restless", "with nothing to do"},
};

}  // namespace

TEST_F(Validate, EachTrialFindsWhatItIsFor) {
  for (const flaw& f : flaws) {
#ifdef THARSIS_SANITIZED
    if (std::string_view(f.trial) == "hundred_times") continue;  // The sanitizers' allocators do not count.
#endif
    std::vector<std::string> words = {"--only", "^" + std::string(f.trial) + "$"};
    if (*f.how != '\0') words.insert(words.end(), {"--set", "wicked.how=" + std::string(f.how)});
    EXPECT_EQ(validate(f.fixture, words), 1) << f.trial << ": " << out_ << err_;
    EXPECT_NE(out_.find(f.said), std::string::npos) << f.trial << " does not say '" << f.said << "': " << out_;
    EXPECT_NE(out_.find("again: tharsis validate-plugin "), std::string::npos) << out_;
  }
}

// Only g++ makes them.
#if defined(__GNUC__) && !defined(__clang__)
TEST_F(Validate, SymbolsThatAreOneForTheWholeProcessAreFound) {
  EXPECT_EQ(validate("shows_more", {"--only", "unique"}), 1) << out_;
  EXPECT_NE(out_.find("compile with -fno-gnu-unique"), std::string::npos) << out_;
}
#endif

TEST_F(Validate, EveryTrialHasAPluginThatFailsIt) {
  for (const auto& trial : tharsis::runtime::plugin_trials()) {
    bool known = trial.name == "unique_symbols";
    for (const flaw& f : flaws) known = known || trial.name == f.trial;
    EXPECT_TRUE(known) << trial.name;
  }
}

TEST_F(Validate, WhatIsGoodPassesAllOfIt) {
  EXPECT_EQ(validate("wicked", {"--set", "wicked.how=good"}), 0) << out_ << err_;
  EXPECT_NE(out_.find("wicked 1.0.0: 33 of 34 trials passed, 1 had nothing to try, seed 1"), std::string::npos) << out_;
}

TEST_F(Validate, ATrialThatHasNothingToTryIsNotPassed) {
  EXPECT_EQ(validate("quiet", {"--only", "^(exports|foreign_payloads)$"}), 0) << out_ << err_;
  EXPECT_NE(out_.find(": 1 of 2 trials passed, 1 had nothing to try, seed 1"), std::string::npos) << out_;
}

TEST_F(Validate, ASeedIsTheSameAgainAndJsonSaysTheSame) {
  const std::vector<std::string> words = {"--only", "^(odd|any_settings)$", "--set", "wicked.how=odd", "--seed", "7", "--json"};
  EXPECT_EQ(validate("wicked", words), 1);
  const std::string first = out_.substr(0, out_.find("\"seconds\"")) + out_.substr(out_.find("\"problems\""));
  EXPECT_EQ(validate("wicked", words), 1);
  EXPECT_EQ(out_.substr(0, out_.find("\"seconds\"")) + out_.substr(out_.find("\"problems\"")), first);
  EXPECT_EQ(first.find(R"({"plugin":"wicked","version":"1.0.0","seed":7,"passed":0,"failed":1,"skipped":0,"tests":[{"name":"any_settings","result":"failed",)"), 0u) << first;
}

TEST_F(Validate, WhatCannotBeTriedSaysWhy) {
  for (const char* no_folder : {"no_such_folder", "quiet/quiet.so"}) {
    EXPECT_EQ(validate(no_folder, {}), 2);
    expect_error(std::string("there is no folder ") + THARSIS_FIXTURES + "/" + no_folder + "; name the one that holds the plugin's plugin.yaml and library\n");
  }
  EXPECT_EQ(validate("quiet", {"--only", "nothing_like_it"}), 2);
  expect_error("no trial is called like 'nothing_like_it'; there are exports, ");
  EXPECT_EQ(validate("quiet", {"--only", "("}), 2);
  expect_error("is no regular expression");
  EXPECT_EQ(validate("missing_library", {}), 2);
  expect_error("there is no file ");
  EXPECT_EQ(validate("needs_nobody", {}), 2);
  expect_error("name another folder with --plugins");
  EXPECT_EQ(validate("wicked", {"--set", "wicked.volume=1000"}), 2);
  expect_error("wicked.volume");
}
