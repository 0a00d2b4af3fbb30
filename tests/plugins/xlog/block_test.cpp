// Goal: what a block_writer takes, a block_reader gives back, byte for byte.
// Method: sites and rows drawn at random, extremes among them, over many seeds; then the same blocks cut, with bits
// turned over, and with one of them lost.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/block_writer.h"
#include "sdk/abi/log.h"
#include "sdk/pure/views.h"
#include "tests/bench/xlog/corpus.h"
#include "tests/plugins/xlog/headed_rows.h"

using namespace tharsis::xlog;
using tharsis::as_bytes;
using tharsis::as_text;

namespace {

struct line {
  uint32_t site = 1, thread = 0;
  uint64_t tick = 0;
  std::string arguments;
  bool operator==(const line&) const = default;
};

struct kept_block {
  std::string texts, rows;
  block_facts facts;
};
kept_block keep(const block& b) { return {std::string(as_text(b.texts)), std::string(as_text(b.rows)), b.facts}; }

std::vector<kept_block> written(block_writer& writer, const std::vector<line>& lines) {
  std::vector<kept_block> blocks;
  headed_rows kept;
  for (const line& l : lines) {
    const row r = kept.add(l.site, l.thread, l.tick, l.arguments);
    auto answer = writer.add(r);
    if (answer == block_writer::added::full) {
      blocks.push_back(keep(writer.finish()));
      answer = writer.add(r);
    }
    EXPECT_EQ(answer, block_writer::added::yes);
  }
  if (writer.rows() > 0) blocks.push_back(keep(writer.finish()));
  return blocks;
}

// A line whose arguments cannot be read has "?" in their place.
void take_rows(block_reader& reader, std::vector<line>& to) {
  for (row r; reader.next(r);) {
    const auto arguments = reader.arguments();
    to.push_back({r.site, r.thread, r.tick, arguments ? std::string(as_text(*arguments)) : "?"});
  }
}

std::vector<line> read_all(block_reader& reader, const std::vector<kept_block>& blocks) {
  std::vector<line> lines;
  for (const kept_block& b : blocks) {
    const auto texts = reader.on_texts(b.facts.epoch, as_bytes(b.texts));
    EXPECT_FALSE(texts) << texts->text;
    const auto rows = reader.on_rows(as_bytes(b.rows), b.facts.rows);
    EXPECT_FALSE(rows) << rows->text;
    take_rows(reader, lines);
  }
  return lines;
}

class draw {
 public:
  explicit draw(uint64_t seed) : random_(seed) {}
  uint64_t number() { return random_(); }
  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }

  std::string codes() {
    static const std::string_view all = "bciulmdptwsxz";
    const size_t n = one_in(10) ? arguments_max : below(6);
    std::string codes;
    for (size_t i = 0; i < n; ++i) codes += all[below(all.size())];
    return codes;
  }

  // `habit` makes the values of one argument resemble each other.
  std::string arguments(std::string_view codes, uint64_t habit) {
    std::string fixed, texts;
    for (size_t i = 0; i < codes.size(); ++i) {
      const uint64_t own = (habit * 31 + i) % 7;
      if (is_text(codes[i])) {
        const std::string t = text(own);
        const auto size = static_cast<uint32_t>(t.size());
        fixed.append(reinterpret_cast<const char*>(&size), 4);
        texts += t;
      } else {
        const uint64_t bits = codes[i] == THARSIS_LOG_F64 ? real(own) : whole(own);
        fixed.append(reinterpret_cast<const char*>(&bits), *fixed_bytes(codes[i]));
      }
    }
    return fixed + texts;
  }

