#include "plugins/xlog/core/frame.h"

#include <gtest/gtest.h>

#include "plugins/xlog/core/crc32c.h"
#include "plugins/xlog/core/site.h"
#include "sdk/pure/views.h"

using namespace tharsis::xlog;
using tharsis::as_bytes;
using tharsis::as_text;

namespace {

frame_header some_header() {
  frame_header h;
  h.kind = frame_kind::block;
  h.flags = frame_sealed;
  h.levels = 0x3F;
  h.threads = 255;
  h.extra = 44;
  h.first = 1000, h.second = 30'000;
  h.rows = 1600;
  h.epoch = 65'535;
  h.number = uint64_t{1} << 40;
  h.tick_min = 5, h.tick_max = UINT64_MAX;
  h.sites = 0x8000000000000001;
  h.chain = 0xDEADBEEF;
  return h;
}

file_header some_file() {
  file_header h;
  h.sealed = true;
  h.id = {1, 2, 3};
  h.anchor = {99, -5, 2.5e9};
  h.tick_shift = 11;
  h.seal = "the seal's part";
  return h;
}

}  // namespace

TEST(XlogCrc, IsThatOfTheStandardWithAndWithoutTheInstruction) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c(as_bytes("6789"), crc32c(as_bytes("12345"))), 0xE3069283u);
  std::string text;
  for (int i = 0; i < 100; ++i, text += static_cast<char>(i * 7)) EXPECT_EQ(crc32c(as_bytes(text)), crc32c_by_table(as_bytes(text)));
}

TEST(XlogFrame, AHeaderComesBackAndAnyBitTurnedIsSeen) {
  const auto bytes = encode(some_header());
  EXPECT_EQ(decode_frame_header(bytes), some_header());
  EXPECT_EQ(some_header().size(), 64u + 44 + 1000 + 30'000);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    auto turned = bytes;
    turned[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(decode_frame_header(turned)) << bit;
  }
  EXPECT_FALSE(decode_frame_header(std::span(bytes).first(63)));
}

TEST(XlogFrame, TheNextFrameIsFoundBehindDamage) {
  const auto bytes = encode(some_header());
  std::string file = "XLG1 is no header, XLG neither" + std::string(100, 'X');
  const size_t at = file.size();
  file += as_text(bytes);
  EXPECT_EQ(find_frame(as_bytes(file)), at);
  const std::string cut = file.substr(0, at + 30);
  EXPECT_EQ(find_frame(as_bytes(cut)), at) << "cut off, it may still be one";
  EXPECT_EQ(find_frame(as_bytes("nothing")), 7u);
  EXPECT_EQ(find_frame(as_bytes("nothing XL")), 8u);
}

TEST(XlogFrame, ABlocksExtraComesBack) {
  block_extra e;
  e.anchor = {1, 2, 3e9};
  e.segment = {7, 8};
  e.consumed = {{3, 100, 200}, {4, 5, 5}};
  std::string bytes;
  append_block_extra(bytes, e);
  EXPECT_EQ(bytes.size() % 4, 0u);
  EXPECT_EQ(decode_block_extra(as_bytes(bytes)), e);
  for (size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_block_extra(as_bytes(bytes).first(n))) << n;
  e.consumed[0].from = 201;
  bytes.clear();
  append_block_extra(bytes, e);
  EXPECT_FALSE(decode_block_extra(as_bytes(bytes))) << "a range that ends before it begins";
}

TEST(XlogFrame, AFilesHeaderComesBackAndSaysWhatIsWrong) {
  const std::string bytes = encode(some_file());
  file_opening opened;
  EXPECT_FALSE(decode_file_header(as_bytes(bytes + "frames"), opened));
  EXPECT_EQ(opened.header, some_file());
  EXPECT_EQ(opened.size, bytes.size());
  for (size_t n = 0; n < bytes.size(); ++n) {
    const auto damage = decode_file_header(as_bytes(bytes).first(n), opened);
    ASSERT_TRUE(damage) << n;
    EXPECT_TRUE(damage->cut) << n;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string turned = bytes;
    turned[at] ^= 0x10;
    EXPECT_TRUE(decode_file_header(as_bytes(turned), opened)) << at;
  }
  std::string newer = bytes;
  newer[8] = 2;
  EXPECT_EQ(decode_file_header(as_bytes(newer), opened)->why, "the file has version 2 of the format; this program knows 1");
  EXPECT_EQ(decode_file_header(as_bytes("[I] a line of text that is no log file of ours"), opened)->why,
            "this is no log file of Tharsis");
}

TEST(XlogFrame, AChecksumTellsAPayloadFromADamagedOne) {
  for (const std::string payload : {"", "x", "some bytes"}) {
    std::string kept;
    append_checked(kept, as_bytes(payload));
    const auto again = without_checksum(as_bytes(kept));
    ASSERT_TRUE(again);
    EXPECT_EQ(as_text(*again), payload);
    kept.back() ^= 1;
    EXPECT_FALSE(without_checksum(as_bytes(kept)));
  }
  EXPECT_FALSE(without_checksum(as_bytes("abc")));
}

TEST(XlogSite, EntriesFollowEachOtherAndComeBack) {
  const site first = {4, 120, "stn", "longlink", "longlink.cc", "ended with {}: {}", "is"}, second = {};
  std::string bytes;
  append_site(bytes, 1, first);
  append_site(bytes, 2, second);
  std::string_view from = bytes;
  const auto one = read_site(from), two = read_site(from);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->number, 1u);
  EXPECT_EQ(one->value, first);
  EXPECT_EQ(two->number, 2u);
  EXPECT_EQ(two->value, second);
  EXPECT_TRUE(from.empty());
}

TEST(XlogSite, DamagedOnesAreRefusedAndFieldsOfTheFutureSkipped) {
  std::string bytes;
  append_site(bytes, 1, {4, 120, "stn", "longlink", "longlink.cc", "ended with {}: {}", "is"});
  for (size_t n = 0; n < bytes.size(); ++n) {
    std::string_view cut = std::string_view(bytes).substr(0, n);
    EXPECT_FALSE(read_site(cut)) << n;
  }
  std::string longer = bytes + "more";
  longer[0] = static_cast<char>(longer[0] + 4);
  std::string_view from = longer;
  EXPECT_TRUE(read_site(from));
  EXPECT_TRUE(from.empty());
  for (const site& bad : {site{6, 1, "", "", "", "", ""}, site{1, 1, "", "", "", "", "q"}}) {
    std::string entry;
    append_site(entry, 1, bad);
    from = entry;
    EXPECT_FALSE(read_site(from));
  }
}
