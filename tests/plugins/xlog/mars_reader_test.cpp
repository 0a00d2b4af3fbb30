// Goal: whatever happened to a file of Mars', what is whole in it is read, what is not is told with its place, and neither
// time nor memory runs away. Method: small files with every bit flipped and every length; blocks taken out, doubled and
// exchanged; files as Mars leaves them, made here by hand.
#include "plugins/xlog/core/mars_reader.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <ctime>

#include "plugins/xlog/core/log_lines.h"
#include "plugins/xlog/core/mars_legacy.h"
#include "tests/plugins/xlog/mars_files.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

using pieces = std::vector<list>;
const pieces three = {{"a1", "a2"}, {"b1", "b2"}, {"c1", "c2"}};
const list six = {"a1", "a2", "b1", "b2", "c1", "c2"};

struct variant {
  const char* name;
  mars_settings settings;
  bool at_once = false;
  const private_key* key = nullptr;
};

const mars_pair& owner() {
  static const mars_pair pair = test_mars_pair(9);
  return pair;
}

std::vector<variant> variants() {
  mars_settings zstd{mars_compression::zstd, 0, {}};
  return {{"zlib", {}},
          {"zstd", zstd},
          {"zlib sealed", {mars_compression::zlib, 0, owner().open}, false, &owner().mine},
          {"zstd sealed", {mars_compression::zstd, 0, owner().open}, false, &owner().mine},
          {"zlib plain", {}, true},
          {"zstd plain", zstd, true}};
}

// Where each record begins, and the end.
std::vector<size_t> borders(const std::string& file) {
  std::vector<size_t> all = {0};
  while (all.back() < file.size())
    all.push_back(all.back() + 74 + decode_mars_header(as_bytes(std::string_view(file).substr(all.back())))->length);
  return all;
}

std::string piece(const std::string& file, size_t number) {
  const auto at = borders(file);
  return file.substr(at[number], at[number + 1] - at[number]);
}

std::string deflated(const std::string& text, bool finished) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
  std::string to(text.size() + 1000, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(to.data());
  z.avail_out = static_cast<uInt>(to.size());
  deflate(&z, finished ? Z_FINISH : Z_SYNC_FLUSH);
  to.resize(to.size() - z.avail_out);
  deflateEnd(&z);
  return to;
}

std::string record_of(uint8_t magic, uint16_t number, const std::string& payload) {
  mars_record_header h;
  h.magic = magic;
  h.number = number;
  h.length = static_cast<uint32_t>(payload.size());
  std::string to;
  append_mars_header(to, h);
  return to + payload + '\0';
}

bool one_has(const list& all, const std::string& part) {
  return std::any_of(all.begin(), all.end(), [&](const std::string& s) { return s.find(part) != std::string::npos; });
}

}  // namespace

TEST(XlogMarsReader, WhatWasWrittenIsRead) {
  for (const variant& v : variants()) {
    const std::string file = mars_file(v.settings, three, v.at_once);
    for (const size_t at_once : {size_t{1}, size_t{75}, file.size()}) {
      const mars_reading r = read_mars(file, v.key, at_once);
      EXPECT_EQ(r.texts, six) << v.name;
      EXPECT_EQ(r.damage, list{}) << v.name;
      ASSERT_FALSE(r.records.empty());
      const record& got = r.records[0];
      const record said = test_line("a1", 7);
      EXPECT_EQ(std::tie(got.wall, got.level, got.thread, got.plugin, got.tag, got.file, got.line),
                std::tie(said.wall, said.level, said.thread, said.plugin, said.tag, said.file, said.line));
    }
  }
}

TEST(XlogMarsReader, AFileThatGrowsIsReadAsFarAsItGoes) {
  const std::string file = mars_file({}, three);
  mars_reader reader;
  size_t before = 0;
  for (const size_t border : borders(file)) {
    if (border == 0) continue;
    reader.on_bytes(std::string_view(file).substr(before, border - before));
    before = border;
    EXPECT_TRUE(reader.take() && reader.take()) << "of each block, as soon as it is there";
    EXPECT_FALSE(reader.take());
  }
}

