// Goal: a file that was compacted says the same as before, to whoever reads it and to whoever recovers what its writer left; and
// whatever goes wrong on the way, one whole file is there and nothing else stays. Method: files of drawn lines, flushed at drawn
// moments, by clocks that drift; and a disk that fails, or a process that dies, at each of its operations.
#include "plugins/xlog/compact_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/xlog/consumed.h"
#include "plugins/xlog/core/log_lines.h"
#include "plugins/xlog/core/tick_clock.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/headed_rows.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/written_log.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;
using kind = compaction_outcome::kind;

namespace {

const std::string path = "/log/xlog_20261125.tlog";
constexpr int64_t second = 1'000'000'000;
constexpr int64_t begins = 1'795'000'000 * second;
constexpr std::array<uint8_t, 16> segment{7, 7, 7};
// Each block more is an operation more that fails, and after each failure all of them are read.
constexpr int some_blocks = std::max(100, static_cast<int>(test::seeds(300)));

// What a reader can see of each line, and what is damaged.
struct content {
  list lines, damage;
  bool complete = false;
  uint64_t frames = 0;
  bool operator==(const content& o) const { return lines == o.lines && damage == o.damage && complete == o.complete; }
};
content content_of(const std::string& bytes, const private_key* key = nullptr) {
  content all;
  pushed_bytes window;
  window.push(bytes);
  window.end();
  const query everything;
  log_lines lines(window, key, everything);
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    if (step == line_source::step::damage) all.damage.push_back(lines.told().text());
    if (step != line_source::step::line) continue;
    const log_line& l = lines.line();
    const record r = record_of(l);
    all.lines.push_back(std::to_string(l.wall) + " " + std::to_string(l.level) + " " + std::to_string(l.thread) + (l.recorded ? " recorded " : " ") +
                        r.plugin + "/" + r.tag + " " + std::string(l.file()) + ":" + std::to_string(l.line()) + " " + r.text);
  }
  all.complete = lines.complete();
  all.frames = lines.frames();
  return all;
}

// A writer of many small blocks, whose clock is measured anew for each, and whose threads come and go.
class small_blocks {
 public:
  explicit small_blocks(uint64_t seed, std::vector<public_key> recipients = {}) : chance_(seed), random_(chance_), form_(11, std::move(recipients), random_) {
    bytes += *form_.begin(clock_, {3, 1, 4});
    if (chance_.below(3) == 0) bytes += *form_.note(begins, "before all lines", THARSIS_LOG_FATAL);
  }

  small_blocks& blocks(int count, size_t lines_most) {
    for (int b = 0; b < count; ++b) {
      clock_.tick = tick_, clock_.wall += second + static_cast<int64_t>(chance_.below(1000)) - 500;
      clock_.ticks_per_second *= 1 + static_cast<double>(chance_.below(1000)) * 1e-9;
      const size_t lines = 1 + chance_.below(lines_most);
      for (size_t i = 0; i < lines; ++i) add_line();
      end_block();
      if (chance_.below(20) == 0) bytes += *form_.note(clock_.wall, std::to_string(b) + " lines are lost", static_cast<uint32_t>(chance_.below(THARSIS_LOG_OFF)));
    }
    return *this;
  }
  small_blocks& end() {
    bytes += *form_.end();
    return *this;
  }

  std::string bytes;
  std::vector<ring_range> ranges;

