// Goal: the files of a log stay within their limits while it runs for long, whatever clocks and disks do; a full disk costs old
// files first, then lines that are no warnings, and says so. Method: xlog as it is shipped, on a simulated machine.
#include <algorithm>

#include "tests/e2e/xlog_stage.h"
#include "tests/runtime/counted.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::test;
using list = std::vector<std::string>;

namespace {

const std::string first_file = "/log/xlog_20260101.tlog";

struct XlogFiles : testing::Test {
  std::string noise(size_t size) {
    std::string text;
    while (text.size() < size) text += static_cast<char>('!' + world.random() % 94);
    return text;
  }
  uint64_t bytes_in(const std::string& folder) {
    uint64_t all = 0;
    for (const std::string& path : logs_in(machine, folder)) all += disk.content(path)->size();
    return all;
  }

  sim::world world{7};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  sim::disk& disk = *machine.storage();
};

}  // namespace

TEST_F(XlogFiles, ForADayAndANightEachHourHasAFile) {
  xlog_stage s(world, machine, "directory: /log, rotate_every: 1h");
  ASSERT_TRUE(s.starts());
  std::vector<list> hours;
  for (int64_t i = 0, last = -1; i < 24 * 4; ++i) {
    const int64_t hour = world.now().time_since_epoch() / 1h;
    if (hour != last) hours.emplace_back();
    last = hour;
    hours.back().push_back(std::to_string(i));
    s.say(hours.back().back());
    ASSERT_TRUE(s.flush());
    world.run_for(15min);
  }
  EXPECT_TRUE(s.stops());
  EXPECT_GE(hours.size(), 24u);
  const list files = logs_in(machine, "/log");
  ASSERT_EQ(files.size(), hours.size());
  for (size_t i = 0; i < files.size(); ++i) EXPECT_EQ(texts_in(machine, files[i]), hours[i]);
}

TEST_F(XlogFiles, LocalDaysBeginAtLocalMidnight) {
  machine.like().ahead_of_utc = [](int64_t) { return int64_t{-9} * 3'600'000'000'000; };
  xlog_stage s(world, machine, "directory: /log, days: local");
  ASSERT_TRUE(s.starts());
  s.say("the year before");
  EXPECT_TRUE(s.flush());
  world.run_for(9h);
  s.say("new year");
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in(machine, "/log/xlog_20251231.tlog"), list{"the year before"});
  EXPECT_EQ(texts_in(machine, first_file), list{"new year"});
}

TEST_F(XlogFiles, WeeksOfLogStayWithinAgeAndBytesWhateverTheClockDoes) {
  THARSIS_ONE_THREAD();
  xlog_stage s(world, machine, "directory: /log, file_size: 16KiB, keep_for: 3d, keep_bytes: 64KiB, rotate_every: 6h");
  ASSERT_TRUE(s.starts());
  disk.make_folder("/log", nullptr);
  for (const char* name : {"/log/other_20200101.tlog", "/log/xlog_20200101.txt"}) disk.replace(name, "not ours", nullptr);
  uint64_t most = 0;
  const int days = std::max(14, static_cast<int>(test::seeds(40)));
  for (int day = 0; day < days; ++day) {
    if (world.random() % 4 == 0) machine.set_clock_by(std::chrono::hours(static_cast<int>(world.random() % 100) - 50));
    for (int part = 0; part < 4; ++part) {
      s.say(std::to_string(day) + " " + noise(day % 7 == 0 ? 9000 : 500));
      ASSERT_TRUE(s.flush());
      world.run_for(6h);
      most = std::max(most, bytes_in("/log"));
    }
  }
  EXPECT_LE(most, 64u << 10);
  EXPECT_GT(most, 24u << 10) << "the limit was never near";
  EXPECT_TRUE(disk.content("/log/other_20200101.tlog"));
  EXPECT_TRUE(disk.content("/log/xlog_20200101.txt"));
  disk.remove("/log/other_20200101.tlog", nullptr);
  disk.remove("/log/xlog_20200101.txt", nullptr);
  EXPECT_GT(counted(s.running->counted(), "xlog", "files_removed"), 20);
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(s.logged, "");
}

TEST_F(XlogFiles, AnIdleLogGetsOldToo) {
  {
    xlog_stage s(world, machine, "directory: /log, keep_for: 2d, keep_at_least: 0");
    ASSERT_TRUE(s.starts());
    s.say("old");
    EXPECT_TRUE(s.stops());
  }
  xlog_stage s(world, machine, "directory: /log, keep_for: 2d, keep_at_least: 0");
  ASSERT_TRUE(s.starts());
  world.run_for(47h);
  EXPECT_TRUE(disk.content(first_file));
  world.run_for(3h);
  EXPECT_FALSE(disk.content(first_file)) << "nothing was said, and nothing was begun";
  EXPECT_TRUE(s.stops());
}

