// Goal: what is recorded is written when an error comes, before it, once, under its thread's number, as far as the flight
// ring reaches; it is found after a death at any moment; and what is kept anyhow is never touched by it.
// Method: rings, drain and files of a simulated machine; random lives that end in the middle of an append, of making a
// keystream, or between two steps; then whoever comes next reads what is there.
#include "plugins/xlog/flight_ring.h"

#include <gtest/gtest.h>

#include "plugins/xlog/consumed.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/ring_line.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/simulated_segments.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr segment_geometry geometry{4, 64 << 10, 64 << 10, 64 << 10};

line_rules recording() {
  line_rules rules;
  rules.flight.special = {{"speaker", THARSIS_LOG_DEBUG}};
  return rules;
}

struct died {};

// One process: its rings, its drain, and three threads that speak.
struct life {
  struct line {
    uint64_t thread;
    uint32_t level;
    std::string text;
    uint64_t bytes;  // In the flight ring.
  };

  life(simulated_disk& segments, std::shared_ptr<sim::disk> d, bool sealed, uint64_t seed)
      : disk(std::move(d)), files(disk), random(seed), random_table(random) {
    segment_info info = info_for_test(geometry, sealed);
    info.id.fill(static_cast<uint8_t>(seed));
    id = info.id;
    segments.sign(info);
    table = *static_cast<const tharsis_files*>(files.table());
    append_whole = table.append;
    table.append = append;
    acting = this;
    auto made = segments.create("/log", "test", info, new_segment(info, {}));
    rings = std::make_unique<ring_set>(std::move(*made), geometry, sealed, threads, ring_settings{},
                                       ring_set::callbacks{[](uint32_t) {}, [this](uint64_t position, std::span<uint8_t> into) {
                                                             die_perhaps();
                                                             return paper_keystream(position, into);
                                                           }});
    sites = std::make_unique<site_registry>([this](const std::string& entry) { return rings->append_to_dictionary(as_bytes(entry)); });
    sites->set_rules(recording());
    EXPECT_EQ(rings->open_flight().status, THARSIS_OK);
    for (const uint32_t level : {THARSIS_LOG_DEBUG, THARSIS_LOG_INFO, THARSIS_LOG_ERROR})
      numbers[level] = sites->number_of({level, 1, "speaker", {}, "f.cpp", "{}", "s"});
    s.directory = "/log";
    s.file_size = 64 << 10;
    out.emplace(drain::host_tables{&table, &random_table, nullptr}, s, std::vector<public_key>(), id, *rings, *sites, clock);
    EXPECT_EQ(out->open(today).failure.text, "");
  }
  // The handles that threads hold do not outlive the process.
  ~life() {
    for (uint64_t t = 1; t <= 3; ++t) threads.gone.insert(t);
  }

  bool say(uint64_t thread, uint32_t level, const std::string& text) {
    threads.acting = thread;
    tharsis_log_ring* const r = rings->ring();
    const std::string argument = text_argument(text);
    const uint64_t size = (record_header_size + argument.size() + 7) / 8 * 8;
    if (r->position + size > r->limit && !rings->room(r, size, numbers[level])) return false;
    std::vector<uint8_t> record(size);
    const uint64_t head = size | uint64_t{numbers[level]} << 32;
    std::memcpy(record.data(), &head, 8);
    std::memcpy(record.data() + 8, &++tick, 8);
    std::memcpy(record.data() + 16, argument.data(), argument.size());
    for (size_t i = 0; i < size; ++i) r->bytes[(r->position & r->mask) + i] = record[i] ^ r->keystream[(r->position & r->mask) + i];
    *r->head = r->position += size;
    said.push_back({thread, level, text, size + flight_origin_size});
    return true;
  }
  drain::outcome run(bool all = true) { return out->run(today, clock, all); }

  // A step of a random life.
  void step() {
    const size_t dice = random.below(20);
    if (dice < 8) {
      const uint64_t thread = 1 + random.below(3);
      for (size_t count = random.below(250); count > 0; --count) {
        const size_t kind = random.below(400);
        const uint32_t level = kind == 0 ? THARSIS_LOG_ERROR : kind < 100 ? THARSIS_LOG_INFO : THARSIS_LOG_DEBUG;
        say(thread, level, std::to_string(said.size()) + std::string(random.below(60), '.'));
      }
    } else if (dice < 16) {
      run(dice < 13);
    } else {
      disk->broken = dice == 16;
      disk->torn = dice == 17;
    }
  }
  void die_perhaps() {
    if (die_in > 0 && --die_in == 0) throw died();
  }

  static tharsis_status append(void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* why) {
    acting->die_perhaps();
    const tharsis_status status = acting->append_whole(self, file, data, why);
    acting->die_perhaps();
    return status;
  }
  static inline life* acting = nullptr;  // Whose files are written.

