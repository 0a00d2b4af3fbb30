// Goal: the commands that read give what was said, name what is damaged, and end with the code that their help tells.
// Method: the shipped plugin writes logs in a simulated world, which are read, followed, cut and altered there.
#include "tests/e2e/xlog_stage.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using test::logs_in;
using test::xlog_stage;
using list = std::vector<std::string>;

namespace {

const std::string first_file = "/log/xlog_20260101.tlog";

struct XlogReading : testing::Test {
  sim::world world{1};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  sim::disk& disk = *machine.storage();

  struct outcome {
    int code;
    std::string printed;
    list complaints;
  };
  outcome run(const list& words) {
    xlog_stage s(world, machine);
    outcome o{s.command(words), {}, s.console.complaints};
    for (const std::string& part : s.console.printed) o.printed += part + (part.ends_with('\n') ? "" : "\n");
    return o;
  }
  // Eleven lines in two blocks, closed in peace.
  void write_log() {
    xlog_stage s(world, machine, "directory: /log");
    ASSERT_TRUE(s.starts());
    for (int i = 0; i < 5; ++i) s.say("line " + std::to_string(i));
    s.say("worse", THARSIS_LOG_ERROR);
    ASSERT_TRUE(s.flush());
    for (int i = 5; i < 10; ++i) s.say("line " + std::to_string(i));
    EXPECT_TRUE(s.stops());
  }
  void alter(size_t at) {
    std::string content = *disk.content(first_file);
    content[at] = static_cast<char>(content[at] ^ 0x20);
    ASSERT_EQ(disk.replace(first_file, content, nullptr), THARSIS_OK);
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
size_t lines_in(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

TEST_F(XlogReading, GrepEndsAsGrepDoes) {
  write_log();
  const auto found = run({"grep", "line 7", "/log"});
  EXPECT_EQ(found.code, 0);
  EXPECT_TRUE(found.printed.ends_with(" speaker line 7\n")) << found.printed;
  EXPECT_EQ(lines_in(found.printed), 1u);
  const auto none = run({"grep", "line 77", "/log"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.printed, "");
  const auto counted = run({"grep", "-c", "-i", "LINE", "--plugin", "speaker", "/log"});
  EXPECT_EQ(counted.code, 0);
  EXPECT_EQ(counted.printed, "10\n");
  EXPECT_EQ(run({"grep", "x", "/nowhere"}).code, 2);
  EXPECT_EQ(run({"grep"}).code, 2);
}

TEST_F(XlogReading, TailShowsTheLastLines) {
  write_log();
  const auto last = run({"tail", "-n", "3", "--plugin", "speaker", "/log"});
  EXPECT_EQ(last.code, 0);
  EXPECT_EQ(lines_in(last.printed), 3u);
  EXPECT_TRUE(holds(last.printed, "line 7\n") && last.printed.ends_with("line 9\n")) << last.printed;
  const auto across = run({"tail", "-n", "8", "--plugin", "speaker", "/log"});
  EXPECT_EQ(lines_in(across.printed), 8u);
  EXPECT_TRUE(holds(across.printed, "line 3\n")) << across.printed;
  EXPECT_EQ(lines_in(run({"tail", "-n", "1", "--level", "error", "/log"}).printed), 1u) << "also where the last block has none";
  EXPECT_EQ(lines_in(run({"tail", "-n", "1000", "--plugin", "speaker", "/log"}).printed), 11u);
  EXPECT_EQ(run({"tail", "-n", "0", "/log"}).printed, "");
}

TEST_F(XlogReading, StatCounts) {
  write_log();
  const auto stat = run({"stat", "--plugin", "speaker", "/log"});
  EXPECT_EQ(stat.code, 0);
  EXPECT_TRUE(holds(stat.printed, "11 lines from 2026-01-01T")) << stat.printed;
  EXPECT_TRUE(holds(stat.printed, "          1  error\n         10  info\n")) << stat.printed;
  EXPECT_TRUE(holds(stat.printed, "plugins\n         11  speaker\n")) << stat.printed;
  EXPECT_TRUE(holds(stat.printed, " EEEEE")) << stat.printed;
  const auto json = run({"stat", "--json", "--level", "error", "/log"});
  EXPECT_TRUE(holds(json.printed, "\"lines\":1,")) << json.printed;
  EXPECT_TRUE(holds(json.printed, "\"plugins\":{\"speaker\":1}")) << json.printed;
}

TEST_F(XlogReading, VerifyNamesEachByteThatIsAltered) {
  THARSIS_ONE_THREAD();
  write_log();
  const auto whole = run({"verify", "/log"});
  EXPECT_EQ(whole.code, 0);
  EXPECT_TRUE(holds(whole.printed, first_file + ": whole, ")) << whole.printed;
  const std::string content = *disk.content(first_file);
  for (size_t at = 0; at < content.size(); at += 13) {
    alter(at);
    const auto damaged = run({"verify", first_file});
    EXPECT_EQ(damaged.code, 1) << at << ": " << damaged.printed;
    EXPECT_TRUE(holds(damaged.printed, first_file + ": byte ")) << at << ": " << damaged.printed;
    ASSERT_EQ(disk.replace(first_file, content, nullptr), THARSIS_OK);
  }
}

TEST_F(XlogReading, VerifyNamesEachCut) {
  THARSIS_ONE_THREAD();
  write_log();
  const std::string content = *disk.content(first_file);
  for (size_t size = 0; size < content.size(); size += 11) {
    ASSERT_EQ(disk.replace(first_file, content.substr(0, size), nullptr), THARSIS_OK);
    const auto cut = run({"verify", "--json", first_file});
    EXPECT_EQ(cut.code, 1) << size << ": " << cut.printed;
    EXPECT_TRUE(holds(cut.printed, "\"complete\":false,\"damaged\":true")) << size << ": " << cut.printed;
  }
}

TEST_F(XlogReading, ExportMakesAFileAndTouchesNone) {
  write_log();
  EXPECT_EQ(run({"export", "--to", "text", "-o", "/out.txt", "--plugin", "speaker", "/log"}).code, 0);
  EXPECT_EQ(disk.content("/out.txt").value_or(""), run({"cat", "--plugin", "speaker", "/log"}).printed);
  EXPECT_EQ(run({"export", "--to", "json", "-o", "/out.json", "/log"}).code, 0);
  EXPECT_EQ(disk.content("/out.json").value_or(""), run({"cat", "--json", "/log"}).printed);
  EXPECT_EQ(run({"export", "--to", "csv", "-o", "/out.csv", "--level", "error", "/log"}).code, 0);
  EXPECT_TRUE(holds(disk.content("/out.csv").value_or(""), "error,")) << disk.content("/out.csv").value_or("");
  const auto again = run({"export", "--to", "text", "-o", "/out.txt", "/log"});
  EXPECT_EQ(again.code, 2);
  ASSERT_EQ(again.complaints.size(), 1u);
  EXPECT_TRUE(holds(again.complaints[0], "/out.txt exists")) << again.complaints[0];
}

TEST_F(XlogReading, HelpTeaches) {
  for (const char* const name : {"cat", "tail", "grep", "stat", "verify", "export"}) {
    const auto help = run({name, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(holds(help.printed, "Examples\n  tharsis xlog ")) << help.printed;
  }
}