 private:
  uint64_t whole(uint64_t habit) {
    switch (habit) {
      case 0: return 7;
      case 1: return counter_ += 1 + below(3);
      case 2: return counter_ -= below(100);
      case 3: return below(1000);
      case 4: return number() >> below(64);
      case 5: {
        const int64_t extremes[] = {0, -1, 1, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
        return static_cast<uint64_t>(extremes[below(5)]);
      }
      default: return number();
    }
  }
  uint64_t real(uint64_t habit) {
    const double extremes[] = {0.0, -0.0, NAN, -INFINITY, INFINITY, 5e-324, 1.7976931348623157e308, 0x1p51, -0x1p51,
                               0x1p52 + 1, 9007199254740993.0, 1e15, 0.1 + 0.2};
    double value = 0;
    switch (habit) {
      case 0: return whole(6);
      case 1: value = extremes[below(std::size(extremes))]; break;
      case 2: value = one_in(20) ? extremes[below(std::size(extremes))] : static_cast<double>(below(100'000)) / 100; break;
      case 3: value = static_cast<double>(below(1'000'000)) / 1e6; break;
      case 4: value = -static_cast<double>(below(1000)) / 8; break;
      default: value = static_cast<double>(number()) / 3; break;
    }
    return std::bit_cast<uint64_t>(value);
  }
  std::string text(uint64_t habit) {
    if (one_in(200)) return std::string(below(10'000), 'L');
    switch (habit) {
      case 0: return "";
      case 1: return "host-" + std::to_string(below(5)) + ".example";
      case 2: return std::to_string(number());
      case 3: return std::string(below(20), '\0');
      default: return "user" + std::to_string(below(300) * below(300));
    }
  }

  std::mt19937_64 random_;
  uint64_t counter_ = 1000;
};

struct scene {
  std::vector<site> sites;
  std::vector<line> lines;
};

scene random_scene(uint64_t seed) {
  draw d(seed);
  scene all;
  const size_t sites = 1 + d.below(30), threads = d.one_in(2) ? 1 : 1 + d.below(300);
  for (size_t i = 0; i < sites; ++i) all.sites.push_back({static_cast<uint32_t>(d.below(6)), 1, "p", "t", "f", "x", d.codes()});
  uint64_t tick = d.number() >> d.below(64);
  const size_t n = d.one_in(10) ? 1 : d.below(3000);
  for (size_t i = 0; i <= n; ++i) {
    const size_t s = d.below(1 + d.below(sites));
    tick += d.one_in(300) ? d.number() : d.below(5000);
    if (d.one_in(500)) tick -= 3000;
    all.lines.push_back({static_cast<uint32_t>(s + 1), static_cast<uint32_t>(d.below(threads)), tick,
                         d.arguments(all.sites[s].codes, s)});
  }
  return all;
}

template <class T>
void add_sites(T& to, const scene& from) {
  for (uint32_t i = 0; i < from.sites.size(); ++i) EXPECT_TRUE(to.add_site(i + 1, from.sites[i]));
}

std::string text_arguments(std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  return std::string(reinterpret_cast<const char*>(&size), 4) + std::string(text);
}

}  // namespace

TEST(XlogBlock, AnyRowsComeBackExactly) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const scene all = random_scene(seed);
    block_settings settings;
    settings.rows = 1 + static_cast<uint32_t>(seed % 5) * 400;
    settings.bytes = seed % 3 == 0 ? 20'000 : 1 << 20;
    settings.epoch_rows = seed % 2 == 0 ? 700 : 1 << 20;
    block_writer writer(settings);
    block_reader reader(0);
    add_sites(writer, all);
    add_sites(reader, all);
    EXPECT_EQ(read_all(reader, written(writer, all.lines)), all.lines);
  }
}

TEST(XlogBlock, ARowOfOneMebibyteOfTextComesBack) {
  scene all;
  all.sites.push_back({2, 1, "p", "", "f", "{}", "s"});
  for (int i = 0; i < 3; ++i) all.lines.push_back({1, 0, 5, text_arguments(std::string(1 << 20, static_cast<char>('a' + i)))});
  all.lines.push_back({1, 0, 6, text_arguments("")});
  block_writer writer({});
  block_reader reader(0);
  add_sites(writer, all);
  add_sites(reader, all);
  EXPECT_EQ(read_all(reader, written(writer, all.lines)), all.lines);
}

namespace {

// Reads what may be damaged: nothing is claimed but that it ends, and that rows are as many as were announced.
size_t read_anything(const scene& all, std::string_view texts, std::string_view rows, uint32_t count) {
  block_reader reader(11);
  add_sites(reader, all);
  (void)reader.on_texts(1, as_bytes(texts));
  if (reader.on_rows(as_bytes(rows), count)) {
    row r;
    EXPECT_FALSE(reader.next(r));
    return 0;
  }
  std::vector<line> lines;
  take_rows(reader, lines);
  EXPECT_EQ(lines.size(), count);
  return lines.size();
}

kept_block small_block(const scene& all) {
  block_writer writer({});
  add_sites(writer, all);
  return written(writer, {all.lines.begin(), all.lines.begin() + std::min<ptrdiff_t>(200, std::ssize(all.lines))}).front();
}

std::string with_numbers(std::initializer_list<uint32_t> numbers, std::string_view texts = "") {
  std::string made;
  for (const uint32_t n : numbers) made.append(reinterpret_cast<const char*>(&n), 4);
  return made + std::string(texts);
}

}  // namespace

TEST(XlogBlock, CutAnywhereItIsRefusedOrReadToItsEnd) {
  const scene all = random_scene(3);
  const kept_block b = small_block(all);
  EXPECT_EQ(read_anything(all, b.texts, b.rows, b.facts.rows), b.facts.rows);
  for (size_t n = 0; n < b.rows.size(); ++n) EXPECT_EQ(read_anything(all, b.texts, b.rows.substr(0, n), b.facts.rows), 0u) << n;
  for (size_t n = 0; n < b.texts.size(); ++n) read_anything(all, b.texts.substr(0, n), b.rows, b.facts.rows);
}

TEST(XlogBlock, NoDamageCrashesTheReader) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    const scene all = random_scene(seed + 100);
    const kept_block b = small_block(all);
    draw d(seed);
    for (int i = 0; i < 150; ++i) {
      kept_block damaged = b;
      std::string& part = i % 3 == 0 && !b.texts.empty() ? damaged.texts : damaged.rows;
      for (uint64_t flips = 1 + d.below(3); flips > 0; --flips) part[d.below(part.size())] ^= static_cast<char>(1 << d.below(8));
      read_anything(all, damaged.texts, damaged.rows, d.one_in(8) ? static_cast<uint32_t>(d.below(70'000)) : b.facts.rows);
    }
  }
}

TEST(XlogBlock, ALostBlockLosesOnlyItsOwnTexts) {
  scene all;
  all.sites.push_back({2, 1, "p", "", "f", "{} {}", "us"});
  const std::vector<std::string> texts = {"one", "two", "one", "three", "two", "three"};
  for (uint32_t i = 0; i < texts.size(); ++i)
    all.lines.push_back({1, 0, i, with_numbers({i, static_cast<uint32_t>(texts[i].size())}, texts[i])});
  block_settings settings;
  settings.rows = 2;
  block_writer writer(settings);
  add_sites(writer, all);
  auto blocks = written(writer, all.lines);
  ASSERT_EQ(blocks.size(), 3u);

  for (const size_t lost : {0u, 1u}) {
    block_reader reader(0);
    add_sites(reader, all);
    auto kept = blocks;
    kept.erase(kept.begin() + static_cast<ptrdiff_t>(lost));
    const auto lines = read_all(reader, kept);
    ASSERT_EQ(lines.size(), 4u);
    if (lost == 0) {  // It had "one" and "two".
      EXPECT_EQ(lines[0].arguments, with_numbers({2, 7}, "<str#1>"));
      EXPECT_EQ(lines[1], all.lines[3]);
      EXPECT_EQ(lines[2].arguments, with_numbers({4, 7}, "<str#2>"));
      EXPECT_EQ(lines[3], all.lines[5]);
    } else {  // It had "three".
      EXPECT_EQ(lines[2], all.lines[4]);
      EXPECT_EQ(lines[3].arguments, with_numbers({5, 7}, "<str#3>"));
    }
  }
}

TEST(XlogBlock, ANewEpochNeedsNothingOfTheOneBefore) {
  scene all;
  all.sites.push_back({2, 1, "p", "", "f", "{}", "s"});
  for (uint32_t i = 0; i < 40; ++i) all.lines.push_back({1, 0, i, text_arguments("host" + std::to_string(i % 4))});
  block_settings settings;
  settings.rows = 10;
  settings.epoch_rows = 20;
  block_writer writer(settings);
  add_sites(writer, all);
  auto blocks = written(writer, all.lines);
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].facts.epoch, blocks[1].facts.epoch);
  EXPECT_NE(blocks[1].facts.epoch, blocks[2].facts.epoch);
  EXPECT_TRUE(blocks[1].texts.empty());
  blocks.erase(blocks.begin(), blocks.begin() + 2);
  block_reader reader(0);
  add_sites(reader, all);
  EXPECT_EQ(read_all(reader, blocks), std::vector<line>(all.lines.begin() + 20, all.lines.end()));
}

TEST(XlogBlock, ColumnsOfUnknownSitesArePassedOver) {
  scene all;
  all.sites.push_back({2, 1, "p", "", "f", "{}", "s"});
  all.sites.push_back({2, 2, "p", "", "f", "{}", "u"});
  for (uint32_t i = 0; i < 20; ++i)
    all.lines.push_back({1 + i % 2, 0, i, i % 2 == 0 ? text_arguments("a text") : with_numbers({i * i})});
  block_writer writer({});
  add_sites(writer, all);
  block_reader reader(0);
  EXPECT_TRUE(reader.add_site(2, all.sites[1]));
  const auto lines = read_all(reader, written(writer, all.lines));
  ASSERT_EQ(lines.size(), all.lines.size());
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i].arguments, i % 2 == 0 ? "?" : all.lines[i].arguments);
}

