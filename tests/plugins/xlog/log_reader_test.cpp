// Goal: what a file says is told as it was said, and whatever happened to the file, what cannot be told is named, what
// can be told is told, and nothing is made up.
// Method: files as the writer makes them, plain and sealed, then every cut of them, every byte altered, and others' files.
#include "tests/plugins/xlog/log_reader.h"

#include <gtest/gtest.h>

#include "plugins/xlog/frame_maker.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/headed_rows.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t today = 1'795'000'000 * second;

// Three blocks of four lines; a note; the end.
struct made_log {
  explicit made_log(std::span<const public_key> recipients = {}) {
    seeded_random random(1);
    auto made = frame_maker::make({0, today, 1e9}, {1}, 0, recipients, random);
    EXPECT_TRUE(made.ok());
    add(made->file_header());
    const site places[] = {{THARSIS_LOG_INFO, 7, "stn", "link", "link.cpp", "number {}", "u"},
                           {THARSIS_LOG_ERROR, 8, "dns", "", "dns.cpp", "no {}", "u"}};
    std::string entries;
    block_writer writer({});
    headed_rows kept;
    for (uint32_t i = 0; i < 2; ++i) {
      append_site(entries, i + 1, places[i]);
      EXPECT_TRUE(writer.add_site(i + 1, places[i]));
    }
    add(*made->sites(entries));
    for (uint32_t b = 0; b < 3; ++b) {
      for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t number = 4 * b + i;
        const std::string argument(reinterpret_cast<const char*>(&number), 4);
        EXPECT_EQ(writer.add(kept.add(1 + number % 2, 3, number * uint64_t{second}, argument)), block_writer::added::yes);
        texts.push_back((number % 2 == 0 ? "number " : "no ") + std::to_string(number));
      }
      add(*made->block(writer.finish(), {{0, today, 1e9}, {}, {{3, 100 * b, 100 * (b + 1), 4711}}}));
      lines_at.push_back(texts.size());
    }
    add(*made->note(today + 60 * second, "7 lines are lost"));
    texts.push_back("7 lines are lost");
    add(*made->end());
  }
  void add(const std::string& piece) {
    bytes += piece;
    ends.push_back(bytes.size());
  }

  std::string bytes;
  std::vector<size_t> ends;      // Of the header, and of each frame.
  std::vector<size_t> lines_at;  // How many lines there are up to the end of each block.
  list texts;
};

struct reading {
  list texts;
  list damage;
  size_t cuts = 0;  // Of the damage.
  size_t torn = 0;
  std::vector<record> records;
};

reading read(std::string_view bytes, const private_key* key = nullptr, size_t step = ~size_t{0}) {
  reading r;
  log_reader lines(key);
  const auto take = [&] {
    while (auto i = lines.take()) {
      r.cuts += i->cut;
      r.torn += i->torn;
      if (!i->damage.empty()) r.damage.push_back(i->damage);
      else r.texts.push_back(i->value.text), r.records.push_back(i->value);
    }
  };
  for (size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    lines.on_bytes(bytes.substr(at, step));
    take();
  }
  lines.on_end();
  take();
  EXPECT_FALSE(lines.take());
  return r;
}

bool is_prefix(const list& part, const list& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}
// In order, each once.
bool is_part(const list& part, const list& whole) {
  auto at = whole.begin();
  for (const std::string& text : part) {
    at = std::find(at, whole.end(), text);
    if (at++ == whole.end()) return false;
  }
  return true;
}

}  // namespace

