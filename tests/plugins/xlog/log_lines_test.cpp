// Goal: a query gives exactly the lines that it would give if every line were looked at, and opens few blocks for it.
// Method: logs of chosen and of drawn lines; the query's answer beside the simple one.
#include "plugins/xlog/core/log_lines.h"

#include <gtest/gtest.h>

#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t second = written_log::second;

struct answer {
  list texts, damage;
  uint64_t opened = 0;
};
answer ask(const std::string& bytes, const query& wanted, const private_key* key = nullptr) {
  pushed_bytes window;
  window.push(bytes);
  window.end();
  log_lines lines(window, key, wanted);
  answer a;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    if (step == line_source::step::line) a.texts.push_back(record_of(lines.line()).text);
    if (step == line_source::step::damage) a.damage.push_back(lines.told().text());
  }
  a.opened = lines.blocks_opened();
  return a;
}

// Twenty blocks of ten lines, a second each; three places, one a block, each third block begins an epoch.
struct three_places : written_log {
  explicit three_places(std::span<const public_key> recipients = {});
};
three_places::three_places(std::span<const public_key> recipients) : written_log(recipients) {
  add_sites({{THARSIS_LOG_INFO, 1, "stn", "link", "a.cpp", "sent {bytes} to {host}", "us"},
                 {THARSIS_LOG_ERROR, 2, "dns", "", "b.cpp", "no {name}", "s"},
                 {THARSIS_LOG_DEBUG, 3, "ui", "frame", "c.cpp", "frame {} took {took}", "it"}});
  for (int64_t b = 0; b < 20; ++b) {
    if (b % 3 == 0) begin_epoch();
    for (int64_t i = 0; i < 10; ++i) {
      const int64_t wall = (b * 10 + i) * second;
      const auto number = static_cast<uint32_t>(b * 10 + i);
      if (b % 3 == 0) add_line(1, wall, number_argument(number) + text_argument_of("host" + std::to_string(number % 7)), 1 + number % 2);
      if (b % 3 == 1) add_line(2, wall, text_argument_of("name" + std::to_string(number % 5)));
      if (b % 3 == 2) add_line(3, wall, number_argument(number) + number_argument(int64_t{number} * 1'000'000));
    }
    end_block();
  }
  add_note(500 * second, "7 lines are lost");
  end();
}

}  // namespace

TEST(XlogLogLines, OpensOnlyBlocksThatMayHoldWhatIsWanted) {
  const auto key = test_key(5);
  const public_key open = key.open;
  for (const bool sealed : {false, true}) {
    const three_places log(sealed ? std::span(&open, 1) : std::span<const public_key>());
    const answer all = ask(log.bytes, {}, &key);
    EXPECT_EQ(all.texts.size(), 201u);
    EXPECT_EQ(all.opened, 20u);
    EXPECT_EQ(all.damage, list{});

    const answer late = ask(log.bytes, {.since = written_log::begins + 185 * second, .until = written_log::begins + 186 * second}, &key);
    EXPECT_EQ(late.texts, list{"sent 185 to host3"});
    EXPECT_EQ(late.opened, 1u);
    EXPECT_EQ(late.damage, list{});

    const answer errors = ask(log.bytes, {.levels = levels_from(THARSIS_LOG_ERROR)}, &key);
    EXPECT_EQ(errors.texts.size(), 70u);
    EXPECT_EQ(errors.opened, 7u);
    EXPECT_EQ(errors.texts[13], "no name3") << "texts that another block was the first to have";

    EXPECT_EQ(ask(log.bytes, {.plugins = {"ui"}}, &key).opened, 6u);
    EXPECT_EQ(ask(log.bytes, {.tags = {"link"}}, &key).opened, 7u);
    EXPECT_EQ(ask(log.bytes, {.threads = {4712}}, &key).texts.size(), 35u);
    const answer notes = ask(log.bytes, {.plugins = {"xlog"}}, &key);
    EXPECT_EQ(notes.texts, list{"7 lines are lost"});
    EXPECT_EQ(notes.opened, 0u);
  }
}

