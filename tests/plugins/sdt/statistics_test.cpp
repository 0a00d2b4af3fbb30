#include "plugins/sdt/core/statistics.h"

#include <gtest/gtest.h>

#include <random>

using namespace tharsis;
using namespace tharsis::sdt;

namespace {
constexpr int64_t day = 86'400'000'000'000, today = 20000 * day + 1;
}

TEST(Statistics, RatesLatenciesAndReasonsByDayNetworkAndServer) {
  statistics s;
  for (int i = 0; i < 90; ++i) s.on_try(today, "n1", "im.test:443", true, "", 40ms);
  for (int i = 0; i < 5; ++i) s.on_try(today, "n1", "im.test:443", true, "", 400ms);
  for (int i = 0; i < 5; ++i) s.on_try(today, "n1", "im.test:443", false, "refused", {});
  s.on_try(today, "n2", "im.test:443", true, "", 10ms);
  s.on_verdict(today, "n1", "im.test:443", "port_closed");
  s.on_try(today - day, "n1", "im.test:443", false, "timeout", {});
  const auto rows = s.rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].network, "n1");
  EXPECT_DOUBLE_EQ(rows[0].rate(), 0.95);
  EXPECT_NEAR(rows[0].ms_at(0.5), 40, 20);
  EXPECT_NEAR(rows[0].ms_at(0.99), 400, 200);
  EXPECT_EQ(rows[0].reasons.at("refused"), 5u);
  const auto days = s.days();
  ASSERT_EQ(days.size(), 2u);
  EXPECT_EQ(days[0].tries, 101u);
  EXPECT_EQ(days[1].reasons.at("timeout"), 1u);
  const std::string text = render_text(s);
  EXPECT_NE(text.find("5 refused; diagnosed: 1 port_closed"), std::string::npos) << text;
  EXPECT_NE(render_json(s).find("\"p95_ms\":"), std::string::npos);
}

TEST(Statistics, WhatIsWrittenIsReadBack) {
  statistics s, other;
  for (int i = 0; i < 50; ++i) s.on_try(today + i * day, "n\"1", "a:" + std::to_string(i % 3), i % 4 != 0, "re\nset", duration(i * 1ms));
  ASSERT_EQ(other.read(s.text()).status, THARSIS_OK);
  EXPECT_EQ(other.text(), s.text());
}

TEST(Statistics, WhatWasCountedBeforeTheFileWasReadGoesOnTop) {
  statistics old, fresh;
  old.on_try(today, "n", "a", true, "", 5ms);
  fresh.on_try(today, "n", "a", false, "reset", {});
  ASSERT_EQ(fresh.read(old.text()).status, THARSIS_OK);
  ASSERT_EQ(fresh.rows().size(), 1u);
  EXPECT_EQ(fresh.rows()[0].tries, 2u);
  EXPECT_EQ(fresh.rows()[0].good, 1u);
}

// Goal: it stays small whatever happens for years. Method: thousands of servers, networks, reasons and days by seed.
TEST(Statistics, ItStaysSmall) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    std::mt19937 dice(seed);
    statistics s;
    for (int i = 0; i < 20000; ++i)
      s.on_try(today + static_cast<int64_t>(dice() % 1000) * day, "n" + std::to_string(dice() % 50), std::string(200, 'x') + std::to_string(dice() % 300), dice() % 2 == 0,
               "reason " + std::to_string(dice() % 100), duration(dice() % 10'000'000'000));
    EXPECT_LE(s.rows().size(), statistics::rows_max);
    EXPECT_LT(s.text().size(), 256u * 1024) << seed;
    for (const auto& r : s.rows()) EXPECT_LE(r.reasons.size(), statistics::reasons_max + 1);
    statistics again;
    EXPECT_EQ(again.read(s.text()).status, THARSIS_OK);
  }
}

TEST(Statistics, DamagedTextsAreRefusedAndChangeNothing) {
  statistics s;
  s.on_try(today, "n", "a", true, "", 5ms);
  const std::string good = s.text();
  for (size_t cut = 0; cut + 1 < good.size(); ++cut) {
    EXPECT_NE(s.read(good.substr(0, cut)).status, THARSIS_OK) << cut;
    EXPECT_EQ(s.text(), good);
  }
  EXPECT_NE(s.read("{\"schema\":\"other\",\"rows\":[]}").status, THARSIS_OK);
  EXPECT_NE(s.read("{\"schema\":\"tharsis.sdt.statistics/1\",\"rows\":[{\"day\":1,\"network\":\"\",\"server\":\"\",\"tries\":1,\"good\":2,\"reasons\":{},\"verdicts\":{},\"took\":[]}]}").status, THARSIS_OK)
      << "more were good than were tried";
}

TEST(Statistics, AClockThatGoesBackLosesNothing) {
  statistics s;
  s.on_try(today, "n", "a", true, "", 5ms);
  s.on_try(-5, "n", "a", true, "", 5ms);
  s.on_try(today, "n", "a", true, "", 5ms);
  EXPECT_EQ(s.rows()[0].tries, 2u);
}