TEST(XlogLogReader, TellsWhatWasWritten) {
  const made_log log;
  const reading r = read(log.bytes);
  EXPECT_EQ(r.texts, log.texts);
  EXPECT_EQ(r.damage, list{});
  for (size_t i = 0; i < 12; ++i) {
    const record& line = r.records[i];
    EXPECT_EQ(line.wall, today + static_cast<int64_t>(i) * second);
    EXPECT_EQ(line.level, i % 2 == 0 ? THARSIS_LOG_INFO : THARSIS_LOG_ERROR);
    EXPECT_EQ(line.plugin, i % 2 == 0 ? "stn" : "dns");
    EXPECT_EQ(line.thread, 4711u);
    EXPECT_EQ(line.tag, i % 2 == 0 ? "link" : "");
    EXPECT_EQ(line.file, i % 2 == 0 ? "link.cpp" : "dns.cpp");
    EXPECT_EQ(line.line, i % 2 == 0 ? 7u : 8u);
  }
  const record& note = r.records[12];
  EXPECT_EQ(note.wall, today + 60 * second);
  EXPECT_EQ(note.level, THARSIS_LOG_WARNING);
  EXPECT_EQ(note.plugin, "xlog");
}

TEST(XlogLogReader, BytesMayComeInPiecesOfAnySize) {
  const made_log log;
  for (const size_t step : {1u, 7u, 63u, 64u, 65u, 1000u}) {
    const reading r = read(log.bytes, nullptr, step);
    EXPECT_EQ(r.texts, log.texts) << step;
    EXPECT_EQ(r.damage, list{}) << step;
  }
}

TEST(XlogLogReader, EveryCutGivesAllThatIsWholeAndNamesTheRest) {
  const auto key = test_key(5);
  const public_key open = key.open;
  for (const bool sealed : {false, true}) {
    const made_log log(sealed ? std::span(&open, 1) : std::span<const public_key>());
    for (size_t size = 0; size < log.bytes.size(); ++size) {
      const reading r = read(std::string_view(log.bytes).substr(0, size), &key);
      EXPECT_TRUE(is_prefix(r.texts, log.texts)) << size;
      size_t whole = 0;
      for (size_t b = 0; b < 3; ++b)
        if (size >= log.ends[2 + b]) whole = log.lines_at[b];
      EXPECT_EQ(r.texts.size(), size >= log.ends[5] ? log.texts.size() : whole) << size;
      const bool clean = size == 0 || std::count(log.ends.begin(), log.ends.end(), size) > 0;
      ASSERT_EQ(r.damage.size(), size > 0 && (sealed || !clean) ? 1u : 0u) << size;
      if (r.damage.empty()) continue;
      EXPECT_NE(r.damage[0].find(clean ? "ends before its last frame" : "cut off"), std::string::npos) << r.damage[0];
      EXPECT_EQ(r.cuts, size < log.ends[0] ? 0u : 1u) << size;
      const bool sites = size >= log.ends[0] + frame_header::header_size && size < log.ends[1];
      const bool lines = size > log.ends[1] && size < log.ends[4] && !clean;
      if (sites || lines) {
        EXPECT_EQ(r.torn, lines ? 1u : 0u) << size;
      }
    }
  }
}

TEST(XlogLogReader, AByteThatIsAlteredCostsItsFrameAtMost) {
  const auto key = test_key(5);
  const public_key open = key.open;
  for (const bool sealed : {false, true}) {
    const made_log log(sealed ? std::span(&open, 1) : std::span<const public_key>());
    for (size_t at = 0; at < log.bytes.size(); ++at) {
      std::string bytes = log.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
      const reading r = read(bytes, &key);
      EXPECT_TRUE(is_part(r.texts, log.texts)) << at << ": nothing is made up";
      EXPECT_FALSE(r.damage.empty()) << at;
      EXPECT_LE(r.damage.size(), 4u) << at;
      EXPECT_EQ(r.cuts, sealed && at >= log.ends[5] ? 1u : 0u) << at;
      if (at >= log.ends[1]) {
        EXPECT_GE(r.texts.size(), log.texts.size() - 4) << at;
      }
    }
  }
}

