// Goal: what is said is in the file, or counted, whatever the disk does; and it can be read back.
// Method: the plugin binaries of the real run, in the simulated world, whose disk is filled, write
// protected, broken and cut from power.
#include "tests/e2e/xlog_stage.h"
#include "tests/runtime/counted.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using test::logs_in;
using test::lines_told_lost;
using test::texts_in;
using test::texts_in_folder;
using test::xlog_stage;
using list = std::vector<std::string>;

namespace {

const std::string first_file = "/log/xlog_20260101.tlog";

struct XlogInSimulation : testing::Test {
  sim::world world{1};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  sim::disk& disk = *machine.storage();
};

std::string incompressible(sim::world& world, size_t size) {
  std::string text;
  while (text.size() < size) text += static_cast<char>('!' + world.random() % 94);
  return text;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_F(XlogInSimulation, WhatWasSaidBeforeAFlushIsInTheFile) {
  xlog_stage s(world, machine, "directory: /log, interval: 1m");
  ASSERT_TRUE(s.starts());
  s.watch();
  s.say("one\ntwo");
  s.say("debug", THARSIS_LOG_DEBUG);
  s.say("three", THARSIS_LOG_WARNING);
  EXPECT_TRUE(s.flush());
  EXPECT_EQ(texts_in(machine, first_file), (list{"one\ntwo", "three"}));
  ASSERT_EQ(s.states.size(), 1u);
  EXPECT_EQ(s.states[0].file, first_file);
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(s.logged, "");
}

TEST_F(XlogInSimulation, LinesReachTheFileByThemselvesAndErrorsAtOnce) {
  xlog_stage s(world, machine, "directory: /log, interval: 10s");
  ASSERT_TRUE(s.starts());
  world.run_for(20s);
  s.say("patient");
  world.run_for(9s);
  EXPECT_EQ(texts_in(machine, first_file), list{});
  world.run_for(2s);
  EXPECT_EQ(texts_in(machine, first_file), list{"patient"});
  s.say("urgent", THARSIS_LOG_ERROR);
  world.run_for(100ms);
  EXPECT_EQ(texts_in(machine, first_file), (list{"patient", "urgent"}));
  s.say("last");
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in(machine, first_file), (list{"patient", "urgent", "last"}));
}

TEST_F(XlogInSimulation, AFullDiskIsComplainedOfOnceAndEverythingIsWrittenOnceThereIsRoom) {
  xlog_stage s(world, machine, "directory: /log, retry_max: 2s");
  ASSERT_TRUE(s.starts());
  s.watch();
  s.say("before");
  ASSERT_TRUE(s.flush());
  disk.capacity = disk.content(first_file)->size();
  for (int i = 0; i < 100; ++i) s.say("full " + std::to_string(i));
  EXPECT_TRUE(s.flush()) << "a flush is answered also when it cannot help";
  world.run_for(1min);
  ASSERT_EQ(s.states.size(), 2u);
  EXPECT_EQ(s.states[1].status, THARSIS_E_FULL);
  EXPECT_TRUE(holds(s.states[1].reason, "/log/xlog_20260101")) << s.states[1].reason;
  ASSERT_EQ(s.console.complaints.size(), 1u);
  EXPECT_TRUE(holds(s.console.complaints[0], "lines do not reach the log file: ")) << s.console.complaints[0];

  disk.capacity.reset();
  world.run_for(3s);
  ASSERT_EQ(s.states.size(), 3u);
  EXPECT_EQ(s.states[2].status, THARSIS_OK);
  EXPECT_EQ(s.states[2].lost, 0u);
  const list said = texts_in_folder(machine, "/log");
  ASSERT_EQ(said.size(), 101u);
  EXPECT_EQ(said.front(), "before");
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(said[i + 1], "full " + std::to_string(i));
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(logs_in(machine, "/log").size(), 2u) << "many failures make one file";
  const list own = texts_in_folder(machine, "/log", "xlog");
  ASSERT_EQ(own.size(), 2u);
  EXPECT_TRUE(holds(own[1], "the log is written again after 6")) << own[1];
}

TEST_F(XlogInSimulation, WhatARingCannotHoldIsCountedInTheFile) {
  xlog_stage s(world, machine, "directory: /log, ring_size: 64KiB, retry_max: 1s");
  ASSERT_TRUE(s.starts());
  s.watch();
  disk.read_only = true;
  const std::string wide(1000, 'x');
  for (int i = 0; i < 200; ++i) s.say(std::to_string(i) + wide);
  s.say("worse" + wide, THARSIS_LOG_ERROR);
  disk.read_only = false;
  world.run_for(2s);
  EXPECT_TRUE(s.flush());
  const list said = texts_in_folder(machine, "/log");
  for (size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], std::to_string(i) + wide) << "the newest are dropped";
  const uint64_t lost = lines_told_lost(machine, "/log").lines;
  EXPECT_EQ(said.size() + lost, 201u);
  EXPECT_GT(said.size(), 55u);
  EXPECT_EQ(s.states.back().lost, lost);
  EXPECT_EQ(test::counted(s.running->counted(), "xlog", "lines_dropped_speaker_info"), static_cast<int64_t>(lost) - 1);
  EXPECT_EQ(test::counted(s.running->counted(), "xlog", "lines_dropped_speaker_error"), 1);
  s.say("after it");
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in_folder(machine, "/log").back(), "after it");
  EXPECT_EQ(s.logged, "xlog: " + std::to_string(lost) + " lines never reached the log file\n");

  xlog_stage reading(world, machine);
  EXPECT_EQ(reading.command({"cat", "/log", "--level", "warning", "--plugin", "xlog", "--grep", "lost before"}), 0);
  ASSERT_EQ(reading.console.printed.size(), 1u);
  const std::string told = " W 0 xlog " + std::to_string(lost) + " lines are lost before this: the rings were full (" +
                           std::to_string(lost - 1) + " info of speaker, 1 error of speaker), between 2026-01-01T00:";
  EXPECT_TRUE(holds(reading.console.printed[0], told)) << reading.console.printed[0];
  EXPECT_TRUE(reading.console.printed[0].starts_with("2026-01-01T00:16:")) << reading.console.printed[0];
}

