// Goal: another profile is taken as a whole or not at all, and whoever asked hears which and why. Method: a
// fixture that takes some settings while it runs, some by a restart, and refuses others, and publishes what
// it has and which instance of its library it is.
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

class Reload : public ::testing::Test {
 protected:
  void run(const std::string& plugins) {
    host_ = std::make_unique<host>(plugins);
    ASSERT_TRUE(host_->create());
    ASSERT_EQ(tharsis_runtime_subscribe(host_->runtime, "tunable.settings", THARSIS_DROP_OLDEST, 0, &inbox_, &host_->why), THARSIS_OK);
    ASSERT_EQ(tharsis_runtime_start(host_->runtime, &host_->why), THARSIS_OK);
    ASSERT_TRUE(host_->pump([&] { return tharsis_runtime_settled(host_->runtime) == 1; }));
    first_ = last_settings();
  }
  tharsis_status reload(const std::string& plugins) {
    const std::string profile = "tharsis: 1\nplugins:\n" + plugins;
    tharsis_runtime_options o = host_->options;
    o.text = profile.c_str();
    host_->why = no_reason();
    tharsis_owned_text changes{};
    const tharsis_status s = tharsis_runtime_reload(host_->runtime, &o, &changes, &host_->why);
    difference_ = changes.data != nullptr ? text(changes) : "";
    return s;
  }
  // What the newest event says: {"live":1,"fixed":0,"instance":1}
  std::string last_settings() {
    for (;;) {
      const tharsis_text next = tharsis_inbox_next_json(inbox_);
      if (next.size == 0) return last_;
      const std::string line(next.data, next.size);
      last_ = line.substr(line.find("\"payload\":") + 10);
      last_.pop_back();
    }
  }
  uint64_t instance() {
    const std::string s = last_settings();
    return std::stoull(s.substr(s.find("\"instance\":") + 11));
  }

  std::unique_ptr<host> host_;
  tharsis_inbox* inbox_ = nullptr;
  std::string last_, first_, difference_;
  std::atomic<int> ended_{0};
};

}  // namespace