 private:
  void add_line() {
    if (sites_ == 0 || (sites_ < 40 && chance_.below(30) == 0)) {
      static const list codes = {"s", "ud", "isx", "", "zq", "ss"};
      const std::string code = codes[sites_ % codes.size()];
      form_.add_site({static_cast<uint32_t>(chance_.below(THARSIS_LOG_OFF)), sites_, "plugin", sites_ % 2 ? "tag" : "", "f.cpp",
                      std::to_string(sites_) + " {a} {b} {c}", is_known(code) ? code : "s"});
      codes_.push_back(is_known(code) ? code : "s");
      ++sites_;
    }
    const auto site = static_cast<uint32_t>(chance_.below(sites_));
    tick_ += chance_.below(1 << 22);
    const uint64_t tick = tick_ - std::min<uint64_t>(tick_, chance_.below(10) == 0 ? chance_.below(1 << 24) : 0);
    static constexpr uint32_t numbers[] = {1, 2, 5, 64, 65, 300, 1 << 16, (1 << 16) + 3};
    const uint32_t number = numbers[chance_.below(std::size(numbers))];
    used_.insert(number);
    ASSERT_EQ(form_.add(rows_.add(site + 1, number, tick, arguments_of(codes_[site]))), block_writer::added::yes);
  }
  static bool is_known(const std::string& codes) { return fixed_bytes(codes).has_value(); }
  std::string arguments_of(const std::string& codes) {
    std::string fixed, texts;
    for (const char code : codes) {
      std::string text;
      if (is_text(code)) text = chance_.below(3) == 0 ? to_hex(chance_.data(chance_.below(40))) : "text " + std::to_string(chance_.below(30));
      if (is_text(code)) fixed += number_argument(static_cast<uint32_t>(text.size()));
      else for (const uint8_t b : chance_.data(fixed_bytes(code).value_or(0))) fixed += static_cast<char>(b % 8);
      texts += text;
    }
    return fixed + texts;
  }
  void end_block() {
    block_extra e{clock_, segment, {}};
    for (const uint32_t ring : {1u, 2u, 5u}) {
      if (!used_.contains(ring)) continue;
      uint64_t& at = consumed_[ring];
      if (chance_.below(10) == 0) at += 64;  // Lines that no file can hold.
      e.consumed.push_back({ring, at, at + 128, chance_.below(8) == 0 ? 4000 + chance_.below(3) : 4000 + ring});
      ranges.push_back(e.consumed.back());
      at += 128;
    }
    for (const uint32_t number : used_)
      if (number >= recorded_threads_from) e.consumed.push_back({number, 0, 0, 4000 + chance_.below(4)});
    bytes += *form_.lines(e);
    used_.clear();
    rows_ = {};
  }

  seeded_random chance_;
  tharsis_random random_;
  block_form form_;
  clock_anchor clock_{1'000'000'000'000, begins, 2.5e9};
  uint64_t tick_ = 1'000'000'000'000;
  uint32_t sites_ = 0;
  list codes_;
  headed_rows rows_;
  std::set<uint32_t> used_;
  std::map<uint32_t, uint64_t> consumed_;
};

struct XlogCompactFile : testing::Test {
  void put(const std::string& bytes) {
    disk->make_folder("/log", nullptr);
    ASSERT_EQ(disk->replace(path, bytes, nullptr, 12345), THARSIS_OK);
  }
  std::string there() { return disk->content(path).value_or("(nothing)"); }
  compaction_outcome compact(const tharsis_files* table, file_compaction::limits l = {}) {
    file_compaction one(table, random_table, path, l);
    while (!one.step()) EXPECT_LE(one.position(), one.outcome().before.bytes);
    return one.outcome();
  }
  // That compacting these bytes takes.
  uint64_t operations(const std::string& bytes, file_compaction::limits l = {}) {
    put(bytes);
    failing_files counting(files.table());
    EXPECT_EQ(compact(&counting.table, l).is, kind::done);
    return counting.operations;
  }
  compaction_outcome compact() { return compact(files.table()); }
  void dies_at_each_step(const std::string& bytes, const private_key* key) {
    const file_compaction::limits limits{0, false, key};
    const content before = content_of(bytes, key);
    const uint64_t all = operations(bytes, limits);
    uint64_t left = 0, replaced = 0;
    for (uint64_t last = 0; last <= all; ++last) {
      put(bytes);
      {
        sim::files dying{disk, [] { return int64_t{99}; }};
        failing_files killed(dying.table());
        killed.first = last;
        killed.count = failing_files::never;
        killed.status = THARSIS_E_IO;
        compact(&killed.table, limits);
      }
      EXPECT_EQ(content_of(there(), key), before) << "killed at operation " << last;
      left += disk->paths().size() > 3 ? 1 : 0;
      const bool is_new = there() != bytes;
      replaced += is_new ? 1 : 0;
      // Who comes next finds nothing in the way, and takes away what was left.
      EXPECT_EQ(compact(files.table(), limits).is, is_new ? kind::left : kind::done);
      EXPECT_EQ(content_of(there(), key), before);
      EXPECT_EQ(disk->paths(), (list{"/", "/log", path}));
      if (HasFailure()) return;
    }
    EXPECT_GT(left, 5u) << "nothing was left: nothing was tested";
    EXPECT_GT(replaced, 0u);
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk, [] { return int64_t{99}; }};
  seeded_random random{1};
  tharsis_random random_table = random;
};

