// What the benchmarks say about samples: medians, spread, and when a target counts as met.
#include "tests/bench/figure.h"

#include <gtest/gtest.h>

#include "tests/bench/report.h"

using namespace tharsis::bench;

namespace {

figure timed(std::optional<target> wanted) { return {"f", "ns", {}, {}, wanted, {}}; }

const std::vector<double> around_ten = {8, 9, 10, 11, 50};  // Quartiles 9, 10, 11: one wild sample moves nothing.

}  // namespace

TEST(BenchFigure, QuartilesLieBetweenSamplesAndIgnoreTheirOrder) {
  const quartiles q = quartiles_of({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(q.low, 1.75);
  EXPECT_DOUBLE_EQ(q.median, 2.5);
  EXPECT_DOUBLE_EQ(q.high, 3.25);
  EXPECT_DOUBLE_EQ(quartiles_of({7}).high, 7);
}

TEST(BenchFigure, ATargetIsMetOrMissedOnlyOutsideTheSpread) {
  EXPECT_EQ(summary(timed(at_most(11)), around_ten, {}).met, answer::yes);
  EXPECT_EQ(summary(timed(at_most(10.5)), around_ten, {}).met, answer::undecided);
  EXPECT_EQ(summary(timed(at_most(8.5)), around_ten, {}).met, answer::no);
  EXPECT_EQ(summary(timed(at_least(9)), around_ten, {}).met, answer::yes);
  EXPECT_EQ(summary(timed(at_least(10.5)), around_ten, {}).met, answer::undecided);
  EXPECT_EQ(summary(timed(at_least(11.5)), around_ten, {}).met, answer::no);
  EXPECT_EQ(summary(timed({}), around_ten, {}).met, answer::none);
}

TEST(BenchFigure, ARatioIsTakenRoundByRound) {
  const result r = summary(timed(at_most(2)), {2, 4, 8}, {1, 2, 4});  // A machine that grew slower and slower.
  EXPECT_EQ(r.value, 4);
  EXPECT_EQ(r.reference, 2);
  EXPECT_EQ(r.ratio, 2);
  EXPECT_EQ(r.spread, 0);
  EXPECT_EQ(r.met, answer::yes);
}

TEST(BenchFigure, ValueAndReferenceAreSampledInTurns) {
  std::string order;
  figure f = timed({});
  f.value = [&] { return order += 'v', 1.0; };
  f.reference = [&] { return order += 'r', 1.0; };
  measure(f, 3);
  EXPECT_EQ(order, "vrrvvrrv") << "the first pair warms up, and each comes first as often";
}

TEST(BenchFigure, TimedSamplesCountWhatWasDone) {
  size_t done = 0, calls = 0;
  const double before = sample_time_ns;
  sample_time_ns = 1e5;
  const sample s = nanoseconds_each([&](size_t n) {
    for (size_t i = 0; i < n; ++i) done += i % 3;
    ++calls;
  });
  EXPECT_GT(s(), 0);
  const size_t calibrating = calls;
  s();
  EXPECT_EQ(calls, calibrating + 1) << "how often is found out once";
  sample_time_ns = before;
}

TEST(BenchReport, JsonHasEveryKeyAndNullWhereThereIsNothing) {
  figure plain = timed({});
  figure judged = timed(at_most(1.5));
  judged.name = "g";
  EXPECT_EQ(to_json({summary(plain, {3}, {}), summary(judged, {3}, {2}), summary(judged, {1, 2}, {1, 1})}),
            "[\n"
            R"(  {"name":"f","value":3,"unit":"ns","reference":null,"ratio":null,"spread":0,"target":null,"met":null},)" "\n"
            R"(  {"name":"g","value":3,"unit":"ns","reference":2,"ratio":1.5,"spread":0,"target":1.5,"met":true},)" "\n"
            R"(  {"name":"g","value":1.5,"unit":"ns","reference":1,"ratio":1.5,"spread":0.333333333,"target":1.5,"met":"undecided"})" "\n"
            "]\n");
  EXPECT_EQ(to_json({}), "[]\n");
}

TEST(BenchReport, ColoursOnlyWhereAskedFor) {
  const result r = summary(timed(at_most(5)), {3}, {});
  EXPECT_EQ(table_row(r, false).find('\x1b'), std::string::npos);
  EXPECT_NE(table_row(r, true).find("\x1b[32myes"), std::string::npos);
  EXPECT_NE(table_row(r, false).find("<= 5.00"), std::string::npos);
}
