#include "plugins/sdt/core/report_compare.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/sdt/core/judge.h"
#include "sdk/pure/json_value.h"
#include "tests/plugins/sdt/truth_cases.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {
report of_case(int number, unsigned seed = 1) {
  for (const truth_case& c : truth_cases())
    if (c.number == number) return judge(c.make(seed));
  return judge({});
}
bool has(const std::vector<verdict>& all, verdict_code code) {
  return std::any_of(all.begin(), all.end(), [&](const verdict& v) { return v.code == code; });
}
}  // namespace

TEST(ReportCompare, AFaultThatCameAndOneThatWent) {
  const report well = of_case(1), hole = of_case(31);
  const auto worse = compare(well, hole), better = compare(hole, well);
  EXPECT_TRUE(has(worse.come, verdict_code::pmtu_black_hole_both));
  EXPECT_TRUE(has(worse.gone, verdict_code::healthy));
  EXPECT_TRUE(has(better.gone, verdict_code::pmtu_black_hole_both));
  EXPECT_EQ(render_text(well, hole, worse).find("healthy -> pmtu_black_hole_both: Packets over 1400 bytes"), 0u);
}

TEST(ReportCompare, TwoLooksAtOneNetworkHaveNoChange) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const report a = of_case(1, seed), b = of_case(1, seed + 1000);
    const auto d = compare(a, b);
    EXPECT_TRUE(d.come.empty() && d.gone.empty());
    EXPECT_FALSE(d.same_network && !*d.same_network);
    EXPECT_GE(d.measures.size(), 4u);
    for (const measure& m : d.measures) EXPECT_FALSE(m.moved) << seed << " " << m.name << " " << m.before << " " << m.after;
  }
}

TEST(ReportCompare, NumbersThatMovedAreTold) {
  const auto d = compare(of_case(1), of_case(38));
  const auto trip = std::find_if(d.measures.begin(), d.measures.end(), [](const measure& m) { return m.name == "round trip"; });
  ASSERT_NE(trip, d.measures.end());
  EXPECT_TRUE(trip->moved);
  EXPECT_NE(render_text(of_case(1), of_case(38), d).find("worse"), std::string::npos);
  const auto json = parse_json(render_json(of_case(1), of_case(38), d));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("after")->text, "high_latency");
}

TEST(ReportCompare, AnotherNetworkIsSaid) {
  report a = of_case(1), b = of_case(1);
  a.seen.about.network.id_hash = "one", b.seen.about.network.id_hash = "other";
  EXPECT_NE(render_text(a, b, compare(a, b)).find("two networks"), std::string::npos);
  EXPECT_NE(render_json(a, b, compare(a, b)).find("\"same_network\":false"), std::string::npos);
  b.seen.about.network.id_hash = "one";
  EXPECT_EQ(render_text(a, b, compare(a, b)).find("network"), std::string::npos);
  EXPECT_NE(render_json(a, b, compare(a, b)).find("\"same_network\":true"), std::string::npos);
}

TEST(ReportCompare, WhatDoesNotSayOfWhichNetworkItIsIsNotOfTheSame) {
  report a = of_case(1), b = of_case(1);
  for (const auto& [one, other] : {std::pair("", ""), std::pair("one", ""), std::pair("", "one")}) {
    a.seen.about.network.id_hash = one, b.seen.about.network.id_hash = other;
    const report_difference d = compare(a, b);
    EXPECT_FALSE(d.same_network.has_value());
    EXPECT_NE(render_text(a, b, d).find("nobody knows whether they are of one network"), std::string::npos);
    EXPECT_NE(render_json(a, b, d).find("\"same_network\":null"), std::string::npos);
  }
}