  std::shared_ptr<sim::disk> disk;
  sim::files files;
  tharsis_files table{};
  decltype(tharsis_files::append) append_whole = nullptr;
  seeded_random random;
  tharsis_random random_table;
  simulated_threads threads;
  std::unique_ptr<ring_set> rings;
  std::unique_ptr<site_registry> sites;
  std::map<uint32_t, uint32_t> numbers;
  settings s;
  unique_id id{};
  std::optional<drain> out;
  const clock_anchor clock{0, today, 1e9};
  uint64_t tick = 0;
  std::vector<line> said;
  uint64_t die_in = 0;
};

struct found_line {
  std::string text;
  uint64_t thread;
};

std::vector<found_line> lines_in_files(const sim::disk& disk) {
  std::vector<file_name> names;
  for (const std::string& path : disk.paths())
    if (const auto name = parse_file_name(path.substr(path.rfind('/') + 1))) names.push_back(*name);
  std::sort(names.begin(), names.end());
  std::vector<found_line> all;
  for (const file_name& name : names) {
    log_reader lines;
    lines.on_bytes(disk.content("/log/" + name_text(name)).value_or(""));
    lines.on_end();
    while (const auto i = lines.take())
      if (i->damage.empty() && i->value.plugin == "speaker") all.push_back({i->value.text, i->value.thread});
  }
  return all;
}

// As the next start would take them, in pieces so small that the flight ring travels alone.
std::vector<found_line> lines_left(simulated_disk& segments, const tharsis_files* files, const unique_id& id) {
  auto dead = segments.open(segments.list("/log")->at(0));
  const auto done = consumed_of(files, "/log", id);
  const auto image = image_of(**dead, done.ranges);
  EXPECT_TRUE(image.ok()) << image.failure().text;
  std::vector<found_line> all;
  std::vector<std::pair<uint64_t, found_line>> by_tick;
  for (const auto& payload : recovered_payloads(*image, 1)) {
    const auto part = read_recovered(payload.bytes);
    EXPECT_TRUE(part.ok()) << part.failure().text;
    recovered_records records(*part, paper_keystream, THARSIS_LOG_OFF + 4);
    for (recovered_record r; records.next(r);)
      by_tick.push_back({r.record.tick, {format_line("{}", "s", r.record.arguments), r.thread}});
    EXPECT_EQ(records.unreadable(), 0u);
  }
  std::sort(by_tick.begin(), by_tick.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [at, line] : by_tick) all.push_back(std::move(line));
  return all;
}

// What the flight ring holds for sure: it gives way in pieces, and a line may end before its last byte.
constexpr uint64_t held = geometry.flight_size - geometry.flight_size / 64 - 1024;

void expect_all_is_there(const life& l, const std::vector<found_line>& written, const std::vector<found_line>& left) {
  std::map<std::string, std::pair<size_t, uint64_t>> times;  // And the thread.
  for (const auto* part : {&written, &left})
    for (const found_line& f : *part) ++times[f.text].first, times[f.text].second = f.thread;
  std::set<std::string> in_files;
  for (const found_line& f : written) in_files.insert(f.text);
  uint64_t behind = 0;  // Recorded bytes from this line up to the next error.
  bool error_follows = false;
  for (size_t i = l.said.size(); i-- > 0;) {
    const life::line& one = l.said[i];
    const auto at = times.find(one.text);
    const size_t count = at == times.end() ? 0 : at->second.first;
    ASSERT_LE(count, 1u) << one.text << " is doubled";
    if (count == 1) {
      ASSERT_EQ(at->second.second, one.thread) << one.text;
    }
    if (one.level == THARSIS_LOG_ERROR) behind = 0, error_follows = true;
    if (one.level != THARSIS_LOG_DEBUG) {
      ASSERT_EQ(count, 1u) << one.text << " is lost";
      continue;
    }
    behind += one.bytes;
    ASSERT_TRUE(count == 1 || behind > held) << one.text << " gave way too early";
    ASSERT_TRUE(error_follows || !in_files.contains(one.text)) << one.text << " is written though no error came";
  }
  ASSERT_EQ(times.size(), written.size() + left.size());
}

struct XlogFlight : testing::Test {
  simulated_disk segments;
  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  list written() const {
    list texts;
    for (const found_line& f : lines_in_files(*disk)) texts.push_back(f.text);
    return texts;
  }
};

}  // namespace