// Of each ring, stretches that touch each other as one.
std::vector<ring_range> joined(std::vector<ring_range> all) {
  std::erase_if(all, [](const ring_range& r) { return r.from == r.to; });
  std::stable_sort(all.begin(), all.end(), [](const ring_range& a, const ring_range& b) { return std::pair(a.ring, a.from) < std::pair(b.ring, b.from); });
  std::vector<ring_range> few;
  for (ring_range r : all) {
    r.thread = 0;
    if (!few.empty() && few.back().ring == r.ring && few.back().to == r.from) few.back().to = r.to;
    else few.push_back(r);
  }
  return few;
}

}  // namespace

TEST_F(XlogCompactFile, SaysTheSameInFewerBytes) {
  THARSIS_ONE_THREAD();
  for (uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    small_blocks written(seed);
    written.blocks(seed % 10 == 0 ? 2000 : 300, seed % 2 == 0 ? 4 : 60);
    if (seed % 4 != 0) written.end();
    put(written.bytes);
    const content before = content_of(written.bytes);
    ASSERT_EQ(before.damage, list());
    const auto ranges = consumed_of(files.table(), "/log", segment);
    const compaction_outcome o = compact();
    ASSERT_EQ(o.is, kind::done) << o.why.text;
    EXPECT_EQ(o.bytes, there().size());
    EXPECT_LT(there().size(), written.bytes.size());
    const content after = content_of(there());
    EXPECT_EQ(after.damage, list());
    ASSERT_EQ(after.lines.size(), before.lines.size());
    for (size_t i = 0; i < before.lines.size(); ++i) ASSERT_EQ(after.lines[i], before.lines[i]);
    EXPECT_EQ(after.complete, before.complete);
    EXPECT_LT(after.frames, before.frames / 2);
    const auto still = consumed_of(files.table(), "/log", segment);
    EXPECT_EQ(joined(still.ranges), joined(ranges.ranges));
    EXPECT_EQ(still.anchor, ranges.anchor) << "what is left in the rings is told by it";
    const auto found = log_files_in(files.table(), "/log", "xlog");
    ASSERT_TRUE(found && found->size() == 1);
    EXPECT_EQ(found->front().modified, 12000) << "it is as old as it was, whatever the disk says";
    EXPECT_EQ(disk->paths(), (list{"/", "/log", path}));
    EXPECT_EQ(compact().is, kind::left) << "once is enough";
  }
}

TEST_F(XlogCompactFile, WhatWasSealedIsSealedForTheSameAgain) {
  const private_key keys[] = {test_key(1), test_key(2)}, stranger = test_key(3);
  for (const bool ended : {true, false}) {
    small_blocks written(9, {keys[0].open, keys[1].open});
    written.blocks(300, 6);
    if (ended) written.end();
    const content before = content_of(written.bytes, &keys[0]);
    EXPECT_EQ(before.damage.size(), ended ? 0u : 1u) << "a sealed file without an end may have been cut";
    std::set<std::string> heads;
    for (const private_key& key : keys) {
      put(written.bytes);
      const compaction_outcome o = compact(files.table(), {0, false, &key});
      ASSERT_EQ(o.is, kind::done) << o.why.text;
      EXPECT_LT(there().size(), written.bytes.size());
      heads.insert(there().substr(0, file_header::fixed_size));
      for (const private_key& reader : keys) {
        const content after = content_of(there(), &reader);
        EXPECT_EQ(after.lines, before.lines);
        EXPECT_EQ(after.damage.size(), before.damage.size());
        EXPECT_EQ(after.complete, ended);
      }
      EXPECT_EQ(content_of(there(), &stranger).lines, list());
      EXPECT_EQ(compact(files.table(), {0, false, &key}).is, kind::left) << "once is enough";
    }
    EXPECT_EQ(heads.size(), 2u) << "the same head would seal other lines with the same keys";
    put(written.bytes);
    for (const private_key* wrong : {static_cast<const private_key*>(nullptr), &stranger}) {
      EXPECT_EQ(compact(files.table(), {0, false, wrong}).is, kind::left);
      EXPECT_EQ(there(), written.bytes);
    }
  }
}