// No checksum: a bit may make other lines of a record, but of that record only, unless it says itself that it is none.
TEST(XlogMarsReader, ABitThatIsFlippedHarmsNoOtherRecord) {
  for (const variant& v : variants()) {
    const std::string file = mars_file(v.settings, v.at_once ? pieces{{"a1"}, {"b1"}, {"c1"}} : three, v.at_once);
    const auto border = borders(file);
    ASSERT_EQ(border.size(), 4u);
    for (size_t bit = 0; bit < 8 * file.size(); bit += 7) {
      std::string wrong = file;
      wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
      const mars_reading r = read_mars(wrong, v.key);
      for (size_t i = 0; i < 3; ++i) {
        if (bit / 8 >= border[i] && bit / 8 < border[i + 1]) continue;
        const std::string text = std::string(1, static_cast<char>('a' + i)) + "1";
        ASSERT_GE(std::count(r.texts.begin(), r.texts.end(), text), 1) << v.name << " bit " << bit % 8 << " of byte " << bit / 8;
      }
    }
  }
}

// zstd's checksum tells of every bit of a payload.
TEST(XlogMarsReader, ABitOfAZstdPayloadIsToldWithItsPlace) {
  const std::string file = mars_file({mars_compression::zstd, 0, {}}, three);
  const auto border = borders(file);
  for (size_t bit = 8 * (border[1] + 73); bit < 8 * (border[2] - 1); ++bit) {
    std::string wrong = file;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    const mars_reading r = read_mars(wrong);
    if (r.texts == six && r.damage.empty()) continue;  // One that means nothing.
    ASSERT_FALSE(r.damage.empty()) << bit;
    ASSERT_EQ(r.damage[0].find("byte " + std::to_string(border[1]) + ": "), 0u) << r.damage[0];
  }
}

TEST(XlogMarsReader, AFileOfAnyLengthIsReadAsFarAsItGoes) {
  for (const variant& v : variants()) {
    const std::string file = mars_file(v.settings, three, v.at_once);
    const auto border = borders(file);
    for (size_t size = 0; size < file.size(); ++size) {
      const mars_reading r = read_mars(file.substr(0, size), v.key, 50);
      const auto whole = static_cast<size_t>(std::upper_bound(border.begin(), border.end(), size) - border.begin()) - 1;
      const size_t lines = v.at_once ? whole : 2 * whole;
      ASSERT_GE(r.texts.size(), lines) << v.name << " " << size;
      ASSERT_TRUE(std::equal(r.texts.begin(), r.texts.begin() + static_cast<ptrdiff_t>(lines), six.begin())) << v.name << " " << size;
      ASSERT_EQ(r.damage.empty(), size == border[whole]) << v.name << " " << size;
    }
  }
}

TEST(XlogMarsReader, BlocksThatAreMissingDoubledOrExchangedAreTold) {
  const std::string file = mars_file({}, {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}});
  const auto of = [&](const std::vector<size_t>& order) {
    std::string made;
    for (const size_t i : order) made += piece(file, i);
    return read_mars(made);
  };
  EXPECT_EQ(of({0, 1, 2, 3, 4}).damage, list{});
  EXPECT_TRUE(one_has(of({0, 1, 4}).damage, "2 blocks are missing before this one, 3 to 4"));
  EXPECT_TRUE(one_has(of({1, 3, 4}).damage, "block 3 is missing before this one"));
  EXPECT_TRUE(one_has(of({0, 1, 1, 2}).damage, "block 2 comes again"));
  EXPECT_TRUE(one_has(of({0, 2, 1}).damage, "block 2 stands behind block 3"));
  EXPECT_EQ(of({0, 1, 4}).texts, (list{"a", "b", "e"}));
  EXPECT_EQ(of({0, 1, 0, 1}).damage, list{}) << "a process that starts again counts from 1";
}

TEST(XlogMarsReader, NumbersBeginAgainBehindTheLast) {
  std::string file;
  for (const uint16_t number : {uint16_t{65534}, uint16_t{65535}, uint16_t{1}, uint16_t{2}}) file += record_of(0x09, number, deflated("x\n", true));
  EXPECT_EQ(read_mars(file).damage, list{});
}