TEST_F(XlogInSimulation, AWrongRuleForFullRingsEndsTheStartWithASentence) {
  xlog_stage s(world, machine, "directory: /log, when_full: { stn: wait 5ms, ui: dorp }");
  EXPECT_FALSE(s.starts());
  EXPECT_TRUE(holds(s.report("xlog").reason,
                    "test.yaml:3:60: xlog.when_full.ui: character 1 of \"dorp\": expected \"wait\" or \"drop\", got 'dorp'; say "))
      << s.report("xlog").reason;
  s.running->stop();
  EXPECT_TRUE(world.run_until([&] { return s.ended; }, world.now() + 10s));
  xlog_stage other(world, machine, "directory: /log, when_full: { stn/a/b: drop }");
  EXPECT_FALSE(other.starts());
  EXPECT_TRUE(holds(other.report("xlog").reason, "'stn/a/b' names no lines")) << other.report("xlog").reason;
  other.running->stop();
  EXPECT_TRUE(world.run_until([&] { return other.ended; }, world.now() + 10s));
}

TEST_F(XlogInSimulation, WhatIsRecordedIsWrittenWhenAnErrorComesAndReadInTheOrderOfItsTime) {
  xlog_stage s(world, machine, "directory: /log, flight: { speaker: debug }, flight_size: 64KiB, interval: 10ms");
  ASSERT_TRUE(s.starts());
  list said;
  for (int i = 0; i < 12; ++i) {
    said.push_back(std::to_string(i));
    s.say(said.back(), i == 4 || i == 11 ? THARSIS_LOG_ERROR : i % 3 == 0 ? THARSIS_LOG_INFO : THARSIS_LOG_DEBUG);
    s.say("nobody wants this", THARSIS_LOG_VERBOSE);
    if (i == 10) {
      EXPECT_EQ(texts_in_folder(machine, "/log"), (list{"0", "3", "1", "2", "4", "6", "9"}));
    }
    world.run_for(1s);
  }
  s.say("forgotten", THARSIS_LOG_DEBUG);
  EXPECT_EQ(test::counted(s.running->counted(), "xlog", "lines_recorded"), 6);
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in_folder(machine, "/log"), (list{"0", "3", "1", "2", "4", "6", "9", "5", "7", "8", "10", "11"}));

  xlog_stage reading(world, machine);
  EXPECT_EQ(reading.command({"cat", "/log", "--plugin", "speaker"}), 0);
  std::string all;
  for (const std::string& part : reading.console.printed) all += part;
  list read;
  for (size_t at = 0, end = 0; (end = all.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = all.substr(at, end - at);
    read.push_back(line.substr(line.rfind(' ') + 1));
  }
  EXPECT_EQ(read, said);
}