TEST_F(XlogFlight, WhatIsRecordedIsWrittenBeforeTheErrorThatComesAndNotOtherwise) {
  life l(segments, disk, false, 1);
  l.say(1, THARSIS_LOG_DEBUG, "a");
  l.say(2, THARSIS_LOG_INFO, "b");
  l.say(2, THARSIS_LOG_DEBUG, "c");
  drain::outcome o = l.run();
  EXPECT_EQ(o.lines, 1u);
  EXPECT_EQ(o.recorded, 2u);
  EXPECT_EQ(l.rings->tail(1), l.rings->head(1)) << "their room is free";
  EXPECT_EQ(written(), list{"b"});
  l.say(3, THARSIS_LOG_DEBUG, "d");
  l.say(1, THARSIS_LOG_ERROR, "e");
  l.say(1, THARSIS_LOG_DEBUG, "f");
  o = l.run();
  EXPECT_EQ(o.lines, 4u);
  EXPECT_EQ(written(), (list{"b", "a", "c", "d", "e"}));
  l.say(1, THARSIS_LOG_ERROR, "g");
  l.run();
  EXPECT_EQ(written(), (list{"b", "a", "c", "d", "e", "f", "g"}));
  expect_all_is_there(l, lines_in_files(*disk), {});
}

TEST_F(XlogFlight, TheOldestGiveWayAndTheRestComesInOrder) {
  life l(segments, disk, true, 1);
  list said;
  for (uint32_t i = 0; i < 5'000; ++i) {
    said.push_back(std::to_string(i) + std::string(i % 50, '.'));
    ASSERT_TRUE(l.say(1 + i % 3, THARSIS_LOG_DEBUG, said.back()));
    if (i % 300 == 299) l.run();
  }
  said.push_back("error");
  l.say(1, THARSIS_LOG_ERROR, "error");
  l.run();
  const list got = written();
  ASSERT_GT(got.size(), 700u);
  EXPECT_EQ(got, list(said.end() - static_cast<ptrdiff_t>(got.size()), said.end()));
  expect_all_is_there(l, lines_in_files(*disk), {});
}

TEST_F(XlogFlight, ALineTooLongForItsRingIsWritten) {
  life l(segments, disk, false, 1);
  const std::string longest((32 << 10) - 100, 'x');
  l.say(1, THARSIS_LOG_DEBUG, longest);
  l.say(1, THARSIS_LOG_DEBUG, "y" + std::string((32 << 10) - 24, 'x'));
  l.run();
  EXPECT_EQ(written(), list{"y" + std::string((32 << 10) - 24, 'x')});
  l.say(1, THARSIS_LOG_ERROR, "z");
  l.run();
  EXPECT_EQ(written(), (list{"y" + std::string((32 << 10) - 24, 'x'), longest, "z"})) << "the other one was recorded";
}

TEST_F(XlogFlight, RulesChangeForWhatComesAfterThem) {
  life l(segments, disk, false, 1);
  l.say(1, THARSIS_LOG_DEBUG, "recorded");
  l.run();
  l.sites->set_rules({{THARSIS_LOG_DEBUG, {}}, {THARSIS_LOG_OFF, {}}, {}});
  l.say(1, THARSIS_LOG_DEBUG, "kept");
  l.run();
  EXPECT_EQ(written(), list{"kept"});
  l.sites->set_rules(recording());
  l.say(1, THARSIS_LOG_DEBUG, "again");
  l.run();
  l.say(1, THARSIS_LOG_ERROR, "error");
  l.run();
  EXPECT_EQ(written(), (list{"kept", "recorded", "again", "error"}));
}

TEST_F(XlogFlight, AnyPluginsErrorIsOne) {
  life l(segments, disk, false, 1);
  l.say(1, THARSIS_LOG_DEBUG, "a");
  l.run();
  l.numbers[THARSIS_LOG_ERROR] = l.sites->number_of({THARSIS_LOG_FATAL, 0, "other", {}, {}, "{}", "s"});
  l.say(2, THARSIS_LOG_ERROR, "b");
  l.run();
  EXPECT_EQ(written(), list{"a"}) << "of the speaker";
}

TEST(XlogFlightLives, NothingIsLostDoubledOrMixedWhereverItDies) {
  test::for_each_seed(test::seeds(300), [](uint64_t seed) {
    simulated_disk segments;
    const auto disk = std::make_shared<sim::disk>();
    std::vector<found_line> written, left;
    life l(segments, disk, seed % 2 == 0, seed);
    try {
      const size_t steps = l.random.below(60);
      if (seed % 3 != 0) l.die_in = 1 + l.random.below(120);
      for (size_t i = 0; i < steps; ++i) l.step();
    } catch (const died&) {
    }
    disk->broken = disk->torn = false;
    l.die_in = 0;
    l.out.reset();
    written = lines_in_files(*disk);
    const auto id = l.id;
    const tharsis_files* const files = static_cast<const tharsis_files*>(l.files.table());
    l.rings.reset();
    left = lines_left(segments, files, id);
    ASSERT_NO_FATAL_FAILURE(expect_all_is_there(l, written, left));
  });
}
