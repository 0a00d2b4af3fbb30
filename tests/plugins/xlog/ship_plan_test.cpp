// Goal: what is shipped of a file, selected or not, reads as the lines of the blocks that were kept and nothing else, without
// damage; and the next plan adds to it.
// Method: files of drawn lines in many epochs, plain and sealed; what a plan makes of them is put together and read again.
#include "plugins/xlog/core/ship_plan.h"

#include <gtest/gtest.h>

#include <set>

#include "plugins/xlog/core/log_lines.h"
#include "plugins/xlog/core/ship_settings.h"
#include "tests/plugins/xlog/written_log.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t second = written_log::second;
const std::atomic<bool> go_on{false};

struct reading_result {
  std::vector<std::string> lines, damage;
  left_out_facts left;
  bool complete = false;
};
reading_result read(const std::string& bytes, const private_key* key = nullptr, const query& wanted = {}) {
  pushed_bytes window;
  window.push(bytes);
  window.end();
  log_lines lines(window, key, wanted);
  reading_result r;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    if (step == line_source::step::line) r.lines.push_back(record_of(lines.line()).text);
    if (step == line_source::step::damage) r.damage.push_back(lines.told().text());
  }
  r.left = lines.missing_by_choice();
  r.complete = lines.complete();
  return r;
}

ship_plan plan(const std::string& bytes, const ship_selection& wanted, const std::string& note = {}, bool being_written = false) {
  pushed_bytes window;
  window.push(bytes);
  window.end();
  auto made = ship_plan::make(window, {true, being_written, note}, wanted, go_on);
  EXPECT_TRUE(made) << (made ? "" : made.failure().text);
  return std::move(*made);
}

std::string shipped(const std::string& bytes, const ship_plan& p) {
  pushed_bytes window;
  window.push(bytes);
  window.end();
  std::string all;
  for (uint32_t i = 0; i < p.manifest().pieces.size(); ++i) {
    const auto piece = p.read(window, i);
    EXPECT_TRUE(piece);
    if (piece) all += *piece;
  }
  return all;
}

// Forty blocks, ten to an epoch, a second each; a text of each block stands in later ones too. Each seventh has an error.
struct many_blocks : written_log {
  explicit many_blocks(std::span<const public_key> recipients = {}, int lines = 10, bool unique = false) : written_log(recipients) {
    seeded_random dice(7);
    add_sites({{THARSIS_LOG_INFO, 1, "stn", "link", "a.cpp", "sent {bytes} to {host}", "us"}, {THARSIS_LOG_ERROR, 2, "dns", "", "b.cpp", "no {name}", "s"}});
    for (int b = 0; b < 40; ++b) {
      if (b % 10 == 0) begin_epoch();
      for (int i = 0; i < lines; ++i) {
        const auto number = static_cast<uint32_t>(b * lines + i);
        add_line(1, b * second + i, number_argument(number) + text_argument_of(unique ? to_hex(dice.data(32)) : "a host that is called " + std::to_string(number % 97)));
      }
      if (b % 7 == 3) add_line(2, b * second + 500, text_argument_of("a host that is called " + std::to_string(b)));
      end_block();
      if (b == 20) add_note(b * second, "7 lines are lost");
    }
  }
};

}  // namespace

TEST(XlogShipPlan, AllOfAFileIsTheFile) {
  for (const bool sealed : {false, true}) {
    const private_key key = test_key(1);
    many_blocks log(sealed ? std::span<const public_key>(&key.open, 1) : std::span<const public_key>());
    log.end();
    const ship_plan p = plan(log.bytes, {});
    EXPECT_EQ(shipped(log.bytes, p), log.bytes);
    EXPECT_TRUE(p.manifest().closed);
    EXPECT_TRUE(p.manifest().whole);
  }
}

TEST(XlogShipPlan, ASelectionReadsAsItsBlocksWithAllTheirTexts) {
  for (const bool sealed : {false, true}) {
    const private_key key = test_key(1);
    many_blocks log(sealed ? std::span<const public_key>(&key.open, 1) : std::span<const public_key>(), 300);
    log.end();
    ship_selection wanted;
    wanted.level = THARSIS_LOG_ERROR;
    const ship_plan p = plan(log.bytes, wanted);
    const std::string sent = shipped(log.bytes, p);
    EXPECT_LT(sent.size(), log.bytes.size() / 2);
    EXPECT_FALSE(p.manifest().whole);
    const auto whole = read(log.bytes, &key), part = read(sent, &key);
    EXPECT_EQ(part.damage, std::vector<std::string>());
    EXPECT_TRUE(part.complete);
    EXPECT_EQ(part.left.frames, 34u);
    EXPECT_EQ(part.left.lines, 34u * 300);
    EXPECT_EQ(part.lines.size() + part.left.lines, whole.lines.size());
    std::vector<std::string> expected;
    for (size_t i = 0, b = 0; b < 40; ++b) {
      const size_t lines = 300 + (b % 7 == 3) + (b == 20);
      for (size_t l = 0; l < lines; ++l, ++i)
        if (b % 7 == 3 || (b == 20 && l == 300)) expected.push_back(whole.lines[i]);
    }
    EXPECT_EQ(part.lines, expected) << "with the texts that blocks that were left out told first";
    query error_lines;
    error_lines.levels = levels_from(THARSIS_LOG_ERROR);
    EXPECT_EQ(read(sent, &key, error_lines).lines, read(log.bytes, &key, error_lines).lines);
  }
}

