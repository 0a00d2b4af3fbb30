#include "plugins/demo/core/text.h"

#include <gtest/gtest.h>

#include <fstream>
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
  for (const char* line : {"run ab12 task 1 ok", "run ab12 task 1 ok again", "run ffff task 2 ok", "run ab12 task 4 ok", "run ab12 task 0 ok",
                           "run ab12 task 2x ok", "run ab12 task 99999999999999999999 ok", "run ab12 task 3"})
    search.on_line(line);
  EXPECT_EQ(search.tasks_found(), 1u);
  EXPECT_EQ(search.lines(), 8u);
  search.on_line("[tag] run ab12 task 3 failed");
  EXPECT_EQ(search.tasks_found(), 2u);
}