TEST_F(Reload, APluginTakesWhatItCanWhileItRuns) {
  run("  tunable: {}\n  follower: {}\n");
  const uint64_t before = instance();
  EXPECT_EQ(reload("  tunable: { live: 5 }\n  follower: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_EQ(difference_, "tunable: changed\n  live: 0 -> 5\n");
  ASSERT_TRUE(host_->pump([&] { return last_settings().starts_with("{\"live\":5,"); })) << last_;
  EXPECT_EQ(instance(), before) << "it was not restarted";
}

TEST_F(Reload, WhatOnlyARestartCanChangeIsARestartAndConsumersComeBack) {
  run("  tunable: {}\n  follower: {}\n");
  const uint64_t before = instance();
  EXPECT_EQ(reload("  tunable: { fixed: 3 }\n  follower: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_TRUE(last_settings().starts_with("{\"live\":0,\"fixed\":3,")) << last_;
  EXPECT_GT(instance(), before);
  EXPECT_TRUE(host_->reports(R"("id":"follower","state":"running")")) << host_->report();
}

TEST_F(Reload, ARefusalChangesNothingAnywhere) {
  run("  tunable: {}\n  quiet: {}\n");
  EXPECT_EQ(reload("  tunable: { live: 5, refuses: true }\n  quiet: { greeting: bye }\n  parrot: {}\n"), THARSIS_E_DENIED);
  EXPECT_STREQ(host_->why.text, "plugin 'tunable' refuses its new settings: it likes what it has; nothing was changed");
  EXPECT_EQ(last_settings(), first_);
  EXPECT_FALSE(host_->reports("parrot")) << host_->report();
  EXPECT_EQ(reload("  tunable: { live: 5 }\n  quiet: {}\n"), THARSIS_OK) << "the refusal is not remembered";
}

TEST_F(Reload, WhatDoesNotStartIsTakenBackWithAllTheRest) {
  run("  quiet: {}\n  tunable: {}\n  follower: {}\n");
  const uint64_t before = instance();
  EXPECT_EQ(reload("  quiet: { greeting: bye }\n  tunable: { live: 7, start: fails }\n  follower: {}\n  parrot: {}\n"), THARSIS_E_INVALID);
  EXPECT_STREQ(host_->why.text, "plugin 'tunable' failed: the strings are broken; everything is as it was before");
  EXPECT_TRUE(last_settings().starts_with("{\"live\":0,\"fixed\":0,")) << last_;
  EXPECT_GT(instance(), before);
  EXPECT_FALSE(host_->reports("parrot")) << host_->report();
  EXPECT_TRUE(host_->reports(R"("id":"follower","state":"running")") && host_->reports(R"("id":"tunable","state":"running")")) << host_->report();
}

TEST_F(Reload, PluginsComeAndGo) {
  run("  tunable: {}\n  follower: {}\n");
  EXPECT_EQ(reload("  parrot: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_EQ(difference_, "parrot: added\nfollower: removed\ntunable: removed\n");
  EXPECT_TRUE(host_->reports(R"({"id":"parrot","state":"running")")) << host_->report();
  EXPECT_FALSE(host_->reports("tunable")) << host_->report();
  EXPECT_EQ(reload("  tunable: {}\n  parrot: {}\n  follower: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_TRUE(host_->reports(R"("id":"follower","state":"running")")) << host_->report();
  EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 10 * host::second), THARSIS_OK);
}

TEST_F(Reload, AProfileWithProblemsOrAnotherStateFolderIsRefused) {
  run("  tunable: {}\n");
  EXPECT_EQ(reload("  tunabl: {}\n"), THARSIS_E_INVALID);
  EXPECT_NE(std::string(host_->why.text).find("there is no plugin 'tunabl'"), std::string::npos) << host_->why.text;
  const state_folder other;
  host_->options.state = other.path().c_str();
  EXPECT_EQ(reload("  tunable: { live: 1 }\n"), THARSIS_E_INVALID);
  EXPECT_NE(std::string(host_->why.text).find("as long as the runtime lives"), std::string::npos) << host_->why.text;
}

TEST_F(Reload, NothingChangedIsNoWork) {
  run("  tunable: {}\n");
  EXPECT_EQ(reload("  tunable: {}\n"), THARSIS_OK);
  EXPECT_EQ(difference_, "nothing has changed\n");
  EXPECT_EQ(last_settings(), first_);
}

TEST_F(Reload, WhatHadFailedGetsAnotherChance) {
  run("  quiet: {}\n  tunable: { start: fails }\n  follower: {}\n");
  EXPECT_TRUE(host_->reports(R"("id":"tunable","state":"failed")")) << host_->report();
  EXPECT_EQ(reload("  quiet: { greeting: bye }\n  tunable: { start: fails }\n  follower: {}\n"), THARSIS_OK)
      << "it failed before as well: " << host_->why.text;
  EXPECT_EQ(reload("  quiet: {}\n  tunable: {}\n  follower: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_TRUE(host_->reports(R"("id":"follower","state":"running")")) << host_->report();
}

TEST_F(Reload, ALibraryThatCannotBeLoadedIsTakenBackAndAMendedProfileTaken) {
  run("  tunable: {}\n  follower: {}\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reload("  tunable: { live: 3 }\n  follower: {}\n  disagrees: {}\n"), THARSIS_E_INVALID);
    EXPECT_NE(std::string(host_->why.text).find("both must come from the same build; everything is as it was before"), std::string::npos)
        << host_->why.text;
  }
  tharsis_runtime_inputs inputs{};
  inputs.size = sizeof inputs;
  inputs.account = "somebody";
  EXPECT_EQ(tharsis_runtime_tell(host_->runtime, &inputs, nullptr), THARSIS_OK) << "all hosts hear of it";
  EXPECT_EQ(reload("  tunable: { live: 3 }\n  follower: {}\n  quiet: {}\n"), THARSIS_OK) << host_->why.text;
}

TEST_F(Reload, OneThatNeverCameUpComesUpWithItsNewSettings) {
  run("  start_fails: {}\n  waits: {}\n  tunable: { start: fails }\n  follower: { loop: shared }\n");
  EXPECT_TRUE(host_->reports(R"("id":"follower","state":"waiting")")) << host_->report();
  EXPECT_EQ(reload("  start_fails: {}\n  waits: {}\n  tunable: { live: 2 }\n  follower: { loop: dedicated }\n"), THARSIS_OK)
      << host_->why.text;
  EXPECT_TRUE(host_->reports(R"("id":"follower","state":"running")")) << host_->report();
  EXPECT_TRUE(last_settings().starts_with("{\"live\":2,")) << last_;
}

TEST_F(Reload, BeforeTheStartAndAfterTheStopThereIsNothingToReload) {
  host_ = std::make_unique<host>("  tunable: {}\n");
  ASSERT_TRUE(host_->create());
  EXPECT_EQ(reload("  tunable: { live: 1 }\n"), THARSIS_E_INVALID);
  ASSERT_EQ(tharsis_runtime_start(host_->runtime, &host_->why), THARSIS_OK);
  EXPECT_EQ(reload("  tunable: { live: 1 }\n"), THARSIS_OK) << "it waits until all has started: " << host_->why.text;
  EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 10 * host::second), THARSIS_OK);
  EXPECT_EQ(reload("  tunable: { live: 2 }\n"), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_reload(nullptr, &host_->options, nullptr, &host_->why), THARSIS_E_INVALID);
}

TEST_F(Reload, OfTwoAtOnceOneIsToldToComeLaterOrBothAreTaken) {
  run("  tunable: {}\n  follower: {}\n");
  ASSERT_GE(tharsis_runtime_run_once(host_->runtime, 0), 0) << "this is the thread that pumps";
  const auto in_a_thread = [&](const char* profile) {
    return std::thread([this, profile] {
      for (int i = 0; i < 20; ++i) {
        tharsis_runtime_options o = host_->options;
        o.text = profile;
        tharsis_error why = no_reason();
        const tharsis_status s = tharsis_runtime_reload(host_->runtime, &o, nullptr, &why);
        EXPECT_TRUE(s == THARSIS_OK || s == THARSIS_E_BUSY) << why.text;
      }
      ++ended_;
    });
  };
  std::thread one = in_a_thread("tharsis: 1\nplugins:\n  tunable: { live: 1 }\n  follower: {}\n");
  std::thread two = in_a_thread("tharsis: 1\nplugins:\n  tunable: { fixed: 2 }\n  follower: {}\n  parrot: { loop: main }\n");
  EXPECT_TRUE(host_->pump([&] { return ended_ == 2; }));
  one.join();
  two.join();
  const std::string now = last_settings();
  EXPECT_TRUE(now.starts_with("{\"live\":1,\"fixed\":0,") || now.starts_with("{\"live\":0,\"fixed\":2,")) << now;
}

TEST_F(Reload, AStopMeanwhileEndsBoth) {
  for (int i = 0; i < 10; ++i) {
    run("  tunable: {}\n  follower: {}\n");
    ASSERT_GE(tharsis_runtime_run_once(host_->runtime, 0), 0);
    std::thread asks([&] {
      tharsis_runtime_options o = host_->options;
      o.text = "tharsis: 1\nplugins:\n  tunable: { fixed: 2 }\n  follower: {}\n";
      tharsis_error why = no_reason();
      const tharsis_status s = tharsis_runtime_reload(host_->runtime, &o, nullptr, &why);
      EXPECT_TRUE(s == THARSIS_OK || s == THARSIS_E_CANCELLED || s == THARSIS_E_INVALID) << why.text;
    });
    if (i % 2 == 0) std::this_thread::yield();
    EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 20 * host::second), THARSIS_OK);
    asks.join();
  }
}

TEST_F(Reload, FilesAreReadAgainThoughNoSettingIsDifferent) {
  run("  tunable: { reread: finds }\n  quiet: {}\n");
  EXPECT_EQ(reload("  tunable: { reread: finds }\n  quiet: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_EQ(difference_, "tunable: it has another score\n");
  EXPECT_EQ(reload("  tunable: { reread: finds, live: 3 }\n  quiet: {}\n"), THARSIS_OK) << host_->why.text;
  EXPECT_EQ(difference_, "tunable: changed\n  live: 0 -> 3\ntunable: it has another score\n");
}

TEST_F(Reload, AFileThatIsRefusedIsNamedAndTheProfileIsTaken) {
  run("  tunable: { reread: refuses }\n");
  EXPECT_EQ(reload("  tunable: { reread: refuses, live: 4 }\n"), THARSIS_E_DENIED);
  EXPECT_STREQ(host_->why.text, "the profile is taken, but not every file it names: tunable: the score is torn");
  ASSERT_TRUE(host_->pump([&] { return last_settings().starts_with("{\"live\":4,"); })) << last_;
}

TEST_F(Reload, APluginThatGoesWhileItReadsItsFilesEndsTheReload) {
  run("  tunable: { reread: fails, restart: never }\n  quiet: {}\n");
  EXPECT_EQ(reload("  tunable: { reread: fails, restart: never }\n  quiet: {}\n"), THARSIS_E_DENIED);
  EXPECT_STREQ(host_->why.text, "the profile is taken, but not every file it names: tunable: plugin 'tunable' went before it had finished 'reread'");
  EXPECT_EQ(reload("  quiet: {}\n"), THARSIS_OK) << "none is under way any more: " << host_->why.text;
}

TEST_F(Reload, AStopWhileFilesAreReadEndsBoth) {
  run("  tunable: { reread: fails, restart: never, stop_deadline: 1s }\n");
  ASSERT_GE(tharsis_runtime_run_once(host_->runtime, 0), 0);
  std::thread asks([&] {
    tharsis_runtime_options o = host_->options;
    o.text = "tharsis: 1\nplugins:\n  tunable: { reread: fails, restart: never, stop_deadline: 1s }\n";
    tharsis_error why = no_reason();
    const tharsis_status s = tharsis_runtime_reload(host_->runtime, &o, nullptr, &why);
    EXPECT_TRUE(s == THARSIS_E_DENIED || s == THARSIS_E_CANCELLED || s == THARSIS_E_INVALID) << s << why.text;
  });
  EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 20 * host::second), THARSIS_OK);
  asks.join();
}