TEST(XlogShipPlan, ATimeIsThatOfTheBlocks) {
  many_blocks log({}, 300);
  log.end();
  ship_selection wanted;
  wanted.since = written_log::begins + 12 * second;
  wanted.until = written_log::begins + 15 * second;
  const auto part = read(shipped(log.bytes, plan(log.bytes, wanted)));
  EXPECT_EQ(part.damage, std::vector<std::string>());
  ASSERT_EQ(part.lines.size(), 3u * 300 + 1);
  EXPECT_EQ(part.lines[0], "sent 3600 to a host that is called 11");
}

// Any selections, one after the other, over a file that grows: what is there never becomes less, each edition reads without damage,
// and in the end all of it is the file. Pieces that were sent once are not sent again.
TEST(XlogShipPlan, SelectionsAddUpWhileTheFileGrows) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    seeded_random dice(seed);
    many_blocks log({}, static_cast<int>(1 + dice.below(60)));
    const size_t grown = log.ends.size();
    log.end();
    std::string note;
    std::set<std::string> had;
    size_t lines = 0;
    for (int round = 0; round < 6; ++round) {
      const size_t frames = std::max<size_t>(2, grown * static_cast<size_t>(round + 1) / 6);
      const size_t torn = dice.below(40);
      const std::string now = log.bytes.substr(0, log.ends[frames - 1] + torn);
      ship_selection wanted;
      wanted.level = dice.below(2) == 0 ? THARSIS_LOG_ERROR : THARSIS_LOG_VERBOSE;
      wanted.since = written_log::begins + static_cast<int64_t>(dice.below(40)) * second;
      pushed_bytes window;
      window.push(now);
      window.end();
      const auto made = ship_plan::make(window, {true, true, note}, wanted, go_on);
      if (!made) {
        ASSERT_EQ(made.status(), THARSIS_E_NOT_FOUND);
        continue;
      }
      note = made->manifest().note;
      const auto part = read(shipped(now, *made));
      ASSERT_EQ(part.damage, std::vector<std::string>()) << "seed " << seed << ", round " << round;
      EXPECT_TRUE(part.left.is_open);
      EXPECT_GE(part.lines.size(), lines);
      lines = part.lines.size();
    }
    const ship_plan last = plan(log.bytes, {}, note);
    EXPECT_EQ(shipped(log.bytes, last), log.bytes);
  }
}

TEST(XlogShipPlan, PiecesStayThoseWhateverIsLeftOutBeforeThem) {
  many_blocks log({}, 1000, true);
  log.end();
  ASSERT_GT(log.bytes.size(), 8u * ship_piece_span(0));
  ship_selection late;
  late.since = written_log::begins + 20 * second;
  const ship_plan all = plan(log.bytes, {}), part = plan(log.bytes, late);
  std::set<std::string> sums;
  for (const auto& p : all.manifest().pieces) sums.insert(p.sum);
  size_t same = 0;
  for (const auto& p : part.manifest().pieces) same += sums.count(p.sum);
  EXPECT_GE(same + 2, all.manifest().pieces.size() / 2);
}

TEST(XlogShipPlan, ANoteOfAnotherFileMeansAll) {
  many_blocks log;
  log.end();
  ship_selection wanted;
  wanted.level = THARSIS_LOG_ERROR;
  EXPECT_TRUE(plan(log.bytes, wanted, "100.0123456789abcdef:0-3").manifest().whole) << "it was compacted, or is not ours";
  EXPECT_TRUE(plan(log.bytes, wanted, "nonsense").manifest().whole);
}

TEST(XlogShipPlan, DamageGoesAlongAsItIs) {
  many_blocks log;
  log.end();
  std::string broken = log.bytes;
  broken.erase(log.ends[5] + 3, 7);
  broken[log.ends[12] + 2] = 'x';
  EXPECT_EQ(shipped(broken, plan(broken, {})), broken);
  const std::string cut = broken.substr(0, log.ends[30] + 11);
  EXPECT_EQ(shipped(cut, plan(cut, {})), cut) << "its writer died";
  ship_selection wanted;
  wanted.level = THARSIS_LOG_ERROR;
  EXPECT_FALSE(read(shipped(broken, plan(broken, wanted))).damage.empty());
}

TEST(XlogShipPlan, AFileThatChangedIsNotMixed) {
  many_blocks log({}, 500), other({}, 499);
  log.end();
  other.end();
  const ship_plan p = plan(log.bytes, {});
  pushed_bytes window;
  window.push(other.bytes);
  window.end();
  bool any = false;
  for (uint32_t i = 0; i < p.manifest().pieces.size(); ++i) any = any || p.read(window, i);
  EXPECT_FALSE(any);
}

TEST(XlogShipPlan, NothingSelectedIsNothingToShip) {
  many_blocks log;
  log.end();
  ship_selection wanted;
  wanted.since = written_log::begins + 4000 * second;
  pushed_bytes window;
  window.push(log.bytes);
  window.end();
  EXPECT_EQ(ship_plan::make(window, {true, false, {}}, wanted, go_on).status(), THARSIS_E_NOT_FOUND);
}