TEST(XlogMarsReader, WithoutItsKeyASealedBlockIsToldAndWhatIsPlainIsRead) {
  const std::string sealed = mars_file({mars_compression::zlib, 0, owner().open}, three);
  const std::string file = mars_file({}, {{"plain"}}, true) + sealed;
  const mars_reading none = read_mars(file);
  EXPECT_EQ(none.texts, list{"plain"});
  ASSERT_EQ(none.damage.size(), 2u);
  EXPECT_NE(none.damage[0].find("--key"), std::string::npos);
  EXPECT_NE(none.damage[1].find("3 sealed blocks"), std::string::npos);
  const private_key ours = test_key(3);
  EXPECT_TRUE(one_has(read_mars(file, &ours).damage, "the one that was given is none"));
  for (uint64_t seed = 20; seed < 60; ++seed) {
    const mars_pair other = test_mars_pair(seed);
    for (const auto kind : {mars_compression::zlib, mars_compression::zstd}) {
      const mars_reading r = read_mars(mars_file({kind, 0, owner().open}, three), &other.mine);
      EXPECT_EQ(r.texts, list{});
      EXPECT_TRUE(one_has(r.damage, "another key")) << seed;
    }
  }
}

TEST(XlogMarsReader, StreamsThatMarsDoesNotFinishAreWhole) {
  const std::string text = "[I][2026-11-25 -3.5 11:11:12.123][1, 2*][t][f.cc:1, g()][one\n";
  const mars_reading r = read_mars(record_of(0x09, 1, deflated(text, false)));
  EXPECT_EQ(r.damage, list{});
  EXPECT_EQ(r.texts, list{"one"});
  EXPECT_EQ(r.records[0].wall, *parse_utc("2026-11-25T14:41:12.123000Z"));
  EXPECT_EQ(r.records[0].thread, 2u);
}