TEST_F(XlogFiles, AQuietLogIsCompacted) {
  const std::string settings = "directory: /log, file_size: 1MiB, interval: 0ms";
  list said;
  {
    xlog_stage s(world, machine, settings);
    ASSERT_TRUE(s.starts());
    for (int i = 0; i < 300; ++i) {
      said.push_back("heartbeat " + std::to_string(i));
      s.say(said.back());
      world.run_for(1s);
    }
    EXPECT_TRUE(s.stops());
  }
  const uint64_t before = bytes_in("/log");
  xlog_stage s(world, machine, settings);
  ASSERT_TRUE(s.starts());
  world.run_for(59s);
  EXPECT_EQ(counted(s.running->counted(), "xlog", "files_compacted"), 0);
  for (int i = 0; i < 100; ++i) {
    said.push_back("still there " + std::to_string(i));
    s.say(said.back());
    world.run_for(1s);
  }
  EXPECT_EQ(counted(s.running->counted(), "xlog", "files_compacted"), 1) << "a heartbeat is quiet";
  EXPECT_LT(disk.content(first_file)->size() * 4, before);
  EXPECT_TRUE(s.flush());
  EXPECT_EQ(texts_in_folder(machine, "/log"), said);
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(s.logged, "");
}

TEST_F(XlogFiles, AFullDiskTakesOldFilesAndWritingGoesOn) {
  xlog_stage s(world, machine, "directory: /log, file_size: 8KiB");
  ASSERT_TRUE(s.starts());
  s.watch();
  disk.capacity = 64 << 10;
  for (int i = 0; i < 100; ++i) {
    s.say(std::to_string(i) + " " + noise(2000));
    ASSERT_TRUE(s.flush());
  }
  EXPECT_EQ(s.states.back().status, THARSIS_OK);
  EXPECT_EQ(s.console.complaints, list{});
  EXPECT_GT(counted(s.running->counted(), "xlog", "files_removed"), 5);
  EXPECT_TRUE(s.stops());
  const list said = texts_in_folder(machine, "/log");
  ASSERT_GT(said.size(), 10u);
  int next = 100 - static_cast<int>(said.size());
  for (const std::string& text : said) EXPECT_EQ(std::stoi(text), next++) << "the oldest are missing, and no others";
}

TEST_F(XlogFiles, WhereNothingMayGoWarningsHaveTheLastRoomAndTheFileTellsOfTheRest) {
  xlog_stage s(world, machine, "directory: /log, ring_size: 64KiB, make_room: false, retry_max: 2s");
  ASSERT_TRUE(s.starts());
  s.watch();
  disk.capacity = 0;
  s.say("first");
  s.flush();
  ASSERT_FALSE(s.states.empty());
  EXPECT_EQ(s.states.back().status, THARSIS_E_FULL);
  EXPECT_EQ(s.states.back().below, uint32_t{THARSIS_LOG_WARNING});
  ASSERT_EQ(s.console.complaints.size(), 1u);
  EXPECT_NE(s.console.complaints[0].find("lines below warning have half of that"), std::string::npos) << s.console.complaints[0];
  for (int i = 0; i < 100; ++i) s.say("info " + noise(1000));
  for (int i = 0; i < 10; ++i) s.say("warning " + noise(1000), THARSIS_LOG_WARNING);
  world.run_for(1min);
  disk.capacity.reset();
  world.run_for(3s);
  EXPECT_EQ(s.states.back().status, THARSIS_OK);
  EXPECT_EQ(s.states.back().below, 0u);
  EXPECT_TRUE(s.stops());
  const list said = texts_in_folder(machine, "/log");
  const auto count = [&](std::string_view what) { return std::count_if(said.begin(), said.end(), [&](const std::string& t) { return t.starts_with(what); }); };
  EXPECT_EQ(count("warning"), 10);
  EXPECT_GT(count("info"), 20);
  const told_lost lost = lines_told_lost(machine, "/log");
  EXPECT_EQ(lost.lines, lost.infos);
  EXPECT_EQ(static_cast<uint64_t>(count("info")) + lost.infos, 100u);
}