TEST_F(XlogInSimulation, AFolderThatCannotBeWrittenEndsTheStartWithASentence) {
  disk.read_only = true;
  xlog_stage s(world, machine, "directory: /log");
  EXPECT_FALSE(s.starts());
  const auto report = s.report("xlog");
  EXPECT_EQ(report.state, runtime::plugin_state::failed);
  EXPECT_TRUE(holds(report.reason, "no log can be kept in '/log' (xlog.directory, from test.yaml:3:")) << report.reason;
  s.running->stop();
  EXPECT_TRUE(world.run_until([&] { return s.ended; }, world.now() + 10s));
}

TEST_F(XlogInSimulation, StoppingWithAFullDiskEndsInTimeAndSaysWhatWasLost) {
  xlog_stage s(world, machine, "directory: /log");
  ASSERT_TRUE(s.starts());
  s.say("kept");
  ASSERT_TRUE(s.flush());
  disk.capacity = 0;
  for (int i = 0; i < 10; ++i) s.say("lost " + std::to_string(i));
  const instant before = world.now();
  EXPECT_TRUE(s.stops());
  EXPECT_LT(world.now() - before, 5s);
  EXPECT_TRUE(holds(s.logged, "xlog: 10 lines never reached the log file") ||
              holds(s.logged, "xlog: 11 lines never reached the log file"))  // Its own complaint is one.
      << s.logged;
  EXPECT_EQ(test::counted(s.running->counted(), "xlog", "lines_lost"), holds(s.logged, "xlog: 10 lines") ? 10 : 11);
  EXPECT_EQ(texts_in_folder(machine, "/log"), list{"kept"});
}

TEST_F(XlogInSimulation, ANewDayAndAFullFileBeginNewFiles) {
  xlog_stage s(world, machine, "directory: /log, file_size: 4KiB");
  ASSERT_TRUE(s.starts());
  s.say("today");
  ASSERT_TRUE(s.flush());
  world.run_for(24h);
  for (int i = 0; i < 3; ++i) {
    s.say(incompressible(world, 5000));
    ASSERT_TRUE(s.flush());
  }
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(logs_in(machine, "/log"), (list{first_file, "/log/xlog_20260102.tlog", "/log/xlog_20260102_1.tlog", "/log/xlog_20260102_2.tlog"}))
      << "and none that is empty";
  EXPECT_EQ(texts_in(machine, first_file), list{"today"});
  EXPECT_EQ(texts_in(machine, "/log/xlog_20260102_2.tlog").size(), 1u);
}

TEST_F(XlogInSimulation, EachStartHasAFileOfItsOwnAndAFileThatWasCutOffIsReadUpToThere) {
  size_t written = 0;
  {
    xlog_stage s(world, machine, "directory: /log");
    ASSERT_TRUE(s.starts());
    s.say("first life");
    ASSERT_TRUE(s.flush());
    s.say("its last words");
    ASSERT_TRUE(s.flush());
    written = disk.content(first_file)->size();
    ASSERT_TRUE(s.stops());
  }
  const auto node = disk.find(first_file);
  ASSERT_TRUE(node);
  (*node)->bytes.resize(written - 10);  // In the middle of a block.
  const std::string before = (*node)->bytes;
  {
    xlog_stage s(world, machine, "directory: /log");
    ASSERT_TRUE(s.starts());
    s.say("second life");
    ASSERT_TRUE(s.stops());
  }
  EXPECT_EQ(logs_in(machine, "/log"), (list{first_file, "/log/xlog_20260101_1.tlog"}));
  EXPECT_EQ(disk.content(first_file), before) << "nobody touches it";
  xlog_stage reading(world, machine);
  EXPECT_EQ(reading.command({"cat", "/log", "--plugin", "speaker"}), 1) << "no dead process left what is missing";
  ASSERT_EQ(reading.console.complaints.size(), 1u);
  EXPECT_TRUE(reading.console.complaints[0].starts_with("/log/xlog_20260101.tlog: byte ")) << reading.console.complaints[0];
  EXPECT_TRUE(holds(reading.console.complaints[0], "cut off")) << reading.console.complaints[0];
  std::string printed;
  for (const std::string& part : reading.console.printed) printed += part;
  EXPECT_TRUE(holds(printed, " speaker first life\n")) << printed;
  EXPECT_TRUE(holds(printed, " speaker second life\n")) << printed;
  EXPECT_FALSE(holds(printed, "its last words")) << printed;
}