TEST_F(XlogCompactFile, WhatWasSealedIsNeverInTheClear) {
  const private_key key = test_key(1);
  put(small_blocks(10, {key.open}).blocks(3000, 6).end().bytes);
  file_compaction one(files.table(), random_table, path, {0, false, &key});
  size_t looked_at = 0;
  for (bool over = false; !over;) {
    over = one.step();
    for (const std::string& name : disk->paths()) {
      const std::string bytes = disk->content(name).value_or("");
      for (const char* said : {"f.cpp", "plugin", "text 1", "lines are lost"}) ASSERT_EQ(bytes.find(said), std::string::npos) << name;
      looked_at += name.ends_with(".compact") && bytes.size() > 1000 ? 1 : 0;
    }
  }
  EXPECT_EQ(one.outcome().is, kind::done);
  EXPECT_GT(looked_at, 2u) << "nothing was looked at: nothing was tested";
}

TEST_F(XlogCompactFile, WhateverOperationFailsLeavesOneWholeFile) {
  THARSIS_ONE_THREAD();
  const std::string bytes = small_blocks(1).blocks(some_blocks, 6).end().bytes;
  const content before = content_of(bytes);
  const uint64_t all = operations(bytes);
  for (const tharsis_status status : {THARSIS_E_FULL, THARSIS_E_IO}) {
    uint64_t failures = 0;
    for (uint64_t first = 0; first < all; ++first) {
      put(bytes);
      failing_files failing(files.table());
      failing.first = first;
      failing.status = status;
      const compaction_outcome o = compact(&failing.table);
      failures += o.is == kind::done ? 0 : 1;
      EXPECT_EQ(content_of(there()), before) << "operation " << first << " fails with " << status;
      EXPECT_EQ(there() == bytes, o.is != kind::done);
      // What cannot be removed goes the next time.
      clear_unfinished(files.table(), "/log", "xlog");
      EXPECT_EQ(disk->paths(), (list{"/", "/log", path}));
      if (HasFailure()) return;
    }
    EXPECT_GT(failures, 5u) << "nothing failed: nothing was tested";
  }
}

TEST_F(XlogCompactFile, WhoeverIsKilledAtAnyStepLeavesOneWholeFile) {
  THARSIS_ONE_THREAD();
  dies_at_each_step(small_blocks(2).blocks(some_blocks, 6).end().bytes, nullptr);
}
TEST_F(XlogCompactFile, WhoeverIsKilledWhileItSealsLeavesOneWholeFile) {
  THARSIS_ONE_THREAD();
  const private_key key = test_key(1);
  dies_at_each_step(small_blocks(2, {key.open}).blocks(some_blocks, 6).end().bytes, &key);
}

TEST_F(XlogCompactFile, AFullDiskLeavesTheOldFile) {
  const std::string bytes = small_blocks(3).blocks(2000, 6).bytes;
  put(bytes);
  for (const uint64_t room : {uint64_t{0}, uint64_t{100}, bytes.size() - 1}) {
    disk->capacity = disk->used() + room;
    const compaction_outcome o = compact();
    EXPECT_EQ(o.is, kind::failed);
    EXPECT_EQ(o.why.status, THARSIS_E_FULL);
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(disk->paths(), (list{"/", "/log", path}));
  }
  disk->capacity = disk->used() + bytes.size();
  EXPECT_EQ(compact(files.table(), {1, false}).is, kind::failed) << "what is to stay free stays free";
  EXPECT_EQ(compact().is, kind::done);
}

TEST_F(XlogCompactFile, WhatItCannotKeepAsItIsItLeaves) {
  const auto leaves = [&](const std::string& bytes, const std::string& why) {
    put(bytes);
    const compaction_outcome o = compact();
    EXPECT_EQ(o.is, kind::left) << why;
    EXPECT_NE(o.why.text.find(why), std::string::npos) << o.why.text;
    EXPECT_EQ(there(), bytes);
    EXPECT_EQ(disk->paths(), (list{"/", "/log", path}));
  };
  const std::string whole = small_blocks(4).blocks(300, 6).end().bytes;
  leaves("", "empty");
  leaves("no log", "no log file");
  leaves(whole.substr(0, whole.size() - 1), "cut");
  for (const size_t at : {whole.size() / 3, whole.size() / 2, whole.size() * 3 / 4}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    leaves(damaged, "damaged");
  }
  leaves(small_blocks(5).blocks(3, 6).end().bytes, "small");
  const private_key mine = test_key(1);
  written_log sealed(std::vector{mine.open});
  leaves(sealed.bytes, "sealed");
}

