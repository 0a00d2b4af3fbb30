// Goal: a host application's own lines are in the log with the plugins', from any thread and at any time between create
// and destroy; where no sink is, none is forgotten without a word. Method: a profile with xlog, and the service of xlog
// that reads its files.
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sdk/pure/logger.h"
#include "tests/hosts/host.h"
#include "tests/hosts/log_lines.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

// A full ring waits, so that none is dropped on a busy machine.
const std::string with_xlog = "  xlog: { level: debug, full_wait: 1m }\n";

uint64_t counted(host& h, const std::string& wanted) {
  std::map<std::string, uint64_t> all;
  const auto look = [](void* context, const tharsis_metric_value* v) {
    (*static_cast<std::map<std::string, uint64_t>*>(context))[std::string(view(v->plugin)) + "." + std::string(view(v->name))] = v->count;
  };
  tharsis_runtime_metrics(h.runtime, look, &all);
  return all[wanted];
}

std::map<std::string, int> how_often(const std::vector<std::string>& lines) {
  std::map<std::string, int> times;
  for (const std::string& line : lines) ++times[line];
  return times;
}

// Of this process.
[[maybe_unused]] size_t resident_bytes() {
  size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

class HostLog : public ::testing::Test {
 protected:
  void run() {
    ASSERT_TRUE(host_.create());
    log_ = tharsis_runtime_log(host_.runtime);
    ASSERT_NE(log_, nullptr);
  }
  bool settles() {
    EXPECT_EQ(tharsis_runtime_start(host_.runtime, &host_.why), THARSIS_OK) << host_.why.text;
    return host_.pump([&] { return tharsis_runtime_settled(host_.runtime) == 1; });
  }
  void stop() { EXPECT_EQ(tharsis_runtime_stop(host_.runtime, 30 * host::second), THARSIS_OK); }
  void write(uint32_t level, std::string_view text) { log_->write(log_->self, level, text_of(text)); }  // As C does.

  host host_{with_xlog};
  const tharsis_log* log_ = nullptr;
};

}  // namespace

TEST_F(HostLog, LinesOfAllThreadsAndTimesAreInTheFile) {
  run();
  const logger mine(log_, "ui");
  mine.info("before the start");
  ASSERT_TRUE(settles());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      const logger own(log_, "worker");
      for (int i = 0; i < 500; ++i) own.debug("line {} {}", t, i);
      write(THARSIS_LOG_INFO, "written " + std::to_string(t));
    });
  for (std::thread& t : threads) t.join();
  stop();
  auto times = how_often(lines_in(host_.state() + "/xlog"));
  EXPECT_EQ(times["host: [ui] before the start"], 1);
  for (int t = 0; t < 4; ++t) {
    for (int i = 0; i < 500; ++i) EXPECT_EQ(times["host: [worker] line " + std::to_string(t) + " " + std::to_string(i)], 1) << t << " " << i;
    EXPECT_EQ(times["host: written " + std::to_string(t)], 1);
  }
  EXPECT_EQ(counted(host_, "host.log_texts"), 5u) << "those as text, and before there were rings";
}

TEST_F(HostLog, WhatIsSaidAfterTheStopIsPrintedIfItIsWorse) {
  struct last_words {
    const logger log;
    ~last_words() {
      log.info("nobody hears this");
      log.warning("{} things were left", 3);
    }
  };
  run();
  ASSERT_TRUE(settles());
  testing::internal::CaptureStderr();
  {
    const last_words said{logger(log_, "ui")};
    said.log.info("one line in a ring of this thread");
    stop();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: host: [ui] 3 things were left\n");
  EXPECT_EQ(how_often(lines_in(host_.state() + "/xlog"))["host: [ui] one line in a ring of this thread"], 1);
}

TEST_F(HostLog, AThreadThatLogsOnWhileAllStopsLosesNothingThatWasInTime) {
  run();
  ASSERT_TRUE(settles());
  std::atomic<bool> end{false};
  std::atomic<uint64_t> said{0};
  std::thread talker([&] {
    const logger own(log_);
    while (!end) {
      own.info("line {}", said.load());
      ++said;
    }
  });
  while (said < 1000) std::this_thread::yield();
  const uint64_t before = said;
  testing::internal::CaptureStderr();
  stop();
  end = true;
  talker.join();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "none was dropped by a sink that takes no lines any more";
  auto times = how_often(lines_in(host_.state() + "/xlog"));
  for (uint64_t i = 0; i < before; ++i) ASSERT_EQ(times["host: line " + std::to_string(i)], 1);
}

TEST_F(HostLog, TenThousandThreadsOverTimeLoseNothingAndTakeNoMemory) {
  constexpr int threads = 10'000, at_once = 16, lines = 3, warm_up = 2'000;
  run();
  ASSERT_TRUE(settles());
  size_t before = 0;
  for (int first = 0; first < threads; first += at_once) {
    if (first == warm_up) before = resident_bytes();
    std::vector<std::thread> all;
    for (int t = first; t < first + at_once; ++t)
      all.emplace_back([this, t] {
        const logger own(log_, "short");
        for (int i = 0; i < lines; ++i) own.info("thread {} line {}", t, i);
      });
    for (std::thread& t : all) t.join();
  }
#ifndef THARSIS_SANITIZED  // They keep what was freed.
  EXPECT_LT(resident_bytes(), before + (16 << 20)) << "all rings may have been used since; threads leave nothing";
#endif
  stop();
  auto times = how_often(lines_in(host_.state() + "/xlog"));
  for (int t = 0; t < threads; ++t)
    for (int i = 0; i < lines; ++i) ASSERT_EQ(times["host: [short] thread " + std::to_string(t) + " line " + std::to_string(i)], 1);
}

TEST_F(HostLog, TheTableSaysWhatAHostCannotDo) {
  run();
  EXPECT_EQ(log_->flush(log_->self, [](void*, tharsis_handle) {}, nullptr, 0), THARSIS_E_UNSUPPORTED) << "it has no strand";
  EXPECT_EQ(log_->flush_now(log_->self, host::second), THARSIS_E_NOT_FOUND) << "no sink yet";
  EXPECT_EQ(tharsis_runtime_log(nullptr), nullptr);
}
