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
row row_of(const line& l) { return {l.site, l.thread, l.tick, as_bytes(l.arguments)}; }

struct kept_block {
  std::string texts, rows;
  block_facts facts;
};
kept_block keep(const block& b) { return {std::string(as_text(b.texts)), std::string(as_text(b.rows)), b.facts}; }

std::vector<kept_block> written(block_writer& writer, const std::vector<line>& lines) {
  std::vector<kept_block> blocks;
  for (const line& l : lines) {
    auto answer = writer.add(row_of(l));
    if (answer == block_writer::added::full) {
      blocks.push_back(keep(writer.finish()));
      answer = writer.add(row_of(l));
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
  for (uint64_t seed = 0; seed < 60; ++seed) {
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
