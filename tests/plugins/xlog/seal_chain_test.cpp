#include "plugins/xlog/core/seal_chain.h"

#include <gtest/gtest.h>

#include <vector>

using namespace tharsis::xlog;

namespace {

using fault = seal_chain::fault;

struct block {
  uint64_t number;
  uint32_t before;
  std::optional<uint32_t> own;
  bool last = false;
};

// Ten blocks; the chain of block n is 100 + n, of the file's head 99.
std::vector<block> whole() {
  std::vector<block> all;
  for (uint32_t n = 0; n < 10; ++n) all.push_back({n, 99 + n, 100 + n, n == 9});
  return all;
}

std::vector<seal_chain::finding> check(const std::vector<block>& blocks) {
  std::vector<seal_chain::finding> found;
  seal_chain chain(99);
  for (const block& b : blocks)
    if (auto f = chain.on_block(b.number, b.before, b.own, b.last)) found.push_back(std::move(*f));
  if (auto f = chain.on_end()) found.push_back(std::move(*f));
  return found;
}

void expect_one(const std::vector<block>& blocks, fault what, const std::string& text) {
  const auto found = check(blocks);
  ASSERT_EQ(found.size(), 1u) << text;
  EXPECT_EQ(found[0].what, what);
  EXPECT_EQ(found[0].text, text);
}

}  // namespace

TEST(XlogSealChain, AWholeFileHasNothingToSay) { EXPECT_TRUE(check(whole()).empty()); }

TEST(XlogSealChain, NamesWhatWasTakenOut) {
  for (size_t n = 0; n < 9; ++n) {
    auto blocks = whole();
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(n));
    expect_one(blocks, fault::missing, "block " + std::to_string(n) + " is missing");
  }
  auto blocks = whole();
  blocks.erase(blocks.begin() + 2, blocks.begin() + 5);
  expect_one(blocks, fault::missing, "blocks 2 to 4 are missing");
}

TEST(XlogSealChain, NamesACutEnd) {
  for (size_t n = 0; n < 10; ++n) {
    auto blocks = whole();
    blocks.resize(n);
    expect_one(
        blocks, fault::cut,
        "the file ends before its last block: nothing is there from block " + std::to_string(n) + " on");
  }
}

TEST(XlogSealChain, NamesWhatIsThereTwiceOrElsewhere) {
  auto twice = whole();
  twice.insert(twice.begin() + 4, twice[3]);
  expect_one(twice, fault::repeated, "block 3 stands here again, or in the wrong place");

  auto swapped = whole();
  std::swap(swapped[4], swapped[5]);
  const auto found = check(swapped);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].text, "block 4 is missing");
  EXPECT_EQ(found[1].what, fault::repeated);
  EXPECT_EQ(found[1].number, 4u);

  auto behind = whole();
  behind.push_back({10, 109, 110});
  expect_one(behind, fault::after_last, "block 10 stands behind the last block");
}

TEST(XlogSealChain, NamesAReplacedBlockAndAnotherFilesHead) {
  auto blocks = whole();
  blocks[6].own = 7;
  expect_one(blocks, fault::broken, "block 6 is not the one that block 7 was written behind");
  blocks = whole();
  blocks[0].before = 7;
  expect_one(blocks, fault::broken, "block 0 belongs to a file with another head");
}

TEST(XlogSealChain, GoesOnBehindABlockThatCannotBeRead) {
  auto blocks = whole();
  blocks[3].own.reset();
  EXPECT_TRUE(check(blocks).empty());
  blocks[6].own = 7;
  expect_one(blocks, fault::broken, "block 6 is not the one that block 7 was written behind");
}
