// xlog in a program as a person runs it, on a real machine.
#include <signal.h>

#include <algorithm>

#include "tests/e2e/program_stage.h"

using namespace tharsis::test;

namespace {

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
  constexpr int lines = 200'000;
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
