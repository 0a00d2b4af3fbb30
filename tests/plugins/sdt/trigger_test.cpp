#include "plugins/sdt/core/trigger.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::sdt;

namespace {
constexpr instant t0{};
settings::auto_settings quick() {
  settings::auto_settings s;
  s.burst = 2;
  s.every = 10s;
  s.last_after = {};
  return s;
}
}  // namespace

TEST(SdtTrigger, TheNewestResultCountsAndATurnIsToldOnce) {
  success_window w;
  for (int i = 0; i < 16; ++i) EXPECT_FALSE(w.on_result(true));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(w.on_result(false)) << "three of the newest eight are good still";
  EXPECT_TRUE(w.on_result(false)) << "with the sixth there are two";
  EXPECT_FALSE(w.on_result(false)) << "it is known";
  for (int i = 0; i < 40; ++i) EXPECT_FALSE(w.on_result(false)) << "bad all along is no turn";
  for (int i = 0; i < 16; ++i) EXPECT_FALSE(w.on_result(true));
  int told = 0;
  for (int i = 0; i < 8; ++i) told += w.on_result(false) ? 1 : 0;
  EXPECT_EQ(told, 1) << "the next turn is another one";
}

TEST(SdtTrigger, EachNetworkHasABucketOfItsOwn) {
  trigger_desk d(quick());
  d.on_network("home", 1);
  for (int i = 0; i < 2; ++i) {
    d.on_cause(THARSIS_SDT_LINK_FAILED, "tcps://im.test:443");
    EXPECT_TRUE(d.take(t0));
  }
  d.on_cause(THARSIS_SDT_LINK_FAILED, "tcps://im.test:443");
  EXPECT_FALSE(d.take(t0));
  EXPECT_EQ(d.deadline(t0), t0 + 10s);
  d.on_network("train", 2);
  EXPECT_FALSE(d.take(t0)) << "what was wanted at home is no question here";
  d.on_cause(THARSIS_SDT_NETWORK_WEAK, "");
  EXPECT_TRUE(d.take(t0));
  d.on_network("home", 3);
  d.on_cause(THARSIS_SDT_LINK_FAILED, "");
  EXPECT_FALSE(d.take(t0)) << "a visit elsewhere fills nothing";
  EXPECT_TRUE(d.take(t0 + 10s));
}

TEST(SdtTrigger, TheFirstCauseStaysAndNoneCountsWhereItIsSwitchedOff) {
  trigger_desk d(quick());
  d.on_cause(THARSIS_SDT_LINK_FAILED, "tcps://im.test:443");
  d.on_cause(THARSIS_SDT_NETWORK_WEAK, "other");
  const auto r = d.take(t0);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->why, uint32_t{THARSIS_SDT_LINK_FAILED});
  EXPECT_EQ(r->target, "tcps://im.test:443");
  EXPECT_EQ(d.deadline(t0), never);
  auto off = quick();
  off.on = false;
  trigger_desk silent(off);
  silent.on_cause(THARSIS_SDT_LINK_FAILED, "");
  EXPECT_FALSE(silent.take(t0));
}

TEST(SdtTrigger, WhatIsSlowOrGoesSilentIsMeasuredAndTheRestIsLookedAt) {
  const auto measures = [](uint32_t why, bool silent) {
    trigger_desk d(quick());
    d.on_network("home", 1);
    d.on_cause(why, "tcps://im.test:443", silent);
    return d.take(t0)->measures;
  };
  EXPECT_FALSE(measures(THARSIS_SDT_LINK_FAILED, false));
  EXPECT_TRUE(measures(THARSIS_SDT_LINK_FAILED, true)) << "it may be the size of what is written";
  EXPECT_FALSE(measures(THARSIS_SDT_NAMES_LIE, false));
  EXPECT_TRUE(measures(THARSIS_SDT_TASKS_FAIL, false));
  EXPECT_TRUE(measures(THARSIS_SDT_NETWORK_WEAK, false));
}

// Each question about a name that is lied about makes a word of it, the diagnosis' own ones too.
TEST(SdtTrigger, LiesLeaveALinkThatFailsItsDiagnoses) {
  trigger_desk d(quick());
  size_t of_lies = 0;
  for (int i = 0; i < 100; ++i) {
    d.on_cause(THARSIS_SDT_NAMES_LIE, "ads" + std::to_string(i) + ".test");
    of_lies += d.take(t0) ? 1 : 0;
  }
  EXPECT_EQ(of_lies, 1u);
  EXPECT_EQ(d.deadline(t0), t0 + 10s);
  for (int i = 0; i < 2; ++i) {
    d.on_cause(THARSIS_SDT_LINK_FAILED, "tcps://im.test:443");
    const auto r = d.take(t0);
    ASSERT_TRUE(r) << i;
    EXPECT_EQ(r->target, "tcps://im.test:443");
    d.on_cause(THARSIS_SDT_NAMES_LIE, "im.test");
  }
  EXPECT_TRUE(d.take(t0 + 10s)) << "the lie's turn";
}

// Who comes to the foreground, logs in, or learns the network's name changes no way.
TEST(SdtTrigger, WhatWaitsIsDroppedOnlyWhenTrafficTakesAnotherWay) {
  trigger_desk d(quick());
  d.on_network("", 1);
  d.on_cause(THARSIS_SDT_LINK_FAILED, "tcps://im.test:443");
  d.on_network("", 1);
  d.on_network("home", 1);
  const auto r = d.take(t0);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->target, "tcps://im.test:443");
  d.on_cause(THARSIS_SDT_LINK_FAILED, "tcps://im.test:443");
  d.on_network("home", 2);
  EXPECT_FALSE(d.take(t0)) << "it is about a way that is no more";
}