TEST(XlogLogReader, DamageInTheMiddleIsToldBetweenWhatWasBeforeAndAfter) {
  made_log log;
  const size_t begin = log.ends[2], end = log.ends[3];  // The second block.
  std::string garbage(end - begin + 1000, 'X');
  garbage.replace(500, 4, "XLG1");  // And what looks like a frame's beginning.
  log.bytes.replace(begin, end - begin, garbage);
  for (const size_t step : {~size_t{0}, size_t{64}}) {
    const reading r = read(log.bytes, nullptr, step);
    list left = log.texts;
    left.erase(left.begin() + 4, left.begin() + 8);
    EXPECT_EQ(r.texts, left);
    ASSERT_FALSE(r.damage.empty());
    EXPECT_TRUE(r.damage[0].starts_with("byte " + std::to_string(begin) + ": ")) << r.damage[0];
  }
}

TEST(XlogLogReader, AFrameThatIsMissingOrStandsTwiceIsNamed) {
  const auto key = test_key(5);
  const public_key open = key.open;
  for (const bool sealed : {false, true}) {
    const made_log log(sealed ? std::span(&open, 1) : std::span<const public_key>());
    const auto frame = [&](size_t number) { return log.bytes.substr(log.ends[number], log.ends[number + 1] - log.ends[number]); };
    const std::string head = log.bytes.substr(0, log.ends[0]);
    const reading missing = read(head + frame(0) + frame(1) + frame(3) + frame(4) + frame(5), &key);
    EXPECT_EQ(missing.texts.size(), log.texts.size() - 4);
    ASSERT_EQ(missing.damage.size(), 1u);
    EXPECT_NE(missing.damage[0].find("frame 2 is missing"), std::string::npos) << missing.damage[0];
    const reading twice = read(head + frame(0) + frame(1) + frame(1) + frame(2) + frame(3) + frame(4) + frame(5), &key);
    EXPECT_EQ(twice.texts, log.texts) << "told once";
    ASSERT_EQ(twice.damage.size(), 1u);
    EXPECT_NE(twice.damage[0].find("frame 1 stands here again"), std::string::npos) << twice.damage[0];
    const reading swapped = read(head + frame(0) + frame(2) + frame(1) + frame(3) + frame(4) + frame(5), &key);
    EXPECT_EQ(swapped.texts.size(), log.texts.size());
    ASSERT_EQ(swapped.damage.size(), 2u);
    EXPECT_NE(swapped.damage[1].find("frame 1 stands in the wrong place"), std::string::npos) << swapped.damage[1];
  }
}

