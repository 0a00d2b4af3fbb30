// Goal: a gap is believed where the frames around it bear it out, and told as damage where they do not: also in a sealed file,
// where anybody can write such a frame.
#include "plugins/xlog/core/left_out.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/xlog/core/log_lines.h"
#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

struct told {
  std::vector<std::string> damage;
  size_t lines = 0;
  left_out_facts left;
};
told read(const std::string& bytes, const private_key* key) {
  pushed_bytes window;
  window.push(bytes);
  window.end();
  const query all;
  log_lines lines(window, key, all);
  told t;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    if (step == line_source::step::line) ++t.lines;
    if (step == line_source::step::damage) t.damage.push_back(lines.told().text());
  }
  t.left = lines.missing_by_choice();
  return t;
}

// Sites, five blocks of one line, an end: frames 0 to 6.
struct five_blocks : written_log {
  explicit five_blocks(std::span<const public_key> recipients) : written_log(recipients) {
    add_sites({{THARSIS_LOG_INFO, 1, "a", "", "a.cpp", "n {}", "u"}});
    for (uint32_t i = 0; i < 5; ++i) {
      begin_epoch();
      add_line(1, i * second, number_argument(i));
      end_block();
    }
    end();
  }
  std::string frames(size_t from, size_t to) const { return bytes.substr(ends[from], ends[to] - ends[from]); }
  frame_header head(size_t i) const { return *decode_frame_header(as_bytes(bytes.substr(ends[i], 64))); }
};

class XlogLeftOut : public testing::TestWithParam<bool> {
 protected:
  const private_key key = test_key(1);
  five_blocks log{GetParam() ? std::span<const public_key>(&key.open, 1) : std::span<const public_key>()};

  // In place of the frames from `from` to before `to`.
  std::string without(size_t from, size_t to, const left_out& what) const {
    return log.bytes.substr(0, log.ends[from]) + left_out_frame(log.head(from), what) + log.bytes.substr(log.ends[to]);
  }
};

TEST_P(XlogLeftOut, WhatFitsIsNoDamage) {
  const told t = read(without(2, 4, {4, 2, 100, log.head(4).chain}), &key);
  EXPECT_EQ(t.damage, std::vector<std::string>());
  EXPECT_EQ(t.lines, 3u);
  EXPECT_EQ(t.left.frames, 2u);
  EXPECT_EQ(t.left.lines, 2u);
}

TEST_P(XlogLeftOut, WhatDoesNotFitIsDamage) {
  const uint32_t chain = log.head(4).chain;
  for (const left_out& lie : {left_out{3, 2, 100, chain}, left_out{5, 2, 100, chain}, left_out{4, 2, 100, chain + 1}, left_out{uint64_t{1} << 40, 2, 100, chain}}) {
    const told t = read(without(2, 4, lie), &key);
    ASSERT_FALSE(t.damage.empty());
    EXPECT_NE(t.damage[0].find("left out"), std::string::npos) << t.damage[0];
    EXPECT_EQ(t.left.frames, 0u);
    EXPECT_EQ(t.lines, 3u) << "what stands behind it is read all the same";
  }
}

TEST_P(XlogLeftOut, OneThatIsPutInBetweenTakesNothingAway) {
  const std::string more = log.bytes.substr(0, log.ends[2]) + left_out_frame(log.head(2), {5, 2, 100, log.head(5).chain}) + log.bytes.substr(log.ends[2]);
  const told t = read(more, &key);
  EXPECT_EQ(t.lines, 5u);
  EXPECT_EQ(t.damage.size(), 1u);
}

TEST_P(XlogLeftOut, AByteThatIsWrongInItIsDamage) {
  const std::string good = without(2, 4, {4, 2, 100, log.head(4).chain});
  for (size_t i = log.ends[2]; i < log.ends[2] + frame_header::header_size + 32; ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_FALSE(read(bad, &key).damage.empty()) << i - log.ends[2];
  }
}

TEST_P(XlogLeftOut, AFileThatWasStillWrittenIsNotCut) {
  frame_header h = log.head(3);
  const told t = read(log.bytes.substr(0, log.ends[3]) + left_out_frame(h, {left_out::open_end, 0, 0, h.chain}), &key);
  EXPECT_EQ(t.damage, std::vector<std::string>());
  EXPECT_TRUE(t.left.is_open);
  EXPECT_EQ(t.lines, 2u);
  EXPECT_FALSE(read(log.bytes + left_out_frame(h, {left_out::open_end, 0, 0, h.chain}), &key).damage.empty()) << "it does not go on behind its end";
}

// A file is followed while another edition takes its place.
TEST_P(XlogLeftOut, WhoFollowsTheFileReadsOnWhereTheNextEditionHasFrames) {
  const frame_header h = log.head(3);
  struct editions final : byte_window {
    uint64_t size() override { return bytes.size(); }
    bool ended() override { return false; }
    std::string_view at(uint64_t offset, size_t most) override { return offset < bytes.size() ? std::string_view(bytes).substr(offset, most) : ""; }
    bool read(uint64_t offset, std::span<uint8_t> into) override {
      const std::string_view found = at(offset, into.size());
      std::copy(found.begin(), found.end(), into.begin());
      return found.size() == into.size();
    }
    std::string bytes;
  } window;
  window.bytes = log.bytes.substr(0, log.ends[3]) + left_out_frame(h, {left_out::open_end, 0, 0, h.chain});
  const query all;
  log_lines lines(window, &key, all);
  size_t count = 0;
  const auto read_on = [&] {
    for (auto step = lines.next(); step != line_source::step::end && step != line_source::step::more; step = lines.next()) {
      EXPECT_NE(step, line_source::step::damage) << lines.told().text();
      count += step == line_source::step::line;
    }
  };
  read_on();
  EXPECT_EQ(count, 2u);
  window.bytes = log.bytes;
  read_on();
  EXPECT_EQ(count, 5u);
}

INSTANTIATE_TEST_SUITE_P(PlainAndSealed, XlogLeftOut, testing::Bool());

}  // namespace
