// xlog in a program as a person runs it, on a real machine.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/e2e/program_stage.h"

using namespace tharsis::test;

namespace {

// Some rings full, for a sanitizer's slow reader too.
#ifdef THARSIS_SANITIZED
constexpr int burst_lines = 20'000;
#else
constexpr int burst_lines = 200'000;
#endif

class XlogProgram : public program_stage {
 protected:
  std::vector<std::string> run_words(const std::string& path) const {
    return {THARSIS_PROGRAM, "run", path, "--plugins", THARSIS_PLUGINS, "--plugins", THARSIS_TEST_PLUGINS, "--state", folder_ + "/state"};
  }
  // `tharsis xlog cat` of the speaker's lines.
  int read_speaker() { return ask({"xlog", "cat", folder_ + "/log", "--plugin", "speaker", "--plugins", THARSIS_PLUGINS}); }
};

}  // namespace

// The ring holds the smallest part of them: xlog makes room while the callback, on the loop that plugins share, waits.
TEST_F(XlogProgram, ACallbackThatLogsMoreThanItsRingHoldsLosesNothing) {
  constexpr int lines = burst_lines;
  child_process child(run_words(profile("  xlog: { directory: " + folder_ + "/log, ring_size: 64KiB, full_wait: 1m }\n"
                                        "  speaker: { burst: " + std::to_string(lines) + ", start_deadline: 1m, stall_limit: 1m }\n")));
  ASSERT_TRUE(child.wait_for("said")) << child.err;
  child.interrupt();
  EXPECT_EQ(child.wait(), 0) << child.err;
  EXPECT_EQ(read_speaker(), 0) << err_;
  EXPECT_EQ(err_, "");
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), lines);
  size_t at = 0;
  for (int i = 0; i < lines && at != std::string::npos; ++i) at = out_.find(" burst " + std::to_string(i) + "\n", at);
  EXPECT_NE(at, std::string::npos) << "lines are missing, or not in order";
}

// Read without the rings, which the killed process leaves too.
TEST_F(XlogProgram, WhatWasFlushedIsInTheFileWhenTheProcessIsKilled) {
  child_process child(run_words(profile("  xlog: { directory: " + folder_ + "/log, interval: 1m, power_loss: 1m }\n"
                                        "  speaker: { burst: 1000, flush: 1m, start_deadline: 1m, stall_limit: 1m }\n")));
  ASSERT_TRUE(child.wait_for("said")) << child.out << child.err;
  child.signal(SIGKILL);
  child.wait();
  EXPECT_EQ(read_speaker(), 0) << err_;
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1000);
}

TEST_F(XlogProgram, ALoadThatIsStoppedEndsAtOnceWithWhatWasSaidInTheFiles) {
  child_process child({THARSIS_PROGRAM, "xlog", "write", folder_ + "/log", "--lines", "1000000", "--rate", "20", "--plugins", THARSIS_PLUGINS});
  do ask({"xlog", "cat", folder_ + "/log", "--plugins", THARSIS_PLUGINS});
  while (out_.find(" line 0 0\n") == std::string::npos);
  child.interrupt();
  EXPECT_EQ(child.wait(), 1);
  EXPECT_EQ(child.err, "xlog write: stopped before all was said; what was said is in the files\n");
  EXPECT_EQ(ask({"xlog", "cat", folder_ + "/log", "--plugins", THARSIS_PLUGINS}), 0) << err_;
}

TEST_F(XlogProgram, InSyncModeALineIsInTheFileWhenItsCallComesBack) {
  for (const std::string more : {"power_loss=0ms", "power_loss=1m"}) {
    const std::string log = folder_ + "/" + more, acked = log + ".acked";
    child_process child({THARSIS_PROGRAM, "xlog", "write", log, "--threads", "3", "--lines", "1000000", "--acked", acked, "--set",
                         "mode=sync", "--set", "interval=1m", "--set", "sync_wait=1m", "--set", more, "--plugins", THARSIS_PLUGINS,
                         "--state", folder_ + "/state"});
    uint64_t counts[3] = {};
    const auto read_counts = [&] {
      std::ifstream in(acked, std::ios::binary);
      return static_cast<bool>(in.read(reinterpret_cast<char*>(counts), sizeof counts));
    };
    const auto end = std::chrono::steady_clock::now() + child_process::limit;
    while ((!read_counts() || counts[0] < 50 || counts[1] < 50 || counts[2] < 50) && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    child.signal(SIGKILL);
    child.wait();
    ASSERT_TRUE(read_counts());
    EXPECT_EQ(ask({"xlog", "cat", log, "--plugins", THARSIS_PLUGINS}), 0) << err_;
    for (int t = 0; t < 3; ++t) {
      EXPECT_GE(counts[t], 50u);
      size_t at = 0;
      for (uint64_t i = 0; i < counts[t] && at != std::string::npos; ++i)
        at = out_.find("line " + std::to_string(t) + " " + std::to_string(i) + "\n", at);
      EXPECT_NE(at, std::string::npos) << more << ": a line of thread " << t << " is missing of " << counts[t];
    }
  }
}