TEST(XlogLogReader, AFileOfSomebodyElseIsRefusedWithASentence) {
  for (const std::string& bytes : {std::string("buy milk\n"), std::string("\x89PNG\r\n\x1a\n" + std::string(1000, 'x')), std::string(100'000, '\0'),
                                   std::string("2026-01-01T00:00:00.000000Z I 1 speaker an old log\n")}) {
    const reading r = read(bytes);
    EXPECT_EQ(r.texts, list{});
    ASSERT_EQ(r.damage.size(), 1u);
    EXPECT_NE(r.damage[0].find("no log file of Tharsis"), std::string::npos) << r.damage[0];
    EXPECT_FALSE(may_be_log(bytes, true));
  }
  EXPECT_TRUE(may_be_log("", true));
  const made_log log;
  EXPECT_TRUE(may_be_log(log.bytes, true));
  EXPECT_TRUE(may_be_log(std::string_view(log.bytes).substr(0, 20), false)) << "more may come";
}

TEST(XlogLogReader, ASealedFileIsReadWithItsKeyOnly) {
  const auto key = test_key(5), other = test_key(6), third = test_key(7);
  const public_key open[] = {key.open, other.open};
  const made_log log(open);
  EXPECT_EQ(log.bytes.find("number"), std::string::npos) << "nothing stands in the clear";
  EXPECT_EQ(read(log.bytes, &key).texts, log.texts);
  EXPECT_EQ(read(log.bytes, &other).texts, log.texts);
  for (const private_key* const wrong : {static_cast<const private_key*>(nullptr), &third}) {
    const reading r = read(log.bytes, wrong);
    EXPECT_EQ(r.texts, list{});
    ASSERT_EQ(r.damage.size(), 1u) << "told once, not for each frame";
    if (wrong == nullptr) {
      EXPECT_NE(r.damage[0].find("--key FILE"), std::string::npos) << r.damage[0];
    }
  }
}

TEST(XlogLogReader, AFrameInTheClearIsNotBelievedInASealedFile) {
  const auto key = test_key(5);
  const public_key open = key.open;
  const made_log plain, sealed(std::span(&open, 1));
  const std::string forged = sealed.bytes.substr(0, sealed.ends[1]) + plain.bytes.substr(plain.ends[1], plain.ends[2] - plain.ends[1]);
  const reading r = read(forged, &key);
  EXPECT_EQ(r.texts, list{});
  EXPECT_EQ(r.damage.size(), 2u);
  EXPECT_EQ(r.cuts, 1u) << "the end is missing, too";
}

// Without the key somebody can make any header with a right checksum.
TEST(XlogLogReader, ASealedFileBelievesNoFrameThatItsSealDoesNotProve) {
  const auto key = test_key(5);
  const public_key open = key.open;
  const made_log log(std::span(&open, 1));
  const auto header = [](frame_kind kind, uint64_t number) {
    frame_header h;
    h.kind = kind;
    h.number = number;
    const auto bytes = encode(h);
    return std::string(bytes.begin(), bytes.end());
  };
  const std::string before = log.bytes.substr(0, log.ends[2]), after = log.bytes.substr(log.ends[3]);
  for (const frame_kind kind : {frame_kind::block, frame_kind::end, static_cast<frame_kind>(77)}) {
    const reading instead = read(before + header(kind, 2) + after, &key);
    EXPECT_EQ(instead.texts.size(), log.texts.size() - 4);
    ASSERT_EQ(instead.damage.size(), 1u);
    EXPECT_NE(instead.damage[0].find("nothing that a seal could prove"), std::string::npos) << instead.damage[0];
    const reading at_end = read(before + header(kind, 2), &key);
    EXPECT_EQ(at_end.damage.size(), 2u);
    EXPECT_EQ(at_end.cuts, 1u);
  }
}

TEST(XlogLogReader, TheHeadOfASealedFileIsProvenToo) {
  const auto key = test_key(5);
  const public_key open = key.open;
  const made_log log(std::span(&open, 1));
  file_opening opening;
  ASSERT_FALSE(decode_file_header(as_bytes(log.bytes), opening));
  for (const auto& alter : {+[](file_header& h) { h.tick_shift = 20; }, +[](file_header& h) { h.anchor.wall += second; },
                            +[](file_header& h) { h.id[0] ^= 1; }}) {
    file_header altered = opening.header;
    alter(altered);
    const reading r = read(encode(altered) + log.bytes.substr(opening.size), &key);
    EXPECT_EQ(r.texts, list{});
    EXPECT_FALSE(r.damage.empty());
  }
}

TEST(XlogLogReader, BytesThatAreMissingCostTheirFrame) {
  const auto key = test_key(5);
  const public_key open = key.open;
  for (const bool sealed : {false, true}) {
    const made_log log(sealed ? std::span(&open, 1) : std::span<const public_key>());
    for (size_t at = log.ends[1]; at < log.ends[4]; ++at) {  // In a block.
      const reading r = read(log.bytes.substr(0, at) + log.bytes.substr(at + 1), &key);
      EXPECT_TRUE(is_part(r.texts, log.texts)) << at;
      EXPECT_EQ(r.texts.size(), log.texts.size() - 4) << at;
      EXPECT_FALSE(r.damage.empty()) << at;
    }
  }
}

TEST(XlogLogReader, WithoutItsTextsABlockStillHasItsRows) {
  seeded_random random(1);
  auto made = frame_maker::make({0, today, 1e9}, {1}, 0, {}, random);
  const site place{THARSIS_LOG_INFO, 7, "stn", "", "link.cpp", "{} to {}", "us"};
  std::string entries;
  append_site(entries, 1, place);
  block_writer writer({});
  headed_rows kept;
  EXPECT_TRUE(writer.add_site(1, place));
  for (uint32_t i = 0; i < 100; ++i) {
    const uint32_t fixed[] = {i, 4};
    std::string arguments(reinterpret_cast<const char*>(fixed), sizeof fixed);
    arguments += "host";
    EXPECT_EQ(writer.add(kept.add(1, 0, i, arguments)), block_writer::added::yes);
  }
  std::string bytes = made->file_header() + *made->sites(entries);
  const size_t block = bytes.size();
  bytes += *made->block(writer.finish(), {{0, today, 1e9}, {}, {}});
  const auto header = decode_frame_header(as_bytes(bytes).subspan(block));
  ASSERT_TRUE(header && header->first > 0);
  bytes[block + frame_header::header_size + header->extra] ^= 1;
  const reading r = read(bytes);
  ASSERT_EQ(r.texts.size(), 100u);
  EXPECT_EQ(r.texts[42], "42 to <str#1>");
  ASSERT_EQ(r.damage.size(), 1u);
  EXPECT_NE(r.damage[0].find("the texts of a block cannot be read: its checksum is wrong"), std::string::npos) << r.damage[0];
}

TEST(XlogLogReader, ALongStretchOfDamageIsToldOnce) {
  made_log log;
  log.bytes.insert(log.ends[2], std::string(1 << 20, 'x'));
  const reading r = read(log.bytes, nullptr, 4096);
  EXPECT_EQ(r.texts, log.texts);
  ASSERT_EQ(r.damage.size(), 1u);
  EXPECT_EQ(r.damage[0], "byte " + std::to_string(log.ends[2]) + ": 1048576 bytes are no frame");
}

TEST(XlogLogReader, WhatADeadProcessLeftIsToldWithItsOwnSitesAndClock) {
  heap_rings dead;
  const uint32_t one = dead.site_of("one"), two = dead.site_of("two");
  EXPECT_TRUE(dead.write(one, static_cast<uint64_t>(today), text_argument("first")));
  EXPECT_TRUE(dead.write_shared(two, static_cast<uint64_t>(today + second), text_argument("second")));
  EXPECT_TRUE(dead.write(two, static_cast<uint64_t>(today + 2 * second), text_argument("third")));
  const auto image = dead.image();
  ASSERT_TRUE(image.ok()) << image.failure().text;
  const auto payloads = recovered_payloads(*image);
  ASSERT_EQ(payloads.size(), 1u);

  seeded_random random(1);
  auto made = frame_maker::make({0, 0, 1e9}, {1}, 0, {}, random);
  std::string bytes = made->file_header();
  bytes += *made->recovered(payloads[0].bytes, {{0, 0, 1e9}, {}});
  bytes += *made->note(today, "after it");
  const reading r = read(bytes);
  EXPECT_EQ(r.damage, list{});
  EXPECT_EQ(r.texts, (list{"first", "second", "third", "after it"}));
  EXPECT_EQ(r.records[1].plugin, "two");
  EXPECT_NEAR(static_cast<double>(r.records[1].wall - today), 1e9, 1000);
  EXPECT_EQ(r.records[0].thread, 1u);

  for (size_t at = made->file_header().size(); at < bytes.size(); ++at) {
    std::string altered = bytes;
    altered[at] = static_cast<char>(altered[at] ^ (1 << at % 8));
    const reading damaged = read(altered);
    EXPECT_TRUE(is_part(damaged.texts, r.texts)) << at;
    EXPECT_FALSE(damaged.damage.empty()) << at;
  }
}