TEST(XlogMarsReader, AMappedFileIsReadAsItStands) {
  const auto padded = [](std::string bytes) { return bytes.resize(150 << 10), bytes; };
  const std::string text = "[I][2026-11-25 +8.0 11:11:12.123][1, 2][t][f.cc:1, g][one\n";
  std::string open = record_of(0x09, 5, deflated(text, false));
  open.back() = 'x';  // What follows is not cleared.
  for (const size_t at_once : {size_t{10'000}, size_t{1 << 20}}) {
    EXPECT_EQ(read_mars(padded(open), nullptr, at_once).texts, list{"one"});
    EXPECT_EQ(read_mars(padded(open), nullptr, at_once).damage, list{});
    EXPECT_EQ(read_mars(padded(""), nullptr, at_once).damage, list{});
    EXPECT_EQ(read_mars(padded(record_of(0x09, 5, "")), nullptr, at_once).damage, list{});
  }
  std::string beyond = padded(open);
  beyond[7] = 7;  // Longer than the file.
  EXPECT_EQ(read_mars(beyond).texts, list{"one"});
}

TEST(XlogMarsReader, LinesThatDoNotBeginLikeOneBelongToTheOneBefore) {
  const std::string text =
      "get mmap time: 3\n"
      "[W][2026-11-25 +0.0 00:00:01.000][1, 2][a/b][f:1, operator[]][first\nsecond\n\nfourth\n"
      "$$$$$$$$$$ bye\n";
  const mars_reading r = read_mars(record_of(0x08, 0, text));
  ASSERT_EQ(r.texts, (list{"get mmap time: 3", "first\nsecond\n\nfourth", "$$$$$$$$$$ bye"}));
  for (const record& each : r.records) EXPECT_EQ(each.wall, *parse_utc("2026-11-25T00:00:01.000000Z"));
  EXPECT_EQ(r.records[1].plugin, "a");
  EXPECT_EQ(r.records[1].tag, "b");
  EXPECT_EQ(r.records[1].level, uint32_t{THARSIS_LOG_WARNING});
}

TEST(XlogMarsReader, ABombCostsNoMemoryAndEnds) {
  const std::string bomb = deflated(std::string(80 << 20, 'x'), true);
  const mars_reading r = read_mars(record_of(0x09, 1, bomb) + record_of(0x09, 2, deflated("behind\n", true)));
  EXPECT_TRUE(one_has(r.damage, "expands to more than 64 MiB"));
  ASSERT_FALSE(r.texts.empty());
  EXPECT_EQ(r.texts.back(), "behind");
  EXPECT_LT(r.texts.size(), 2'000u);
}

TEST(XlogMarsReader, RecordsOfOldVersionsAreRead) {
  const std::string line = "[I][2026-11-25 +0.0 00:00:01.000][1, 2][t][f:1, g][old\n";
  const auto number = [](size_t value, size_t size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
  };
  const auto covered = [](std::string bytes, uint8_t by) {
    for (char& c : bytes) c = static_cast<char>(c ^ by);
    return bytes;
  };
  const auto oldest = [&](char magic, const std::string& payload) {
    const auto by = static_cast<uint8_t>(0xCC ^ (payload.size() & 0xFF) ^ static_cast<uint8_t>(magic));
    return magic + number(payload.size(), 4) + covered(payload, by) + '\0';
  };
  const auto old = [&](char magic, const std::string& payload, size_t more) {
    return magic + number(9, 2) + "\1\2" + number(payload.size(), 4) + std::string(more, '\7') + payload + '\0';
  };
  const std::string packed = deflated(line, false), half = number(5, 2) + packed.substr(0, 5) + number(packed.size() - 5, 2) + packed.substr(5);
  const auto by = static_cast<uint8_t>(0xCC ^ 9 ^ 4);
  for (const std::string& file : {oldest(1, line), oldest(2, packed), old(3, line, 0), old(3, line, 4), old(4, packed, 4), old(4, covered(packed, by), 0),
                                  old(5, half, 4), old(5, half, 0)}) {
    const mars_reading r = read_mars(file + file + record_of(0x08, 0, line));
    EXPECT_EQ(r.texts, (list{"old", "old", "old"})) << static_cast<int>(file[0]);
    EXPECT_EQ(r.damage, list{});
  }
}

TEST(XlogMarsReader, FilesAreToldApartByWhatTheyBeginWith) {
  const std::string file = mars_file({}, three);
  const auto may_be_readable = [](const std::string& bytes, bool whole) { return may_be_log(bytes, whole) || may_be_mars(bytes); };
  EXPECT_TRUE(may_be_readable(file, true));
  EXPECT_TRUE(may_be_readable(std::string(64 << 10, '\0'), false)) << "a mapped file in which nothing is";
  for (const std::string foreign : {"some notes\n", "\n\n\nsome notes that begin with lines that are empty, and go on and on, so that there are enough\n",
                                    "\t\t\ttabs, which are 0x09 each, and more than a header's size of text behind them, so it can be seen\n"})
    EXPECT_FALSE(may_be_readable(foreign, true)) << foreign;
  std::string wrong = file;
  wrong[0] = 'x';
  EXPECT_TRUE(may_be_readable(wrong, true)) << "the second record tells it";
}

// Each place that looks like a record claims all up to the first byte of a true one's payload, and so is none.
TEST(XlogMarsReader, AFileMadeToBeReadForEverIsReadOnce) {
  std::string file;
  constexpr size_t places = 40'000;
  for (size_t i = 0; i < places; ++i) {
    mars_record_header h;
    h.magic = 0x08;
    h.first_hour = h.last_hour = 1;
    h.length = static_cast<uint32_t>((places - i) * 9);
    std::string head;
    append_mars_header(head, h);
    file += head.substr(0, 9);
  }
  file += record_of(0x08, 0, std::string("\0true", 5)) + record_of(0x08, 0, "more\n");
  for (const size_t at_once : {size_t{256} << 10, size_t{50'000}}) {
    const std::clock_t begin = std::clock();
    const mars_reading r = read_mars(file, nullptr, at_once);
    EXPECT_EQ(r.damage, list{"byte 0: 360000 bytes are no record of Mars'"});
    EXPECT_FALSE(r.texts.empty());
    EXPECT_LT((std::clock() - begin) / CLOCKS_PER_SEC, 5) << "each place was searched again for each that is before it";
  }
}

TEST(XlogMarsReader, BlocksThatStandInOneAnotherAreGivenUpAndWhatIsBehindIsRead) {
  constexpr size_t nested = 2'000, head = 73;
  std::string file;
  for (size_t i = 0; i < nested; ++i) {
    mars_record_header h;
    h.magic = 0x09;
    h.first_hour = h.last_hour = 1;
    h.length = static_cast<uint32_t>((nested - i - 1) * head + 8);
    append_mars_header(file, h);
  }
  ASSERT_EQ(file.size(), nested * head);
  file += "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" + std::string(1, '\0');
  const mars_reading r = read_mars(file + mars_file({}, {{"behind"}}));
  EXPECT_EQ(r.texts, list{"behind"});
  EXPECT_LT(r.damage.size(), 20u) << r.damage[0];
}