TEST_F(XlogInSimulation, TwoRuntimesInOneFolderWriteToFilesOfTheirOwnThatAreReadTogether) {
  sim::machine& other = world.add_machine("two", {"10.0.0.2"}, machine.storage());
  xlog_stage a(world, machine, "directory: /log"), b(world, other, "directory: /log");
  ASSERT_TRUE(a.starts());
  ASSERT_TRUE(b.starts());
  for (int i = 0; i < 3; ++i) {
    a.say("a" + std::to_string(i));
    world.run_for(1ms);
    b.say("b" + std::to_string(i));
    world.run_for(1ms);
  }
  ASSERT_TRUE(a.stops());
  ASSERT_TRUE(b.stops());
  EXPECT_EQ(texts_in(machine, first_file).size(), 3u);
  EXPECT_EQ(texts_in(machine, "/log/xlog_20260101_1.tlog").size(), 3u);
  xlog_stage reading(world, machine);
  EXPECT_EQ(reading.command({"cat", "--plugin", "speaker", "--json", "../log/"}), 2) << "/here/../log is not there in this world";
  xlog_stage again(world, machine);
  EXPECT_EQ(again.command({"cat", "--plugin", "speaker", "--json", "/log/"}), 0);
  ASSERT_EQ(again.console.printed.size(), 1u);
  std::string order;
  for (size_t at = 0; (at = again.console.printed[0].find("\"text\":\"", at)) != std::string::npos; ++at)
    order += again.console.printed[0].substr(at + 8, 2) + " ";
  EXPECT_EQ(order, "a0 b0 a1 b1 a2 b2 ");
}

TEST_F(XlogInSimulation, AFileThatSomebodyRemovesIsMadeAgain) {
  xlog_stage s(world, machine, "directory: /log");
  ASSERT_TRUE(s.starts());
  s.say("gone with the file");
  ASSERT_TRUE(s.flush());
  disk.remove(first_file, nullptr);
  s.say("safe");
  ASSERT_TRUE(s.flush());
  EXPECT_EQ(texts_in(machine, first_file), list{"safe"});
  EXPECT_TRUE(s.stops());
}

TEST_F(XlogInSimulation, CatSaysWhatIsWrongWithItsInputAndTouchesNothing) {
  disk.make_folder("/here/empty", nullptr);
  disk.replace("/here/notes.txt", "buy milk\n", nullptr);
  const auto paths = disk.paths();
  disk.read_only = true;  // Reading must not need more.
  const auto says = [&](const list& words, int code, const std::string& sentence) {
    xlog_stage s(world, machine);
    EXPECT_EQ(s.command(words), code);
    ASSERT_EQ(s.console.complaints.size(), 1u);
    EXPECT_TRUE(holds(s.console.complaints[0], sentence)) << s.console.complaints[0];
    EXPECT_TRUE(s.console.printed.empty());
  };
  says({"cat", "missing.tlog"}, 2, "/here/missing.tlog");
  says({"cat", "notes.txt"}, 2, "notes.txt: not a log file of xlog");
  says({"cat", "empty"}, 2, "empty: no log files in this folder; they are named like xlog_2026");
  says({"cat"}, 2, "name at least one log file");
  says({"cat", "--level", "loud", "x"}, 2, "is no level");
  xlog_stage help(world, machine);
  EXPECT_EQ(help.command({"cat", "--help"}), 0);
  EXPECT_TRUE(holds(help.console.printed.at(0), "tharsis xlog cat [OPTION]... PATH..."));
  EXPECT_EQ(disk.paths(), paths);
}