TEST(XlogBlock, TheHeadersFactsAreThoseOfTheRows) {
  scene all;
  all.sites.push_back({1, 1, "p", "", "f", "", ""});
  all.sites.push_back({4, 2, "p", "", "f", "", ""});
  block_settings settings;
  settings.tick_shift = 4;
  block_writer writer(settings);
  add_sites(writer, all);
  const auto b = written(writer, {{1, 9, 1600, ""}, {2, 70'000, 800, ""}, {1, 9, 3200, ""}}).front();
  EXPECT_EQ(b.facts.rows, 3u);
  EXPECT_EQ(b.facts.threads, 2u);
  EXPECT_EQ(b.facts.levels, 1u << 1 | 1u << 4);
  EXPECT_EQ(b.facts.sites, site_bit(1) | site_bit(2));
  EXPECT_EQ(b.facts.tick_min, 50u);
  EXPECT_EQ(b.facts.tick_max, 200u);
}

TEST(XlogBlock, RowsThatAreNotAsTheirSiteSaysAreRefused) {
  block_writer writer({});
  EXPECT_FALSE(writer.add_site(0, {}));
  EXPECT_FALSE(writer.add_site(1, {.codes = "q"}));
  EXPECT_FALSE(writer.add_site(1, {.codes = std::string(arguments_max + 1, 'b')}));
  EXPECT_TRUE(writer.add_site(1, {.codes = "ss"}));
  EXPECT_FALSE(writer.add_site(1, {.codes = "ss"})) << "twice";
  const std::string good = with_numbers({3, 2}, "abcde");
  headed_rows kept;
  const auto add = [&](uint32_t number, std::string_view arguments) { return writer.add(kept.add(number, 0, 0, arguments)); };
  EXPECT_EQ(add(2, good), block_writer::added::refused);
  EXPECT_EQ(add(1, good.substr(0, 7)), block_writer::added::refused);
  EXPECT_EQ(add(1, good.substr(0, 12)), block_writer::added::refused);
  EXPECT_EQ(add(1, with_numbers({0xFFFFFFFF, 2}, "abcde")), block_writer::added::refused);
  EXPECT_EQ(add(1, std::string(row_bytes_max, '\0')), block_writer::added::refused);
  EXPECT_EQ(writer.rows(), 0u);
  EXPECT_EQ(add(1, good + "pad"), block_writer::added::yes) << "what a ring adds to a multiple of 8";
}

// A megabyte of one text in each of 65,536 rows would be 64 GiB.
TEST(XlogBlock, ABlockThatWouldGrowWithoutBoundIsNotOpened) {
  const scene all = {{{2, 1, "p", "", "f", "{}", "s"}}, {}};
  byte_sink content, rows;
  const std::string large(1 << 20, 'x');
  for (const uint64_t n : {uint64_t{0}, uint64_t{1}, uint64_t{large.size()}, uint64_t{1}, uint64_t{1}, uint64_t{0}, uint64_t{0},
                           uint64_t{1}, uint64_t{0}})
    content.varint(n);
  content.append(as_bytes(large));
  std::string texts(1, '\0');
  texts += as_text(content.bytes());
  constexpr uint32_t count = 65'536;
  // One site with columns of two bytes, one thread, the first time, and groups of times of width 0.
  for (const uint64_t n : {1u, 1u, 2u, 0u, 1u, 0u, 0u}) rows.varint(n);
  for (uint32_t groups = (count - 1 + 63) / 64; groups > 0; --groups) rows.byte(0);
  rows.byte(0);  // All codes are
  rows.byte(2);  // 1.

  block_reader reader(0);
  add_sites(reader, all);
  ASSERT_FALSE(reader.on_texts(1, as_bytes(texts)));
  ASSERT_FALSE(reader.on_rows(rows.bytes(), count));
  row r;
  ASSERT_TRUE(reader.next(r));
  EXPECT_FALSE(reader.arguments());
}

TEST(XlogBlock, AMessengersLinesTakeFewBytesAndComeBack) {
  for (const bool free_text : {false, true}) {
    const auto corpus = free_text ? tharsis::bench::free_text_corpus(1, 20'000) : tharsis::bench::im_corpus(1, 20'000);
    scene all = {corpus.sites, {}};
    row r;
    for (size_t at = 0; corpus.next(at, r);) all.lines.push_back({r.site, 0, r.tick, std::string(as_text(r.arguments))});
    block_settings settings;
    settings.tick_shift = 11;
    block_writer writer(settings);
    add_sites(writer, all);
    const auto blocks = written(writer, all.lines);
    size_t bytes = 0;
    for (const kept_block& b : blocks) bytes += b.texts.size() + b.rows.size() + 156;  // Header, extra, tags.
    EXPECT_LE(static_cast<double>(bytes) / 20'000, free_text ? 16.0 : 10.5);

    block_reader reader(settings.tick_shift);
    add_sites(reader, all);
    const auto lines = read_all(reader, blocks);
    ASSERT_EQ(lines.size(), all.lines.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      ASSERT_EQ(lines[i].tick, all.lines[i].tick >> 11 << 11);
      ASSERT_TRUE(all.lines[i].arguments.starts_with(lines[i].arguments)) << "all but what fills up to a multiple of 8";
    }
  }
}
