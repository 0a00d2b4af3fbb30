// Goal: who listens to the log hears its lines while they are young, whatever the disk does, decides what the file gets,
// and a person sees them on the console; what is secret by its name is nowhere.
// Method: the plugin binaries of the real run, in the simulated world.
#include <fstream>
#include <sstream>

#include "sdk/pure/secret_names.h"
#include "tests/e2e/xlog_stage.h"

using namespace tharsis;
using test::texts_in_folder;
using test::xlog_stage;
using list = std::vector<std::string>;

namespace {

struct XlogListening : testing::Test {
  sim::world world{1};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  sim::disk& disk = *machine.storage();

  // Without the time in front.
  static list without_time(const list& said) {
    list rest;
    for (const std::string& line : said) rest.push_back(line.substr(line.find(' ') + 1));
    return rest;
  }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_F(XlogListening, LinesAreHeardSoonAndWrittenWhenTheyWouldHaveBeen) {
  xlog_stage s(world, machine, "directory: /log, interval: 10s");
  ASSERT_TRUE(s.starts());
  list heard;
  s.listen([&](const tharsis_log_record& r) {
    heard.push_back(std::string(view(r.plugin)) + " " + std::string(view(r.text)));
    return view(r.text) != "not for the file";
  });
  for (int i = 0; i < 3; ++i) {
    s.say(std::to_string(i));
    world.run_for(60ms);
    ASSERT_EQ(heard.size(), static_cast<size_t>(i + 1));
    EXPECT_EQ(heard.back(), "speaker " + std::to_string(i));
  }
  s.say("not for the file");
  world.run_for(5s);
  EXPECT_EQ(texts_in_folder(machine, "/log"), list{});
  world.run_for(6s);
  EXPECT_EQ(texts_in_folder(machine, "/log"), (list{"0", "1", "2"}));
  EXPECT_EQ(heard.size(), 4u);
  EXPECT_TRUE(s.stops());
}

TEST_F(XlogListening, AFullDiskKeepsNobodyFromHearing) {
  xlog_stage s(world, machine, "directory: /log, retry_min: 1h, retry_max: 1h");
  ASSERT_TRUE(s.starts());
  size_t heard = 0;
  s.listen([&](const tharsis_log_record& r) { return heard += view(r.plugin) == "speaker", true; });
  disk.capacity = 0;
  s.say("before");
  s.flush();
  world.run_for(1s);
  for (size_t i = 0; i < 10; ++i) {
    s.say("full " + std::to_string(i));
    world.run_for(60ms);
    EXPECT_EQ(heard, i + 2);
  }
  disk.capacity.reset();
  s.flush();
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in_folder(machine, "/log").size(), 11u);
  EXPECT_EQ(heard, 11u) << "each once";
}

TEST_F(XlogListening, WhatIsOnlyRecordedIsHeardByNobodyAndTheErrorOnce) {
  xlog_stage s(world, machine, "directory: /log, flight: { speaker: debug }");
  ASSERT_TRUE(s.starts());
  list heard;
  s.listen([&](const tharsis_log_record& r) { return heard.emplace_back(view(r.text)), true; });
  s.say("one");
  s.say("recorded", THARSIS_LOG_DEBUG);
  s.say("two");
  s.say("wrong", THARSIS_LOG_ERROR);
  world.run_for(2s);
  EXPECT_TRUE(s.stops());
  list texts = texts_in_folder(machine, "/log");
  EXPECT_EQ(texts.size(), 4u);
  EXPECT_NE(std::find(texts.begin(), texts.end(), "recorded"), texts.end());
  heard.resize(std::min<size_t>(heard.size(), 3));  // Without what others said at the end.
  EXPECT_EQ(heard, (list{"one", "two", "wrong"}));
}

TEST_F(XlogListening, TheConsoleShowsLinesOfItsLevelAndWorseAsTheyCome) {
  xlog_stage s(world, machine, "directory: /log, interval: 10s, console: info, level: debug");
  ASSERT_TRUE(s.starts());
  world.run_for(100ms);
  EXPECT_FALSE(s.console.complaints.empty()) << "what was said before xlog was there";
  s.console.complaints.clear();
  s.say("too\nloud");
  s.say("not severe", THARSIS_LOG_DEBUG);
  s.say("wrong", THARSIS_LOG_ERROR);
  world.run_for(100ms);
  EXPECT_EQ(without_time(s.console.complaints), (list{"info    speaker too\\nloud\n", "error   speaker wrong\n"}));
  EXPECT_TRUE(s.console.complaints[0].starts_with("00:16:40.")) << s.console.complaints[0];
  s.say("last words");
  EXPECT_TRUE(s.stops());
  EXPECT_TRUE(std::any_of(s.console.complaints.begin(), s.console.complaints.end(),
                          [](const std::string& line) { return line.ends_with(" info    speaker last words\n"); }))
      << "also what is said shortly before the end";
  EXPECT_EQ(s.console.printed, list{});
}

TEST_F(XlogListening, AFullDiskIsToldOnTheConsoleOnce) {
  xlog_stage s(world, machine, "directory: /log, console: warning");
  ASSERT_TRUE(s.starts());
  disk.capacity = 0;
  s.say("x");
  s.flush();
  world.run_for(1min);
  ASSERT_EQ(s.console.complaints.size(), 1u) << s.console.transcript();
  EXPECT_TRUE(holds(s.console.complaints[0], " error   xlog lines do not reach the log file: ")) << s.console.complaints[0];
  disk.capacity.reset();
  EXPECT_TRUE(s.stops());
}

TEST_F(XlogListening, WhatIsSecretIsNowhere) {
  xlog_stage s(world, machine, "directory: /log, console: info");
  ASSERT_TRUE(s.starts());
  s.say_password("zoe", "hunter2");
  EXPECT_TRUE(s.flush());
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in_folder(machine, "/log"), list{"[door] zoe came with (secret)"});
  EXPECT_FALSE(holds(s.console.transcript() + s.logged, "hunter2"));
}

TEST_F(XlogListening, WhichFieldsAreSecretIsASetting) {
  xlog_stage s(world, machine, "directory: /log, redact: [user]");
  ASSERT_TRUE(s.starts());
  s.say_password("zoe", "hunter2");
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(texts_in_folder(machine, "/log"), list{"[door] (secret) came with hunter2"});
}

TEST(XlogManifest, HasTheUsualSecrets) {
  std::ifstream file(THARSIS_PLUGINS "/xlog/plugin.yaml");
  std::ostringstream manifest;
  manifest << file.rdbuf();
  std::string names;
  for (const std::string_view name : usual_secrets) names += (names.empty() ? "" : ", ") + std::string(name);
  EXPECT_TRUE(holds(manifest.str(), "redact: { type: list, of: { type: text }, default: [" + names + "]"));
}