TEST(XlogLogLines, FieldsAreCompared) {
  const three_places log;
  const auto where = [&](const std::string& text) {
    const auto c = parse_condition(text);
    EXPECT_TRUE(c) << text;
    return ask(log.bytes, {.conditions = {*c}});
  };
  EXPECT_EQ(where("bytes >= 183").texts, (list{"sent 183 to host1", "sent 184 to host2", "sent 185 to host3", "sent 186 to host4", "sent 187 to host5",
                                               "sent 188 to host6", "sent 189 to host0"}));
  EXPECT_EQ(where("bytes<1").texts, list{"sent 0 to host0"});
  EXPECT_EQ(where("bytes != -1").texts.size(), 70u);
  EXPECT_EQ(where("bytes = 35").texts, list{"sent 35 to host0"});
  EXPECT_EQ(where("bytes > 188.5").texts, list{"sent 189 to host0"});
  EXPECT_EQ(where("host = host3").texts.size(), 10u);
  EXPECT_EQ(where("host ~ 3").texts.size(), 10u);
  EXPECT_EQ(where("took > 178ms").texts, list{"frame 179 took 179 ms"});
  EXPECT_EQ(where("0 = 22").texts, list{"frame 22 took 22 ms"}) << "a field without a name has a number";
  EXPECT_EQ(where("took > 178ms").opened, 6u) << "blocks without such a field";
  EXPECT_EQ(where("nobody = 1").texts, list{});
}

TEST(XlogLogLines, WordsOpenBlocksThatCanHaveThem) {
  const three_places log;
  EXPECT_EQ(ask(log.bytes, {.texts = {"sent"}}).opened, 7u) << "in a site's text";
  EXPECT_EQ(ask(log.bytes, {.texts = {"name4"}}).texts.size(), 14u);
  EXPECT_EQ(ask(log.bytes, {.texts = {"name4"}}).opened, 7u) << "in an argument";
  EXPECT_EQ(ask(log.bytes, {.texts = {"name9"}}).opened, 0u);
  EXPECT_EQ(ask(log.bytes, {.texts = {"no name4"}}).texts.size(), 14u) << "where both meet";
  EXPECT_EQ(ask(log.bytes, {.texts = {"o nam"}}).texts.size(), 70u);
  EXPECT_EQ(ask(log.bytes, {.texts = {"no hosting"}}).opened, 0u);
  EXPECT_EQ(ask(log.bytes, {.texts = {"ent 185 to host3"}}).texts, list{"sent 185 to host3"}) << "also across numbers";
  EXPECT_EQ(ask(log.bytes, {.texts = {"SENT 185"}, .any_case = true}).texts, list{"sent 185 to host3"});
  EXPECT_EQ(ask(log.bytes, {.texts = {"lost"}}).texts, list{"7 lines are lost"});
}

TEST(XlogLogLines, AWordIsFoundAlsoAmongPlaceholdersOfLostTexts) {
  written_log log;
  log.add_sites({{THARSIS_LOG_INFO, 1, "p", "", "a.cpp", "{}", "s"}});
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < 3; ++i) log.add_line(1, b * 10 + i, text_argument_of("again"));
    log.end_block();
  }
  const std::string without = log.bytes.substr(0, log.ends[1]) + log.bytes.substr(log.ends[2]);  // The block that told the text.
  const answer a = ask(without, {.texts = {"str#"}});
  EXPECT_EQ(a.texts, (list{"<str#1>", "<str#1>", "<str#1>"}));
  EXPECT_EQ(a.damage.size(), 1u);
}

