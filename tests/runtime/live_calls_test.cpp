// Whoever asks a plugin that runs gets one answer, whatever becomes of the plugin.
#include "runtime/live_calls.h"

#include <gtest/gtest.h>

#include "sdk/abi/command.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using runtime::live_calls;

namespace {

// Plugins that take a call and do what the test has them do.
struct LiveCalls : ::testing::Test {
  LiveCalls()
      : calls([this](const std::string&, const std::string&, live_calls::borrower f) { ways.push_back(std::move(f)); }, [this] { return now; }, 10s) {}

  static void take(void* self, const tharsis_command_call* call) { static_cast<LiveCalls*>(self)->taken.push_back(call); }
  void ask(const std::string& plugin) {
    calls.begin({plugin, THARSIS_LIVE_COMMAND_ID, "cache", {}, "/", false}, [this](const live_calls::outcome& o) { heard.push_back(o); });
  }
  // The plugin gets it, and keeps it.
  void arrive() {
    const auto way = std::move(ways.front());
    ways.erase(ways.begin());
    way(&table, this, life);
  }
  void say(size_t call, const char* text) const { taken[call]->console->print(taken[call]->console->self, text_of(std::string_view(text))); }
  void finish(size_t call, int code) const { taken[call]->console->finish(taken[call]->console->self, code); }

  const tharsis_command table{sizeof(tharsis_command), take};
  int64_t now = 1;
  std::vector<live_calls::borrower> ways;
  std::vector<const tharsis_command_call*> taken;
  std::vector<live_calls::outcome> heard;
  std::shared_ptr<const bool> life = std::make_shared<const bool>(true);
  live_calls calls;
};

}  // namespace

TEST_F(LiveCalls, APluginThatGoesWithoutAWordIsAnsweredFor) {
  ask("dns");
  arrive();
  say(0, "a line");
  calls.look();
  EXPECT_TRUE(heard.empty()) << "it lives, and has time";
  life.reset();
  calls.look();
  calls.look();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].taken);
  EXPECT_EQ(heard[0].printed, "a line\n");
  EXPECT_EQ(heard[0].complained, "plugin 'dns' went before it had finished 'cache'\n");
  EXPECT_EQ(heard[0].code, 1);
}

// Its strand was closed while the call was on its way there.
TEST_F(LiveCalls, ACallThatNeverArrivesIsAnsweredToo) {
  ask("dns");
  ways.clear();
  calls.look();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].code, 1);
}

TEST_F(LiveCalls, APluginThatSaysNothingIsWaitedForSoLong) {
  ask("dns");
  arrive();
  now += duration(10s).count() - 1;
  calls.look();
  EXPECT_TRUE(heard.empty());
  ++now;
  calls.look();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].complained, "plugin 'dns' has not finished 'cache' within 10000 ms\n");
  say(0, "too late");
  finish(0, 0);
  finish(0, 0);
  EXPECT_EQ(heard.size(), 1u);
}

TEST_F(LiveCalls, WhoCameToNothingIsNotAskedAnyMore) {
  ask("dns");
  now += duration(10s).count();
  calls.look();
  ASSERT_EQ(heard.size(), 1u);
  arrive();
  EXPECT_TRUE(taken.empty()) << "nobody waits for it";
}

TEST_F(LiveCalls, TheOthersAreAskedThoughOneHasGone) {
  std::vector<live_calls::outcome> all;
  calls.begin_all({{"a", THARSIS_REREAD_ID, "reread", {}, "/", false}, {"b", THARSIS_REREAD_ID, "reread", {}, "/", false}},
                  [&](const auto& said) { all = said; });
  arrive();
  life.reset();
  calls.look();
  life = std::make_shared<const bool>(true);
  arrive();
  finish(1, 0);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].code, 1);
  EXPECT_EQ(all[1].code, 0);
}

TEST_F(LiveCalls, APluginThatFinishesNothingGetsNoMoreForEver) {
  for (int i = 0; i < 70; ++i) ask("dns");
  EXPECT_EQ(ways.size(), 48u);
  ASSERT_EQ(heard.size(), 22u);
  EXPECT_EQ(heard[0].code, 1);
  for (int i = 0; i < 20; ++i) ask("stn");
  EXPECT_EQ(ways.size(), 64u) << "it is not in the way of others";
  EXPECT_EQ(heard.size(), 26u);
  ways.clear();
  calls.look();
  EXPECT_EQ(heard.size(), 90u);
  ask("dns");
  EXPECT_EQ(ways.size(), 1u) << "those that came to nothing are forgotten";
}
