// The plan of faults that a seed draws.
#include "sdk/sim/faults.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::sim;

namespace {

fault_targets two_machines() {
  fault_targets t;
  t.span = 60s;
  t.list[fault_scope::plugin] = {{"a", "stn"}, {"a", "dns"}, {"b", "stn"}};
  t.list[fault_scope::machine] = {{"a", ""}, {"b", ""}};
  t.list[fault_scope::disk] = {{"a", ""}};
  t.list[fault_scope::path] = {{"a", "b"}};
  return t;
}

fault_rates all_at(double rate) {
  fault_rates rates;
  for (const fault_facts& f : all_faults()) rates[f.kind].rate = rate;
  return rates;
}

std::vector<std::string> texts(const std::vector<fault>& plan) {
  std::vector<std::string> all;
  for (const fault& f : plan) all.push_back(text(f));
  return all;
}

}  // namespace

TEST(Faults, ASeedDrawsTheSamePlanAgain) {
  EXPECT_EQ(texts(draw_faults(all_at(0.5), two_machines(), 7)), texts(draw_faults(all_at(0.5), two_machines(), 7)));
  EXPECT_NE(texts(draw_faults(all_at(0.5), two_machines(), 7)), texts(draw_faults(all_at(0.5), two_machines(), 8)));
}

TEST(Faults, ThePlanIsInTheOrderOfTimeAndWithinTheSpan) {
  const auto plan = draw_faults(all_at(1), two_machines(), 3);
  EXPECT_EQ(plan.size(), 6 * 3u + 4 * 1u + 8 * 2u + 6 * 1u);
  EXPECT_TRUE(std::is_sorted(plan.begin(), plan.end(), [](const fault& x, const fault& y) { return x.at < y.at; }));
  for (const fault& f : plan) {
    EXPECT_LE(f.at, 60s) << text(f);
    EXPECT_LE(f.lasts, facts_of(f.kind).lasts) << text(f);
  }
}

TEST(Faults, TurningOneOffLeavesTheOthersWhereTheyWere) {
  auto rates = all_at(0.5);
  const auto before = texts(draw_faults(rates, two_machines(), 11));
  rates[fault_kind::stalls].rate = 0;
  const auto after = texts(draw_faults(rates, two_machines(), 11));
  const std::multiset<std::string> was(before.begin(), before.end());
  for (const std::string& f : after) EXPECT_TRUE(was.contains(f)) << f;
  for (const std::string& f : before) EXPECT_EQ(f.starts_with("stalls"), std::find(after.begin(), after.end(), f) == after.end()) << f;
}

TEST(Faults, StrikeOnlyWhomTheyAreMeantFor) {
  fault_rates rates;
  rates[fault_kind::vanishes] = {1, {}, {"stn"}};
  EXPECT_EQ(draw_faults(rates, two_machines(), 1).size(), 2u);
  rates[fault_kind::vanishes] = {1, {}, {"b"}};
  EXPECT_EQ(draw_faults(rates, two_machines(), 1).size(), 1u);
}

TEST(Faults, ComeAsOftenAsTheirRateSays) {
  fault_rates rates;
  rates[fault_kind::disk_full] = {0.25, 1s, {}};
  int drawn = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed)
    for (const fault& f : draw_faults(rates, two_machines(), seed)) {
      ++drawn;
      EXPECT_LE(f.lasts, 1s);
    }
  EXPECT_NEAR(drawn, 1000, 120);
}
