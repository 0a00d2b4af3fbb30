#include "plugins/demo/core/text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

using namespace tharsis;

namespace {

using texts = std::vector<std::string>;

std::string shipped_text() {
  std::ifstream file("plugins/demo/ascent.txt");
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace

TEST(DemoText, LinesAreTrimmedAndEmptyOnesDropped) {
  EXPECT_EQ(*demo::lines_of("  a b \r\n\n\t\n c"), (texts{"a b", "c"}));
  EXPECT_EQ(*demo::lines_of("one"), texts{"one"});
}

TEST(DemoText, ATextWithoutALineOrWithAHugeOneIsRefused) {
  EXPECT_FALSE(demo::lines_of(""));
  EXPECT_FALSE(demo::lines_of("\n \n"));
  EXPECT_TRUE(demo::lines_of(std::string(demo::line_size_max, 'x')));
  EXPECT_FALSE(demo::lines_of(std::string(demo::line_size_max + 1, 'x')));
}

TEST(DemoText, TheShippedTextIsSeveralHundredShortLines) {
  const auto lines = demo::lines_of(shipped_text());
  ASSERT_TRUE(lines);
  EXPECT_GE(lines->size(), 380u);
  EXPECT_LE(lines->size(), 450u);
  for (const std::string& line : *lines) EXPECT_LE(line.size(), 60u) << line;
}

TEST(DemoText, TheLogSearchTakesOnlyThisRunsTasksAndEachOnce) {
  demo::log_search search("ab12", 3);
  search.on_bytes("I demo run ab12 task 1 ok\nI demo run ab12 task 1 ok again\nI demo run ffff task 2 ok\n");
  search.on_bytes("I demo run ab12 task 4 ok\nI demo run ab12 task 0 ok\nI demo run ab12 task 2x ok\n");
  search.on_bytes("I demo run ab12 task 99999999999999999999 ok\nI demo run ab12 task 3");
  EXPECT_EQ(search.tasks_found(), 1u);
  EXPECT_EQ(search.lines(), 7u);
  search.on_bytes(" failed\n");
  EXPECT_EQ(search.tasks_found(), 2u);
}

// Goal: where the pieces of the file are cut does not matter. Method: random logs, random cuts, and the
// numbers that were written.
TEST(DemoText, TheLogSearchDoesNotDependOnHowTheFileIsCut) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    std::set<size_t> written;
    std::string log;
    uint64_t lines = 0;
    for (int i = 0; i < 60; ++i, ++lines) {
      const size_t task = random() % 50;
      if (random() % 2 == 0) {
        log += std::string(random() % 40, '.') + demo::task_mark("r", task) + "ok" + std::string(random() % 900, 'x') + "\n";
        written.insert(task);
      } else {
        log += std::string(random() % 700, 'y') + "\n";
      }
    }
    demo::log_search search("r", 50);
    for (std::string_view rest = log; !rest.empty();) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + random() % 300);
      search.on_bytes(rest.substr(0, piece));
      rest.remove_prefix(piece);
    }
    ASSERT_EQ(search.tasks_found(), written.size());
    ASSERT_EQ(search.lines(), lines);
  }
}