TEST_F(XlogCompactFile, IsNotInTheWayOfOthers) {
  const std::string bytes = small_blocks(6).blocks(2000, 6).end().bytes;
  put(bytes);
  {
    const file_claim writer(files.table(), path);
    EXPECT_EQ(compact().is, kind::busy);
  }
  file_compaction first(files.table(), random_table, path, {});
  while (first.position() == 0) ASSERT_FALSE(first.step());
  EXPECT_FALSE(file_claim(files.table(), path).ok()) << "retention and moving wait";
  EXPECT_EQ(compact().is, kind::busy);
  clear_unfinished(files.table(), "/log", "xlog");
  EXPECT_EQ(disk->paths().size(), 4u) << "it has an owner";
  // Somebody removes the file all the same: it does not come back.
  disk->remove(path, nullptr);
  while (!first.step()) {}
  EXPECT_EQ(first.outcome().is, kind::left);
  EXPECT_EQ(disk->paths(), (list{"/", "/log"}));
}

TEST_F(XlogCompactFile, WhoHasTheOldFileOpenReadsItToItsEnd) {
  const std::string bytes = small_blocks(7).blocks(300, 6).end().bytes;
  put(bytes);
  file_window reader(files.table(), path, false);
  ASSERT_EQ(reader.at(0, 100), bytes.substr(0, 100));
  ASSERT_EQ(compact().is, kind::done);
  EXPECT_EQ(reader.at(bytes.size() - 100, 100), bytes.substr(bytes.size() - 100));
  // Who gave it back for a while, as there are many files, is told, and reads no other bytes.
  reader.let_go();
  EXPECT_EQ(reader.at(1000, 100), "");
  EXPECT_EQ(reader.failure().status, THARSIS_E_GONE);
}

TEST_F(XlogCompactFile, StoppedHalfWayItLeavesNothing) {
  const std::string bytes = small_blocks(8).blocks(3000, 6).end().bytes;
  put(bytes);
  {
    file_compaction one(files.table(), random_table, path, {});
    while (one.position() < bytes.size() / 2) ASSERT_FALSE(one.step());
    EXPECT_EQ(disk->paths().size(), 4u);
  }
  EXPECT_EQ(there(), bytes);
  EXPECT_EQ(disk->paths(), (list{"/", "/log", path}));
}

TEST(XlogCompaction, NoTimeChangesByANanosecond) {
  seeded_random chance(1);
  for (int i = 0; i < 1'000'000; ++i) {
    const uint64_t tick = chance.below(size_t{1} << (1 + chance.below(61)));
    const uint64_t on = chance.below(size_t{1} << (1 + chance.below(47)));
    const clock_anchor a = compact_anchor(tick, begins);
    ASSERT_EQ(wall_of(tick + on, a), begins + static_cast<int64_t>(tick + on)) << tick << " " << on;
  }
  for (uint64_t on = 0; on < 100'000; ++on) ASSERT_EQ(wall_of(compact_ticks_most - on, compact_anchor(0, 0)), static_cast<int64_t>(compact_ticks_most - on));
}

TEST(XlogCompaction, BeginsWhenThereIsLittleToWrite) {
  const instant begun{};
  compaction_pace pace(1min, begun);
  EXPECT_FALSE(pace.is_quiet(begun + 59s));
  EXPECT_TRUE(pace.is_quiet(begun + 60s));
  for (int s = 0; s < 600; ++s) pace.on_lines(10, begun + 60s + std::chrono::seconds(s));
  EXPECT_TRUE(pace.is_quiet(begun + 660s)) << "a heartbeat is quiet";
  pace.on_lines(2000, begun + 661s);
  EXPECT_FALSE(pace.is_quiet(begun + 720s));
  EXPECT_TRUE(pace.is_quiet(begun + 721s));
  EXPECT_GE(compaction_pace::pause_after(20ms), 60ms) << "a quarter of a core";
}