TEST_F(XlogFiles, YoungFilesAreInTheCacheAndOldOnesInTheFolder) {
  xlog_stage s(world, machine, "directory: /log, cache_directory: /cache, cache_days: 2");
  ASSERT_TRUE(s.starts());
  for (int day = 0; day < 5; ++day) {
    s.say(std::to_string(day));
    ASSERT_TRUE(s.flush());
    world.run_for(24h);
  }
  world.run_for(2h);
  EXPECT_EQ(logs_in(machine, "/log"), (list{first_file, "/log/xlog_20260102.tlog", "/log/xlog_20260103.tlog"})) << "it was closed two days ago";
  EXPECT_EQ(logs_in(machine, "/cache"), (list{"/cache/xlog_20260104.tlog", "/cache/xlog_20260105.tlog"}));
  EXPECT_TRUE(s.stops());
  list all = texts_in_folder(machine, "/log");
  for (const std::string& text : texts_in_folder(machine, "/cache")) all.push_back(text);
  EXPECT_EQ(all, (list{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(s.logged, "");
}

TEST_F(XlogFiles, ACacheThatCannotBeWrittenIsNoReasonToKeepNothing) {
  disk.replace("/cache", "a file", nullptr);
  xlog_stage s(world, machine, "directory: /log, cache_directory: /cache");
  ASSERT_TRUE(s.starts());
  s.say("here");
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in(machine, first_file), list{"here"});
}

TEST_F(XlogFiles, WithoutAnAgeFilesStayForEver) {
  disk.make_folder("/log", nullptr);
  disk.replace("/log/xlog_20251201.tlog", "x", nullptr, 1);
  xlog_stage s(world, machine, "directory: /log, keep_for: 0s, keep_at_least: 0");
  ASSERT_TRUE(s.starts());
  world.run_for(1min);
  EXPECT_TRUE(disk.content("/log/xlog_20251201.tlog"));
  EXPECT_TRUE(s.stops());
}

TEST_F(XlogFiles, TheCommandListsThemAndSaysWhatItCannotList) {
  {
    xlog_stage s(world, machine, "directory: /log");
    ASSERT_TRUE(s.starts());
    s.say("today");
    ASSERT_TRUE(s.flush());
    world.run_for(24h);
    s.say("an error tomorrow", THARSIS_LOG_ERROR);
    EXPECT_TRUE(s.stops());
  }
  const auto printed = [&](std::vector<std::string> words, int code) {
    words.insert(words.begin(), "files");
    xlog_stage reading(world, machine);
    EXPECT_EQ(reading.command(words), code);
    std::string all;
    for (const std::string& text : reading.console.printed) all += text;
    for (const std::string& text : reading.console.complaints) all += text;
    return all;
  };
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  const std::string all = printed({"/log"}, 0);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
  EXPECT_TRUE(has(all, first_file + "  ") && has(all, "  complete\n") && has(all, "2026-01-02T00:")) << all;
  const std::string tomorrow = printed({"/log", "--day", "2026-01-02", "--json"}, 0);
  EXPECT_TRUE(tomorrow.starts_with("{\"path\":\"/log/xlog_20260102.tlog\",\"name\":\"xlog\",\"day\":\"20260102\",\"number\":0,")) << tomorrow;
  EXPECT_TRUE(has(tomorrow, "\"lines\":1,\"levels\":\"E\"") && has(tomorrow, "\"complete\":true")) << tomorrow;
  EXPECT_TRUE(has(printed({"/log", "--since", "2026-01-03"}, 0), "no log files there"));
  EXPECT_TRUE(has(printed({"/nowhere"}, 1), "/nowhere"));
  EXPECT_TRUE(has(printed({}, 2), "name at least one folder"));
  EXPECT_TRUE(has(printed({"--help"}, 0), "tharsis xlog files [--day DAY]"));
}

TEST_F(XlogFiles, AFileThatIsInBothFoldersIsReadOnce) {
  {
    xlog_stage s(world, machine, "directory: /log");
    ASSERT_TRUE(s.starts());
    s.say("once");
    EXPECT_TRUE(s.stops());
  }
  disk.make_folder("/cache", nullptr);
  disk.replace("/cache/xlog_20260101.tlog", *disk.content(first_file), nullptr);
  xlog_stage reading(world, machine);
  EXPECT_EQ(reading.command({"cat", "--plugin", "speaker", "/log", "/cache"}), 0);
  ASSERT_EQ(reading.console.printed.size(), 1u);
  EXPECT_EQ(std::count(reading.console.printed[0].begin(), reading.console.printed[0].end(), '\n'), 1) << reading.console.printed[0];
}