// Goal: a loss of power takes the newest lines at most, is seen when the log is read, and the next life
// has a file of its own. Method: the simulated disk cuts what was not synced anywhere.
TEST(XlogInTroubledWorlds, ALossOfPowerTakesNoMoreThanTheEnd) {
  THARSIS_ONE_THREAD();
  constexpr int seeds = test::seeds(200);
  int torn = 0, taken = 0;
  test::for_each_seed(seeds, [&](uint64_t seed) {
    sim::world world(seed);
    sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
    // What a process without power held is never freed; reachable, so that no leak is seen in it.
    static auto& dead = *new std::vector<std::unique_ptr<xlog_stage>>;
    dead.push_back(std::make_unique<xlog_stage>(world, machine, "directory: /log, file_size: 4KiB, ring_size: 64KiB"));
    ASSERT_TRUE(dead.back()->starts());
    for (int i = 0; i < 100; ++i) {
      dead.back()->say("first life " + std::to_string(i) + " " + incompressible(world, 200));
      if (i % 10 == 0) dead.back()->flush();
    }
    dead.back()->flush();
    machine.kill();

    xlog_stage second(world, machine, "directory: /log");
    ASSERT_TRUE(second.starts());
    second.say("second life");
    EXPECT_TRUE(second.stops());
    const list paths = logs_in(machine, "/log");
    list found;
    int damaged = 0;
    for (const std::string& path : paths) {
      const test::log_content content = test::content_of(machine, path);
      for (const std::string& damage : content.damage) {
        EXPECT_TRUE(holds(damage, "cut off")) << damage;
        EXPECT_EQ(path, paths[paths.size() - 2]) << "files that were full had been synced";
        ++damaged;
      }
      found.insert(found.end(), content.texts.begin(), content.texts.end());
    }
    EXPECT_LE(damaged, 1);
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(texts_in(machine, paths.back()), list{"second life"});
    found.pop_back();
    EXPECT_GE(found.size(), 50u) << "files that were full had been synced";
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_TRUE(found[i].starts_with("first life " + std::to_string(i) + " ")) << found[i];
    torn += damaged;
    taken += found.size() < 100 ? 1 : 0;
  });
  if (!test::all_seeds()) return;
  EXPECT_GT(torn, seeds / 20) << "no block was torn: nothing was tested";
  EXPECT_GT(taken, seeds / 20);
}

// Somebody sets the clock: waiting times do not change, and what is written goes to the file of the day that it is.
TEST_F(XlogInSimulation, AClockThatJumpsMovesLinesToOtherDaysAndNothingElse) {
  xlog_stage s(world, machine, "directory: /log, interval: 10s");
  ASSERT_TRUE(s.starts());
  s.say("today");
  world.run_for(11s);
  machine.like().clock_ahead = 72h;
  s.say("in three days");
  world.run_for(9s);
  EXPECT_EQ(logs_in(machine, "/log"), list{first_file}) << "the interval is no shorter";
  world.run_for(2s);
  EXPECT_EQ(texts_in(machine, first_file), list{"today"}) << "nor is it longer";
  EXPECT_EQ(texts_in(machine, "/log/xlog_20260104.tlog"), list{"in three days"});
  machine.like().clock_ahead = -48h;
  s.say("two days ago");
  world.run_for(11s);
  EXPECT_EQ(texts_in(machine, "/log/xlog_20251230.tlog"), list{"two days ago"});
  machine.like().clock_ahead = {};
  s.say("today again");
  EXPECT_TRUE(s.flush());
  EXPECT_EQ(texts_in(machine, first_file), list{"today"}) << "a file that has ended stays as it is";
  EXPECT_EQ(texts_in(machine, "/log/xlog_20260101_1.tlog"), list{"today again"});
  machine.like().clock_ahead = -1h;
  s.say("just before midnight");
  EXPECT_TRUE(s.flush());
  machine.like().clock_ahead = {};
  s.say("and after it");
  EXPECT_TRUE(s.flush());
  EXPECT_EQ(texts_in(machine, "/log/xlog_20260101_1.tlog"), (list{"today again", "just before midnight", "and after it"}))
      << "a clock that is put right a little changes no file";
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(s.logged, "");

  xlog_stage reading(world, machine);
  EXPECT_EQ(reading.command({"cat", "/log", "--plugin", "speaker", "--since", "2025-12-31T00:00:00Z", "--until", "2026-01-01T00:00:00Z"}), 0);
  ASSERT_EQ(reading.console.printed.size(), 1u);
  EXPECT_TRUE(holds(reading.console.printed[0], "just before midnight")) << reading.console.printed[0];
  EXPECT_EQ(std::count(reading.console.printed[0].begin(), reading.console.printed[0].end(), '\n'), 1);
}

