// Goal: commands that read do no more than they have to, whatever is in the files. Method: files on a simulated disk that counts what it is
// asked for, and files that nobody's writer has made.
#include "plugins/xlog/read_run.h"

#include <gtest/gtest.h>

#include "plugins/xlog/tail_command.h"
#include "sdk/pure/views.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/e2e/recording_console.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/written_log.h"
#include "tests/sdk/async/fake_loop.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

struct desk {
  reading about(const char* command, const std::vector<std::string>& words) {
    const tharsis_command_call call{sizeof call, 0, command, nullptr, console.table(), text_of("/")};
    auto asked = parse_read_arguments(command, words, 0);
    EXPECT_TRUE(asked) << asked.failure().text;
    return {&counted.table, &loop.table, command_call(call), *asked, nullptr, 0, &stop, nullptr};
  }
  // Operations that it took.
  uint64_t tail(const std::string& lines) {
    const reading r = about("tail", {"-n", lines, "/log.tlog"});
    counted.operations = 0;
    EXPECT_FALSE(tail_command(r).begin());
    return counted.operations;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk, [] { return int64_t{0}; }};
  failing_files counted{files.table()};
  test::fake_loop loop;
  test::recording_console console;
  std::atomic<bool> stop{false};
};

// Frames that say nothing, and all have the same number.
std::string made_up(size_t frames) {
  written_log log;
  frame_header h;
  h.number = 0;
  const auto frame = encode(h);
  std::string all = log.bytes;
  for (size_t i = 0; i < frames; ++i) all.append(frame.begin(), frame.end());
  return all;
}

}  // namespace

TEST(XlogReadRun, WhereThereAreFewerLinesThanTailIsAskedForTheyAreReadOnce) {
  desk d;
  written_log log;
  log.add_sites({{THARSIS_LOG_INFO, 7, "stn", "", "a.cpp", "n {n}", "m"}});
  for (uint64_t n = 0; n < 20; ++n) {
    log.add_line(1, static_cast<int64_t>(n) * written_log::second, number_argument(n));
    log.end_block();
  }
  log.end();
  d.disk->replace("/log.tlog", log.bytes, nullptr, 0);
  const uint64_t all = d.tail("20"), more = d.tail("21");
  ASSERT_EQ(d.console.printed.size(), 2u);
  EXPECT_EQ(d.console.printed[0], d.console.printed[1]);
  EXPECT_EQ(std::count(d.console.printed[0].begin(), d.console.printed[0].end(), '\n'), 20);
  EXPECT_LE(more, all + 20) << "operations on the disk";
}

TEST(XlogReadRun, DamagedPlacesBeyondWhatAPersonReadsAreCounted) {
  desk d;
  d.disk->replace("/log.tlog", made_up(5 * damage_kept_most), nullptr, 0);
  EXPECT_EQ(verify_files(d.about("verify", {"/log.tlog"})), 1);
  ASSERT_EQ(d.console.printed.size(), 1u);
  const std::string& told = d.console.printed[0];
  EXPECT_LE(static_cast<size_t>(std::count(told.begin(), told.end(), '\n')), damage_kept_most + 3);
  EXPECT_NE(told.find("/log.tlog: and 4000 more damaged places\n"), std::string::npos) << told.substr(told.size() - 300);
  d.tail("3");
  EXPECT_EQ(d.console.complaints.size(), damage_kept_most + 1);
  EXPECT_EQ(d.console.complaints.back(), "xlog tail: 4000 more places are damaged; tharsis xlog verify says how many in each file");
}