// Words that begin, end and cross wherever they may.
TEST(XlogLogLines, NoLineThatHasAWordIsMissed) {
  seeded_random dice(11);
  const list parts = {"a", "ab", "abc", "b", "ca", "", "1", "12", "-3", " ", "x"};
  const auto text = [&](size_t most) {
    std::string made;
    for (size_t n = dice.below(most + 1); n > 0; --n) made += parts[dice.below(parts.size())];
    return made;
  };
  for (int round = 0; round < 60; ++round) {
    written_log log({}, {.rows = 4});
    std::vector<site> sites;
    const std::string letters = "suldbtcx";
    for (int i = 0; i < 6; ++i) {
      site s{THARSIS_LOG_INFO, 1, "p", "", "f.cpp", text(2), ""};
      for (size_t n = dice.below(4); n > 0; --n) {
        const char code = letters[dice.below(letters.size())];
        s.text += code == 's' && dice.below(4) == 0 ? "{:>6}" : "{}";
        s.text += text(2);
        s.codes += code;
      }
      sites.push_back(s);
    }
    log.add_sites(sites);
    for (int b = 0; b < 12; ++b) {
      if (dice.below(5) == 0) log.begin_epoch();
      for (int i = 0; i < 4; ++i) {
        const auto of = static_cast<uint32_t>(dice.below(sites.size()));
        std::string fixed, texts;
        for (const char code : sites[of].codes) {
          std::string value = is_text(code) ? text(3) : std::string();
          uint64_t bits = is_text(code) ? value.size() : code == 'd' ? 0x4028000000000000 : dice.below(130);
          fixed.append(reinterpret_cast<const char*>(&bits), static_cast<size_t>(fixed_bytes_of(code)));
          texts += value;
        }
        log.add_line(of + 1, b * 10 + i, fixed + texts);
      }
      log.end_block();
    }
    const list all = ask(log.bytes, {}).texts;
    for (int w = 0; w < 40; ++w) {
      std::string word = text(4);
      if (dice.below(2) == 0 && !all.empty()) {
        const std::string& line = all[dice.below(all.size())];
        const size_t from = dice.below(line.size() + 1);
        word = line.substr(from, dice.below(7));
      }
      if (word.empty()) continue;
      list expected;
      for (const std::string& line : all)
        if (line.find(word) != std::string::npos) expected.push_back(line);
      const query wanted{.texts = {word}};
      ASSERT_EQ(ask(log.bytes, wanted).texts, expected) << "'" << word << "'";
    }
  }
}

// As by its checksums alone: what is passed over is not read, so damage in it is not seen; what is opened is right.
TEST(XlogLogLines, DamageBesideWhatIsWantedLeavesItRight) {
  const three_places log;
  const query wanted{.since = written_log::begins + 120 * second, .until = written_log::begins + 130 * second};
  const list right = ask(log.bytes, wanted).texts;
  ASSERT_EQ(right.size(), 10u);
  for (size_t at = log.ends[1]; at < log.ends[12]; at += 7) {  // Blocks of epochs before.
    std::string bytes = log.bytes;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    EXPECT_EQ(ask(bytes, wanted).texts, right) << at;
  }
}

namespace {

struct counting_window final : byte_window {
  explicit counting_window(std::string_view all) : bytes(all) {}
  uint64_t size() override { return bytes.size(); }
  bool ended() override { return true; }
  std::string_view at(uint64_t offset, size_t most) override { return offset < bytes.size() ? bytes.substr(offset, most) : std::string_view(); }
  bool read(uint64_t offset, std::span<uint8_t> into) override {
    taken += into.size();
    const std::string_view found = at(offset, into.size());
    std::copy(found.begin(), found.end(), into.begin());
    return found.size() == into.size();
  }
  const std::string_view bytes;
  uint64_t taken = 0;
};

}  // namespace

// Each frame claims all that is behind it, has a wrong checksum, and holds the next one.
TEST(XlogLogLines, FramesThatStandInOneAnotherAreGivenUpAndWhatIsBehindIsRead) {
  const three_places log;
  file_opening opening;
  ASSERT_FALSE(decode_file_header(as_bytes(log.bytes), opening));
  constexpr uint32_t nested = 4'000;
  std::string file = log.bytes.substr(0, opening.size);
  for (uint32_t i = 0; i < nested; ++i) {
    frame_header h;
    h.kind = frame_kind::block;
    h.levels = 0xFF;
    h.second = (nested - i - 1) * static_cast<uint32_t>(frame_header::header_size) + 8;
    h.rows = 1;
    h.number = 1'000 + i;
    file += as_text(encode(h));
  }
  file += std::string(8, 'x') + log.bytes.substr(opening.size);
  counting_window window(file);
  const query everything;
  log_lines lines(window, nullptr, everything);
  size_t damages = 0, found = 0;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    damages += step == line_source::step::damage;
    found += step == line_source::step::line;
  }
  EXPECT_LT(window.taken, 8 * file.size());
  EXPECT_LT(damages, 100u) << "one for each of them";
  EXPECT_GT(found, 190u);
}
