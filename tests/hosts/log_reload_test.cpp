// Goal: what xlog takes while it runs, it takes from another profile without losing a line. Method: a host that logs
// between reloads, and reads the files while they grow.
#include <algorithm>
#include <memory>
#include <string>

#include "sdk/pure/logger.h"
#include "tests/hosts/host.h"
#include "tests/hosts/log_lines.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

class LogReload : public ::testing::Test {
 protected:
  static std::string with(const std::string& xlog) { return "  xlog: { interval: 1m, sync_wait: 1m, full_wait: 1m, " + xlog + " }\n"; }
  void run(const std::string& xlog) {
    host_ = std::make_unique<host>(with(xlog));
    ASSERT_TRUE(host_->settle());
  }
  void reload(const std::string& xlog) {
    const std::string profile = "tharsis: 1\nplugins:\n" + with(xlog);
    tharsis_runtime_options o = host_->options;
    o.text = profile.c_str();
    tharsis_owned_text changes{};
    ASSERT_EQ(tharsis_runtime_reload(host_->runtime, &o, &changes, &host_->why), THARSIS_OK) << host_->why.text;
    EXPECT_EQ(text(changes).find("restart"), std::string::npos);
  }
  logger log() { return logger(tharsis_runtime_log(host_->runtime), "app"); }
  bool is_written(const std::string& words) {
    const auto lines = lines_in(host_->state() + "/xlog");
    return std::find(lines.begin(), lines.end(), "host: [app] " + words) != lines.end();
  }

  std::unique_ptr<host> host_;
};

}  // namespace

TEST_F(LogReload, TheModeChanges) {
  run("mode: async");
  const logger app = log();
  app.info("patient");
  EXPECT_FALSE(is_written("patient")) << "it waits a minute for others";
  reload("mode: sync");
  app.info("hurried");
  EXPECT_TRUE(is_written("patient"));
  EXPECT_TRUE(is_written("hurried"));
  reload("mode: async");
  for (int i = 0; i < 1'000; ++i) app.info("line {}", i);
  EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 30 * host::second), THARSIS_OK);
  EXPECT_TRUE(is_written("line 999"));
}

TEST_F(LogReload, WhatIsRecordedChangesAndWhatWasRecordedStays) {
  run("level: info, flight: { host: debug }");
  const logger app = log();
  app.debug("recorded first");
  app.verbose("not even recorded");
  reload("level: info, flight: { host: verbose }");
  app.verbose("recorded then");
  app.error("what they were recorded for");
  EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 30 * host::second), THARSIS_OK);
  EXPECT_TRUE(is_written("recorded first"));
  EXPECT_TRUE(is_written("recorded then"));
  EXPECT_TRUE(is_written("what they were recorded for"));
  EXPECT_FALSE(is_written("not even recorded"));
}

// Lines that may not wait are dropped when the ring is full; those that may are not.
TEST_F(LogReload, WhatAFullRingDoesChanges) {
  run("ring_size: 64KiB, when_full: { \"*\": drop }");
  reload("ring_size: 64KiB, when_full: { \"*\": wait 1m }");
  const logger app = log();
  const std::string words(1'000, 'w');
  for (int i = 0; i < 5'000; ++i) app.info("{} {}", i, words);
  EXPECT_EQ(tharsis_runtime_stop(host_->runtime, 30 * host::second), THARSIS_OK);
  const auto lines = lines_in(host_->state() + "/xlog");
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const std::string& l) { return l.rfind("host: [app] ", 0) == 0; }), 5'000);
}
