// The log's way: kept until a sink is there, handed over in order, and no call into a sink that has gone.
#include "runtime/log_hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "sdk/pure/views.h"
#include "tests/sdk/async/fake_loop.h"

using namespace tharsis;
using runtime::log_hub;

namespace {

struct sink {
  explicit sink(uint32_t l = THARSIS_LOG_DEBUG) : lowest(l) {
    table.size = sizeof table;
    table.self = this;
    table.write = [](void* s, const tharsis_log_record* r) {
      auto& self = *static_cast<sink*>(s);
      if (self.inside_write) self.inside_write();
      const std::lock_guard lock(self.mutex);
      self.lines.push_back(std::string(view(r->plugin)) + " " + std::string(view(r->text)));
    };
    table.level = [](void* s) { return static_cast<sink*>(s)->lowest; };
    table.flush = [](void* s, tharsis_handle, tharsis_wake wake, void* context, tharsis_handle handle) {
      ++static_cast<sink*>(s)->flushes;
      wake(context, handle);
    };
  }
  tharsis_log_sink table{};
  uint32_t lowest;
  std::function<void()> inside_write;
  std::mutex mutex;
  std::vector<std::string> lines;
  int flushes = 0;
};

struct LogHub : testing::Test {
  std::vector<std::string> printed;
  log_hub hub{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }},
              [this](uint32_t, std::string_view plugin, std::string_view text) {
                printed.push_back(std::string(plugin) + " " + std::string(text));
              }};
};
using lines = std::vector<std::string>;

}  // namespace

TEST_F(LogHub, WithoutASinkWarningsArePrintedAndTheRestIsKept) {
  hub.write(THARSIS_LOG_VERBOSE, "a", "too low");
  hub.write(THARSIS_LOG_DEBUG, "a", "debug");
  hub.write(THARSIS_LOG_WARNING, "b", "warning");
  hub.write_unprinted(THARSIS_LOG_ERROR, "c", "told elsewhere");
  EXPECT_EQ(printed, (lines{"b warning"}));
  sink s;
  hub.set_sink(&s.table);
  EXPECT_EQ(s.lines, (lines{"a debug", "b warning", "c told elsewhere"}));
  hub.write(THARSIS_LOG_ERROR, "d", "after");
  EXPECT_EQ(s.lines.size(), 4u);
  EXPECT_EQ(printed.size(), 1u) << "a sink prints for itself";
}

TEST_F(LogHub, ASinksLevelCountsAndEndsWithIt) {
  sink s(THARSIS_LOG_ERROR);
  hub.set_sink(&s.table);
  EXPECT_EQ(hub.level(), THARSIS_LOG_ERROR);
  hub.write(THARSIS_LOG_WARNING, "a", "dropped");
  hub.set_sink(nullptr);
  EXPECT_EQ(hub.level(), THARSIS_LOG_DEBUG);
  hub.write(THARSIS_LOG_INFO, "a", "kept for the next");
  EXPECT_TRUE(s.lines.empty());
  sink next;
  hub.set_sink(&next.table);
  EXPECT_EQ(next.lines, (lines{"a kept for the next"}));
}

TEST_F(LogHub, TheLastThousandAreKept) {
  for (int i = 1; i <= 1500; ++i) hub.write(THARSIS_LOG_INFO, "a", std::to_string(i));
  sink s;
  hub.set_sink(&s.table);
  ASSERT_EQ(s.lines.size(), 1024u);
  EXPECT_EQ(s.lines.front(), "a 477");
  EXPECT_EQ(s.lines.back(), "a 1500");
}

TEST_F(LogHub, AFlushIsAnsweredWithAndWithoutASink) {
  test::fake_loop loop;
  int answered = 0;
  const auto wake = [](void* context, tharsis_handle) { ++*static_cast<int*>(context); };
  hub.flush(loop.table, 1, wake, &answered, 0);
  EXPECT_EQ(answered, 0) << "later, on the strand";
  loop.run();
  EXPECT_EQ(answered, 1);
  sink s;
  hub.set_sink(&s.table);
  hub.flush(loop.table, 1, wake, &answered, 0);
  EXPECT_EQ(s.flushes, 1);
}

TEST_F(LogHub, ASinkMayBeFreedOnceItIsTakenAway) {
  std::atomic<bool> ending = false;
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w)
    writers.emplace_back([&] {
      while (!ending) hub.write(THARSIS_LOG_INFO, "a", "line");
    });
  for (int round = 0; round < 200; ++round) {
    const auto s = std::make_unique<sink>();
    hub.set_sink(&s->table);
    hub.set_sink(nullptr);
  }
  ending = true;
  for (std::thread& w : writers) w.join();
}

TEST_F(LogHub, ASinkMayWaitForAThreadThatLogs) {
  sink s;
  hub.set_sink(&s.table);
  bool first = true;
  s.inside_write = [&] {
    if (std::exchange(first, false)) std::thread([&] { hub.write(THARSIS_LOG_INFO, "b", "meanwhile"); }).join();
  };
  hub.write(THARSIS_LOG_INFO, "a", "line");
  EXPECT_EQ(s.lines, (lines{"b meanwhile", "a line"}));
}

TEST_F(LogHub, TheSinkSaysWhatIsSecretAndWithoutOneTheUsualIs) {
  EXPECT_TRUE(hub.is_secret("user.Password"));
  EXPECT_FALSE(hub.is_secret("pin"));
  sink s;
  hub.set_sink(&s.table);
  EXPECT_TRUE(hub.is_secret("password")) << "it cannot say";
  s.table.is_secret = [](void*, tharsis_text field) { return view(field) == "pin" ? 1 : 0; };
  hub.set_sink(&s.table);
  EXPECT_TRUE(hub.is_secret("pin"));
  EXPECT_FALSE(hub.is_secret("password"));
  hub.set_sink(nullptr);
  EXPECT_FALSE(hub.is_secret("pin"));
  EXPECT_TRUE(hub.is_secret("password"));
}
