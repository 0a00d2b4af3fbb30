#include "plugins/xlog/core/frame_chain.h"

#include <gtest/gtest.h>

#include <vector>

using namespace tharsis::xlog;

namespace {

using fault = frame_chain::fault;

struct frame {
  uint64_t number;
  uint32_t before;
  std::optional<uint32_t> own;
  bool last = false;
};

// Ten frames; the chain of frame n is 100 + n, of the file's head 99.
std::vector<frame> whole() {
  std::vector<frame> all;
  for (uint32_t n = 0; n < 10; ++n) all.push_back({n, 99 + n, 100 + n, n == 9});
  return all;
}

std::vector<frame_chain::finding> check(const std::vector<frame>& blocks) {
  std::vector<frame_chain::finding> found;
  frame_chain chain(99);
  for (const frame& b : blocks)
    if (auto f = chain.on_frame(b.number, b.before, b.own, b.last)) found.push_back(std::move(*f));
  return found;
}

void expect_one(const std::vector<frame>& blocks, fault what, const std::string& text) {
  const auto found = check(blocks);
  ASSERT_EQ(found.size(), 1u) << text;
  EXPECT_EQ(found[0].what, what);
  EXPECT_EQ(found[0].text, text);
}

}  // namespace

TEST(XlogFrameChain, AWholeFileHasNothingToSay) { EXPECT_TRUE(check(whole()).empty()); }

TEST(XlogFrameChain, NamesWhatWasTakenOut) {
  for (size_t n = 0; n < 9; ++n) {
    auto blocks = whole();
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(n));
    expect_one(blocks, fault::missing, "frame " + std::to_string(n) + " is missing");
  }
  auto blocks = whole();
  blocks.erase(blocks.begin() + 2, blocks.begin() + 5);
  expect_one(blocks, fault::missing, "frames 2 to 4 are missing");
}

TEST(XlogFrameChain, KnowsWhetherTheLastOneWasThere) {
  for (size_t n = 0; n <= 10; ++n) {
    frame_chain chain(99);
    for (size_t i = 0; i < n; ++i) EXPECT_FALSE(chain.on_frame(whole()[i].number, whole()[i].before, whole()[i].own, whole()[i].last));
    EXPECT_EQ(chain.ended(), n == 10);
  }
}

TEST(XlogFrameChain, NamesWhatIsThereTwiceOrElsewhere) {
  auto twice = whole();
  twice.insert(twice.begin() + 4, twice[3]);
  expect_one(twice, fault::repeated, "frame 3 stands here again");

  auto swapped = whole();
  std::swap(swapped[4], swapped[5]);
  const auto found = check(swapped);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].text, "frame 4 is missing");
  EXPECT_EQ(found[1].what, fault::misplaced);
  EXPECT_EQ(found[1].text, "frame 4 stands in the wrong place");

  auto behind = whole();
  behind.push_back({10, 109, 110});
  expect_one(behind, fault::after_last, "frame 10 stands behind the last one");
}

TEST(XlogFrameChain, NamesAReplacedBlockAndAnotherFilesHead) {
  auto blocks = whole();
  blocks[6].own = 7;
  expect_one(blocks, fault::broken, "frame 6 is not the one that frame 7 was written behind");
  blocks = whole();
  blocks[0].before = 7;
  expect_one(blocks, fault::broken, "frame 0 belongs to a file with another head");
}

TEST(XlogFrameChain, GoesOnBehindABlockThatCannotBeRead) {
  auto blocks = whole();
  blocks[3].own.reset();
  EXPECT_TRUE(check(blocks).empty());
  blocks[6].own = 7;
  expect_one(blocks, fault::broken, "frame 6 is not the one that frame 7 was written behind");
}

TEST(XlogFrameChain, AFrameIsOnceInTheWrongPlaceAndThenThereAgain) {
  auto frames = whole();
  const frame late = frames[3];
  frames.erase(frames.begin() + 3, frames.begin() + 5);
  frames.insert(frames.begin() + 5, {late, late});
  const auto found = check(frames);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, "frames 3 to 4 are missing");
  EXPECT_EQ(found[1].text, "frame 3 stands in the wrong place");
  EXPECT_EQ(found[2].text, "frame 3 stands here again");
}

TEST(XlogFrameChain, WhatWasToldAlreadyIsNotToldAgain) {
  frame_chain chain(99);
  EXPECT_FALSE(chain.on_frame(0, 99, 100, false));
  chain.on_lost();
  EXPECT_FALSE(chain.on_frame(4, 103, 104, false));
  EXPECT_EQ(chain.on_frame(6, 105, 106, false)->text, "frame 5 is missing");
}
