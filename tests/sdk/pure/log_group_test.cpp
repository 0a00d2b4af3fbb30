// What is built on lines: groups, timers, checks and the bytes of things.
#include "sdk/pure/log_group.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "sdk/pure/log_hex.h"
#include "sdk/pure/scope_timer.h"
#include "tests/sdk/pure/ring_log.h"

using namespace tharsis;
using test::ring_log;
using lines = std::vector<std::string>;

TEST(LogGroup, IsOneRecordAtItsWorstLevel) {
  ring_log host;
  host.level = THARSIS_LOG_INFO;
  const logger log(&host.table);
  {
    log_group group(log);
    group.add(THARSIS_LOG_INFO, "tried {} addresses:", 2);
    group.add(THARSIS_LOG_WARNING, "  {}: {}", "a", "refused");
    group.add(THARSIS_LOG_DEBUG, "  not kept");
    group.add(THARSIS_LOG_INFO, "  {}: {:>4}", "b", "ok");
    EXPECT_TRUE(host.words.empty());
  }
  EXPECT_EQ(host.words, lines{"3 tried 2 addresses:\n  a: refused\n  b:   ok"});
  log_group group(log);
  group.end();
  EXPECT_EQ(host.words.size(), 1u) << "nothing is no record";
  group.add(THARSIS_LOG_INFO, "again");
  group.end();
  group.end();
  EXPECT_EQ(host.words.back(), "2 again");
  EXPECT_EQ(host.words.size(), 2u);
}

TEST(ScopeTimer, TellsHoweverTheScopeIsLeft) {
  ring_log host;
  const logger log(&host.table);
  instant now{};
  try {
    const scope_timer timer(log, "parse", [&now] { return now; });
    now += 1500us;
    throw std::runtime_error("left");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(host.rings->take_texts(), lines{"parse took 1.5 ms"});
}

TEST(LoggerCheck, OnlyWhatIsFalseIsFatal) {
  ring_log host;
  const logger log(&host.table);
  EXPECT_TRUE(log.check(1 < 2, "{} is less than {}", 1, 2));
  EXPECT_FALSE(log.check(2 < 1, "{} is less than {}", 2, 1));
  const auto written = host.rings->take();
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(written[0].text(), "2 is less than 1");
  EXPECT_EQ(written[0].of.level, static_cast<uint32_t>(THARSIS_LOG_FATAL));
}

TEST(LogHex, TheBytesOfAnything) {
  ring_log host;
  const logger log(&host.table);
  const std::array<uint16_t, 2> words = {0x0201, 0x0403};
  const std::string text = "AB";
  log.info("{} {} {} {}|", hex(words), hex(text), hex(text.data(), 1), hex(std::string()));
  log.info("{}", hex(std::string(5000, 'A'), 3));
  EXPECT_EQ(host.rings->take_texts(), (lines{"01020304 4142 41 |", "414141"}));
}
