// How the outcome of a seed travels from a child process to its parent.
#include "runtime/simulation/seed_runs.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::runtime;

TEST(SeedRuns, AnOutcomeComesBackAsItWas) {
  seed_outcome o;
  o.problems = {"a tab\tand\na line", "a \\n that is none = it", ""};
  o.drawn = {{"stalls", 3}};
  o.struck = {{"stalls", 1}, {"vanishes", 2}};
  o.ends = {{"a=b on c", "stopped"}};
  o.code = 1;
  o.took = 1500ms;
  o.wakes = 42;
  o.digest = UINT64_MAX;
  const std::string line = outcome_line(17, o);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto back = read_outcome(line);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first, 17u);
  EXPECT_EQ(back->second.problems, o.problems);
  EXPECT_EQ(back->second.drawn, o.drawn);
  EXPECT_EQ(back->second.struck, o.struck);
  EXPECT_EQ(back->second.ends, o.ends);
  EXPECT_EQ(back->second.code, o.code);
  EXPECT_EQ(back->second.took, o.took);
  EXPECT_EQ(back->second.wakes, o.wakes);
  EXPECT_EQ(back->second.digest, o.digest);
}

TEST(SeedRuns, OtherLinesAreNoOutcomes) {
  for (const char* line : {"", "begin\t1", "end\t1", "end\t1\tt1\tw1\tx1", "end\t1\tt1\tw1\t"}) EXPECT_FALSE(read_outcome(line)) << line;
}
