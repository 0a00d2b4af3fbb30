// Goal: what is too old or too much goes, the oldest first, and for want of room the least severe; the newest stay.
// Method: some cases by hand, and many random folders against what must hold of every choice.
#include "plugins/xlog/core/retention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "sdk/abi/log.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t day = day_length;
constexpr int64_t now = 20'000 * day;
constexpr uint8_t of_info = 1 << THARSIS_LOG_INFO, of_warning = of_info | 1 << THARSIS_LOG_WARNING, of_error = of_info | 1 << THARSIS_LOG_ERROR;

kept_file file(int64_t days_old, uint64_t bytes = 10, uint8_t levels = of_info, bool may_go = true) {
  return {{20'000 - days_old, 0, "xlog"}, bytes, now - days_old * day, levels, may_go};
}
std::vector<size_t> gone(const std::vector<departure>& all) {
  std::vector<size_t> files;
  for (const departure& d : all) files.push_back(d.file);
  return files;
}
using places = std::vector<size_t>;

retention limits(duration keep_for, uint64_t bytes, uint64_t free, uint32_t at_least) { return {keep_for, bytes, free, at_least}; }

}  // namespace

TEST(XlogRetention, WhatIsOlderGoesAndWhatIsAsOldStays) {
  const std::vector<kept_file> files = {file(11), file(10), file(9), file(0)};
  EXPECT_EQ(departures(files, limits(240h, 0, 0, 0), 0, {}, now), (std::vector<departure>{{0, departure_reason::age}}));
  EXPECT_TRUE(departures(files, limits(0h, 0, 0, 0), 0, {}, now).empty());
}

TEST(XlogRetention, TheNewestStayWhateverTheirAge) {
  const std::vector<kept_file> files = {file(400), file(300), file(500)};
  EXPECT_EQ(gone(departures(files, limits(24h, 0, 0, 2), 0, {}, now)), places{2});
  EXPECT_TRUE(departures(files, limits(24h, 0, 0, 3), 0, {}, now).empty());
  EXPECT_TRUE(departures(files, limits(24h, 0, 0, 9), 0, {}, now).empty());
}

TEST(XlogRetention, OfTooMuchTheOldestGoUntilTheRestFitsWithWhatIsToCome) {
  const std::vector<kept_file> files = {file(3), file(2), file(1), file(0, 10, of_info, false)};
  EXPECT_TRUE(departures(files, limits(0h, 45, 0, 0), 5, {}, now).empty());
  EXPECT_EQ(gone(departures(files, limits(0h, 44, 0, 0), 5, {}, now)), places{0});
  EXPECT_EQ(gone(departures(files, limits(0h, 26, 0, 0), 5, {}, now)), (places{0, 1}));
  EXPECT_EQ(gone(departures(files, limits(0h, 1, 0, 0), 5, {}, now)), (places{0, 1, 2})) << "what is written stays";
}

TEST(XlogRetention, ForWantOfRoomTheLeastSevereGoFirst) {
  const std::vector<kept_file> files = {file(4, 10, of_error), file(3, 10, of_warning), file(2), file(1), file(0)};
  EXPECT_EQ(gone(departures(files, limits(0h, 0, 100, 1), 0, 95, now)), places{2});
  EXPECT_EQ(gone(departures(files, limits(0h, 0, 100, 1), 0, 75, now)), (places{2, 3, 1}));
  EXPECT_EQ(gone(departures(files, limits(0h, 0, 100, 1), 0, 0, now)), (places{2, 3, 1, 0})) << "and the newest stays";
  EXPECT_TRUE(departures(files, limits(0h, 0, 100, 1), 0, {}, now).empty()) << "nobody knows how much is free";
  EXPECT_EQ(least_missed(files, 1, now), 2u);
  EXPECT_EQ(least_missed(files, 5, now), std::nullopt);
}

TEST(XlogRetention, WhatOneLimitRemovesCountsForTheNext) {
  const std::vector<kept_file> files = {file(20), file(2), file(1)};
  EXPECT_EQ(departures(files, limits(240h, 20, 100, 0), 0, 90, now), (std::vector<departure>{{0, departure_reason::age}}));
}

TEST(XlogRetention, AFileOfTheFutureIsTheOldestButHasNoAge) {
  const std::vector<kept_file> files = {file(-400), file(5), file(1)};
  EXPECT_TRUE(departures(files, limits(240h, 0, 0, 0), 0, {}, now).empty());
  EXPECT_EQ(gone(departures(files, limits(240h, 20, 0, 1), 0, {}, now)), places{0});
}

TEST(XlogRetention, WhereNobodyKnowsTheTimeTheNameTellsIt) {
  kept_file old = file(12), young = file(9);
  old.modified = young.modified = 0;
  EXPECT_EQ(gone(departures(std::vector{young, old}, limits(240h, 0, 0, 0), 0, {}, now)), places{1});
}

TEST(XlogRetention, TimesThatCannotBeAreNoTrouble) {
  std::vector<kept_file> files = {file(0), file(0), file(0), file(0)};
  files[0].modified = std::numeric_limits<int64_t>::min();
  files[1].modified = std::numeric_limits<int64_t>::max();
  files[2] = {{2'932'896, 0, "xlog"}, 10, 0};
  files[3] = {{-719'528, 0, "xlog"}, 10, 0};
  EXPECT_EQ(gone(departures(files, limits(240h, 0, 0, 0), 0, {}, now)), (places{3, 0}));
}

TEST(XlogRetention, EveryChoiceKeepsWhatItMustAndRemovesNoMoreThanItHasTo) {
  for (uint32_t seed = 1; seed <= 2000; ++seed) {
    seeded_random dice(seed);
    std::vector<kept_file> files;
    for (uint64_t n = dice.below(12); n > 0; --n) {
      files.push_back(file(static_cast<int64_t>(dice.below(30)) - 2, dice.below(1000), static_cast<uint8_t>(dice.below(64)), dice.below(5) != 0));
      files.back().name.number = static_cast<uint32_t>(n);
    }
    const retention keep = limits(24h * static_cast<int>(dice.below(20)), dice.below(4000), dice.below(3000), static_cast<uint32_t>(dice.below(4)));
    const uint64_t reserve = dice.below(500), free = dice.below(3000);
    const std::vector<departure> all = departures(files, keep, reserve, free, now);
    SCOPED_TRACE("seed " + std::to_string(seed));

    const places left_out = gone(all);
    EXPECT_EQ(std::set<size_t>(left_out.begin(), left_out.end()).size(), all.size()) << "twice";
    uint64_t closed = 0, total = reserve, freed = 0;
    for (const kept_file& f : files) closed += f.may_go ? 1 : 0, total += f.bytes;
    for (const departure& d : all) {
      const kept_file& f = files[d.file];
      EXPECT_TRUE(f.may_go);
      if (d.why == departure_reason::age) { EXPECT_GT(now - f.modified, keep.keep_for.count()); }
      if (d.why == departure_reason::bytes) { EXPECT_GT(total - freed, keep.keep_bytes); }
      if (d.why == departure_reason::room) { EXPECT_LT(free + freed, keep.keep_free); }
      freed += f.bytes;
    }
    EXPECT_GE(closed - all.size(), std::min<uint64_t>(closed, keep.keep_at_least));
    if (closed - all.size() > keep.keep_at_least) {
      EXPECT_TRUE(keep.keep_bytes == 0 || total - freed <= keep.keep_bytes);
      EXPECT_GE(free + freed, keep.keep_free) << "there was more to remove";
    }
    if (HasFailure()) return;
  }
}