TEST_F(XlogInSimulation, ASlowDiskDelaysTheFileAndNobodyElse) {
  xlog_stage s(world, machine, "directory: /log, interval: 10ms");
  ASSERT_TRUE(s.starts());
  machine.like().blocking_slow = 3s;
  const instant before = world.now();
  for (int i = 0; i < 50; ++i) s.say(std::to_string(i));
  EXPECT_LT(world.now() - before, 1s) << "who speaks does not wait";
  EXPECT_FALSE(s.flush(2s));
  EXPECT_TRUE(s.flush(10s));
  EXPECT_EQ(texts_in(machine, first_file).size(), 50u);
  EXPECT_GE(test::reading(s.running->counted(), "xlog", "write_time")->sum, 3'000'000'000u);
  EXPECT_TRUE(s.stops()) << "within the deadline";
  EXPECT_EQ(s.logged, "");
}

// Goal: a disk that writes half and cannot take it back costs a piece that is named, or a line that stands there
// twice, but no line. Method: appends are torn at random while lines are said.
TEST(XlogInTroubledWorlds, AppendsThatAreTornLoseNothing) {
  THARSIS_ONE_THREAD();
  constexpr int seeds = test::seeds(200);
  int torn_pieces = 0;
  test::for_each_seed(seeds, [&](uint64_t seed) {
    sim::world world(seed);
    sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
    xlog_stage s(world, machine, "directory: /log, interval: 20ms, retry_max: 1s");
    ASSERT_TRUE(s.starts());
    int said = 0;
    for (int step = 0; step < 30; ++step) {
      machine.storage()->torn = world.random() % 3 == 0;
      for (uint64_t n = world.random() % 20; n > 0; --n) s.say(std::to_string(said++) + " " + std::string(world.random() % 300, 'x'));
      world.run_for(std::chrono::milliseconds(world.random() % 300));
    }
    machine.storage()->torn = false;
    EXPECT_TRUE(s.flush(3s));
    EXPECT_TRUE(s.stops());
    std::vector<int> found(static_cast<size_t>(said));
    for (const std::string& path : logs_in(machine, "/log")) {
      const test::log_content content = test::content_of(machine, path);
      torn_pieces += static_cast<int>(content.damage.size());
      for (const std::string& text : content.texts) ++found[static_cast<size_t>(std::stoi(text))];
    }
    for (int i = 0; i < said; ++i) EXPECT_GE(found[static_cast<size_t>(i)], 1) << i;
    EXPECT_EQ(test::counted(s.running->counted(), "xlog", "lines_lost"), 0);
  });
  if (!test::all_seeds()) return;
  EXPECT_GT(torn_pieces, seeds / 20) << "nothing was torn: nothing was tested";
}

// Goal: with `power_loss` no line older than that is lost. Method: power is lost at random moments, between lines, flushes
// and failures of the disk; the disk then cuts what was not synced anywhere, and forgets new files without a synced name.
TEST(XlogInTroubledWorlds, ALossOfPowerTakesNoLineThatIsOlderThanPromised) {
  THARSIS_ONE_THREAD();
  constexpr int seeds = test::seeds(300);
  int taken = 0;
  test::for_each_seed(seeds, [&](uint64_t seed) {
    sim::world world(seed);
    sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
    static auto& dead = *new std::vector<std::unique_ptr<xlog_stage>>;  // As above.
    dead.push_back(std::make_unique<xlog_stage>(world, machine, "directory: /log, file_size: 8KiB, interval: 1m, retry_max: 100ms, power_loss: 500ms"));
    xlog_stage& s = *dead.back();
    ASSERT_TRUE(s.starts());
    std::vector<instant> said;
    instant works_since = world.now();
    for (uint64_t step = world.random() % 40 + 1; step > 0; --step) {
      const uint64_t what = world.random() % 8;
      const bool failed = machine.storage()->torn;
      machine.storage()->torn = what == 0;
      if (failed && what != 0) works_since = world.now();
      if (what == 1) s.flush();
      for (uint64_t n = world.random() % 10; what > 1 && n > 0; --n) {
        said.push_back(world.now());
        s.say(std::to_string(said.size() - 1) + " " + incompressible(world, world.random() % 300));
      }
      world.run_for(std::chrono::milliseconds(world.random() % 400));
    }
    const bool works = !machine.storage()->torn;
    const instant end = world.now();
    machine.kill();
    machine.storage()->torn = false;
    std::vector<int> found(said.size());
    for (const std::string& path : logs_in(machine, "/log"))
      for (const std::string& text : test::content_of(machine, path).texts) ++found[static_cast<size_t>(std::stoi(text))];
    // A write takes up to a retry's pause after the disk has failed, and some milliseconds else.
    for (size_t i = 0; i < said.size(); ++i) {
      if (found[i] == 0) ++taken;
      if (works && end - std::max(said[i], works_since) > 700ms) {
        EXPECT_GE(found[i], 1) << i;
      }
    }
  });
  if (!test::all_seeds()) return;
  EXPECT_GT(taken, seeds / 5) << "hardly a line was taken: nothing was tested";
}

// Goal: nothing that is said disappears uncounted. Method: a machine whose disk fails and recovers at
// random moments, while lines are said, and that is stopped at the end.
TEST(XlogInTroubledWorlds, EveryLineIsInTheFilesOnceAndInOrderOrWasCounted) {
  THARSIS_ONE_THREAD();
  constexpr int seeds = test::seeds(500);
  int lossy = 0;
  test::for_each_seed(seeds, [&](uint64_t seed) {
    sim::world world(seed);
    sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
    sim::disk& disk = *machine.storage();
    xlog_stage s(world, machine, "directory: /log, ring_size: 64KiB, file_size: 8KiB, interval: 20ms, retry_max: 1s, make_room: false");
    ASSERT_TRUE(s.starts());
    s.watch();
    int said = 0;
    for (int step = 0; step < 60; ++step) {
      const uint64_t what = world.random() % 10;
      if (what == 0) disk.read_only = !disk.read_only;
      else if (what == 1) disk.broken = !disk.broken;
      else if (what == 2 && disk.capacity) disk.capacity.reset();
      else if (what == 2) disk.capacity = world.random() % 50'000;
      else if (what == 3) EXPECT_TRUE(s.flush(3s));
      else for (uint64_t n = world.random() % 20; n > 0; --n) s.say(std::to_string(said++) + " " + std::string(world.random() % 900, 'x'));
      world.run_for(std::chrono::milliseconds(world.random() % 300));
    }
    disk.read_only = disk.broken = false;
    disk.capacity.reset();
    world.run_for(2s);
    EXPECT_TRUE(s.flush());
    EXPECT_TRUE(s.stops());
    int last = -1;
    const list found = texts_in_folder(machine, "/log");
    for (const std::string& text : found) {
      const int number = std::stoi(text);
      EXPECT_GT(number, last);
      last = number;
    }
    const test::told_lost lost = lines_told_lost(machine, "/log");
    EXPECT_EQ(s.states.back().lost, lost.lines);
    EXPECT_EQ(static_cast<uint64_t>(test::counted(s.running->counted(), "xlog", "lines_lost")), lost.lines);
    EXPECT_EQ(found.size() + lost.infos, static_cast<uint64_t>(said)) << "xlog itself says no infos";
    EXPECT_EQ(s.states.back().status, THARSIS_OK);
    lossy += lost.lines > 0 ? 1 : 0;
  });
  if (!test::all_seeds()) return;
  EXPECT_GT(lossy, seeds / 20) << "no ring was ever full: nothing was tested";
}
