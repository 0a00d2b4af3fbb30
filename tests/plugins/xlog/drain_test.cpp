// Goal: what is in the rings comes into files once, in order, and is free for others only then; what a file cannot
// take stays; what is lost is told. Method: rings in memory, the simulated disk, no threads.
#include "plugins/xlog/drain.h"

#include <gtest/gtest.h>

#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/simulated_segments.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr clock_anchor wall_clock{0, 0, 1e9};
const std::string first_file = "/log/" + name_text({20'000, 0});

struct XlogDrain : testing::Test {
  explicit XlogDrain(std::unique_ptr<ring_system> system = heap_threads())
      : rings({3, 64 << 10, 64 << 10}, *heap_segments(), 7, std::move(system)) {
    site = rings.site_of("speaker");
  }

  void make(std::vector<public_key> recipients = {}) {
    s.directory = "/log";
    out.emplace(drain::host_tables{files.table(), &random_table, nullptr}, s, std::move(recipients), rings.info.id, *rings.rings, *rings.sites,
                wall_clock);
    EXPECT_EQ(out->open(today).failure.text, "");
  }
  bool say(const std::string& text) { return rings.write(site, tick += 1'000'000, text_argument(text)); }
  drain::outcome run(bool all = true, int64_t wall = today) { return out->run(wall, wall_clock, all); }
  list texts_in(const std::string& path, const std::string& plugin = "speaker") {
    list texts;
    log_reader lines;
    lines.on_bytes(disk->content(path).value_or(""));
    lines.on_end();
    while (const auto i = lines.take()) {
      if (!i->damage.empty()) damage.push_back(i->damage);
      else if (i->value.plugin == plugin) texts.push_back(i->value.text);
    }
    return texts;
  }
  list texts(const std::string& plugin = "speaker") {
    list all;
    std::vector<file_name> names;
    for (const std::string& path : disk->paths())
      if (const auto name = parse_file_name(path.substr(path.rfind('/') + 1))) names.push_back(*name);
    std::sort(names.begin(), names.end());
    for (const file_name& name : names)
      for (std::string& text : texts_in("/log/" + name_text(name), plugin)) all.push_back(std::move(text));
    return all;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  seeded_random random{1};
  tharsis_random random_table = random;
  heap_rings rings;
  settings s;
  std::optional<drain> out;
  uint32_t site = 0;
  uint64_t tick = static_cast<uint64_t>(today);
  list damage;
};

}  // namespace

TEST_F(XlogDrain, LinesAreInTheFileAndTheirRoomIsFree) {
  make();
  say("one");
  say("two");
  drain::outcome o = run(false);
  EXPECT_EQ(o.lines, 0u) << "a block that is not full waits";
  EXPECT_TRUE(o.open);
  EXPECT_EQ(rings.rings->tail(1), 0u);
  o = run();
  EXPECT_EQ(o.lines, 2u);
  EXPECT_FALSE(o.open);
  EXPECT_EQ(o.file, first_file);
  EXPECT_EQ(rings.rings->tail(1), rings.rings->head(1));
  EXPECT_EQ(texts(), (list{"one", "two"}));
  EXPECT_EQ(out->finish().failure.status, THARSIS_OK);
  EXPECT_EQ(out->count_unwritten().in_rings, 0u);
}

TEST_F(XlogDrain, LinesOfAllRingsComeInTheOrderOfTheirClocks) {
  make();
  rings.write_shared(site, tick + 2'000'000, text_argument("third"));
  rings.write_shared(site, tick + 4'000'000, text_argument("fifth"));
  for (const char* text : {"second", "x", "fourth"})
    if (text[0] == 'x') tick += 1'000'000;
    else say(text);
  rings.write_shared(rings.site_of("speaker", "sixth {}", "s"), tick + 9'000'000, text_argument("!"));
  run();
  EXPECT_EQ(texts(), (list{"second", "third", "fourth", "fifth", "sixth !"}));
}

// Several threads, of which the fixture's methods are one at a time.
struct XlogDrainThreads : XlogDrain {
  XlogDrainThreads() : XlogDrain(std::make_unique<simulated_threads>()) {}

  simulated_threads& threads() { return static_cast<simulated_threads&>(*rings.threads); }
  void say_as(uint64_t thread, const std::string& text) {
    threads().acting = thread;
    EXPECT_TRUE(say(text));
  }
  void say_shared_as(uint64_t thread, const std::string& text) {
    threads().acting = thread;
    EXPECT_TRUE(rings.write_shared(site, tick += 1'000'000, text_argument(text)));
  }
  using said = std::vector<std::pair<std::string, uint64_t>>;
  // What four threads say: two of them in one ring, and two in the shared one.
  said say_all() {
    say_as(11, "first");
    say_shared_as(12, "second");
    threads().gone.insert(11);
    say_as(13, "third");
    say_shared_as(14, "fourth");
    say_as(13, "fifth");
    EXPECT_FALSE(rings.rings->is_open(2)) << "the ring of a thread that is gone is used again";
    return {{"first", 11}, {"second", 12}, {"third", 13}, {"fourth", 14}, {"fifth", 13}};
  }
};

TEST_F(XlogDrainThreads, ALineSaysWhoseItIsWhereThreadsShareARing) {
  make();
  const said all = say_all();
  run();
  say_as(13, "in a block of its own");
  run();
  log_reader lines;
  lines.on_bytes(disk->content(first_file).value_or(""));
  lines.on_end();
  said read;
  while (const auto i = lines.take()) {
    if (i->damage.empty()) read.emplace_back(i->value.text, i->value.thread);
    EXPECT_FALSE(i->recorded);
  }
  ASSERT_EQ(read.size(), 6u);
  EXPECT_EQ(read.back().second, 13u);
  read.pop_back();
  EXPECT_EQ(read, all);
}

TEST_F(XlogDrainThreads, ALineSaysSoAfterADeathToo) {
  const said all = say_all();
  const auto image = rings.image();
  ASSERT_TRUE(image.ok());
  recovered_records records(*image, {}, site + 1);
  said read;
  for (recovered_record r; records.next(r);) read.emplace_back(as_text(r.record.arguments.subspan(4, load<uint32_t>(r.record.arguments.data()))), r.thread);
  EXPECT_EQ(read, all);
}

TEST_F(XlogDrainThreads, ALineOfTheSharedRingThatNamesNobodyIsCounted) {
  make();
  {
    const ring_set::shared_line shared(*rings.rings);
    const uint64_t head = log_detail::header_size | uint64_t{site} << 32;
    ASSERT_TRUE(rings.rings->room(shared.ring(), log_detail::header_size, site));
    std::memcpy(shared.ring()->bytes, &head, 8);
    *shared.ring()->head = shared.ring()->position += log_detail::header_size;
  }
  say("after it");
  const drain::outcome o = run();
  EXPECT_EQ(o.dropped, 1u);
  EXPECT_EQ(texts(), list{"after it"});
}

TEST_F(XlogDrain, WhatTheDiskDoesNotTakeStaysAndComesOnceAndInOrder) {
  make();
  list said;
  for (int i = 0; i < 30; ++i) {
    disk->broken = i % 3 == 1;
    disk->read_only = i % 5 == 2;
    disk->capacity = i % 7 == 3 ? std::optional<uint64_t>(0) : std::nullopt;
    said.push_back(std::to_string(i));
    EXPECT_TRUE(say(said.back()));
    const drain::outcome o = run();
    if (o.failure.status != THARSIS_OK) EXPECT_EQ(o.lines, 0u);
    else EXPECT_EQ(rings.rings->tail(1), rings.rings->head(1));
  }
  disk->broken = disk->read_only = false;
  disk->capacity.reset();
  EXPECT_EQ(run().failure.text, "");
  EXPECT_EQ(texts(), said);
  EXPECT_EQ(damage, list{});
}

TEST_F(XlogDrain, LinesBehindAFullFileAreWrittenInTheSameRun) {
  s.file_size = 4096;
  make();
  list said;
  seeded_random dice(3);
  for (int i = 0; i < 60; ++i) {
    const auto noise = dice.data(900);
    std::string text = std::to_string(i) + " ";
    for (const uint8_t b : noise) text += static_cast<char>('!' + b % 94);
    said.push_back(text);
    while (!say(text)) FAIL() << "the ring is large enough";
  }
  const drain::outcome o = run();
  EXPECT_EQ(o.lines, 60u);
  EXPECT_FALSE(o.open);
  EXPECT_EQ(rings.rings->tail(1), rings.rings->head(1));
  EXPECT_EQ(texts(), said);
}

TEST_F(XlogDrain, LinesForWhichThereWasNoRoomAreToldByCategoryAndLevel) {
  make();
  const std::string wide(1000, 'x');
  uint64_t dropped = 0;
  for (int i = 0; i < 100; ++i) dropped += say(wide) ? 0 : 1;
  rings.sites->count_lost(rings.sites->number_of({THARSIS_LOG_ERROR, 1, "stn", "dialer", {}, "{}", "s"}));
  ASSERT_GT(dropped, 10u);
  const drain::outcome o = run();
  EXPECT_EQ(o.dropped, dropped + 1);
  EXPECT_EQ(texts("xlog"), list{std::to_string(dropped + 1) + " lines are lost before this: the rings were full (" + std::to_string(dropped) +
                                " info of speaker, 1 error of stn/dialer), between " + moment_text(today) + " and " + moment_text(today)});
  EXPECT_EQ(o.full, (loss_counts{{{"speaker", THARSIS_LOG_INFO}, dropped}, {{"stn/dialer", THARSIS_LOG_ERROR}, 1}}));
  const drain::outcome after = run();
  EXPECT_EQ(after.dropped, 0u);
  EXPECT_EQ(after.full, loss_counts());
  EXPECT_EQ(texts("xlog").size(), 1u) << "told once";
}

TEST_F(XlogDrain, ALineThatIsNotAsItsSiteSaysIsToldAndStopsNobody) {
  make();
  rings.write(site, ++tick, "ab");  // Half the length of a text.
  drain::outcome o = run();
  EXPECT_EQ(o.dropped, 1u);
  EXPECT_EQ(rings.rings->tail(1), rings.rings->head(1)) << "nobody reads it again and again";
  rings.write(site, ++tick, "ab");
  say("good");
  rings.write(99, ++tick, text_argument("no such site"));
  say("behind damage");
  o = run();
  EXPECT_EQ(texts(), list{"good"});
  const list told = texts("xlog");
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0], "1 line is lost before this: written otherwise than their sites say");
  EXPECT_EQ(told[1], told[0]);
  EXPECT_NE(told[2].find(" bytes of the rings are lost"), std::string::npos) << told[2];
  say("and on");
  run();
  EXPECT_EQ(texts(), (list{"good", "and on"}));
}

TEST_F(XlogDrain, AnotherDayIsAnotherFileAndALittleBackIsNot) {
  make();
  const auto at = [&](int64_t wall, const std::string& text) {
    say(text);
    return run(true, wall).file;
  };
  EXPECT_EQ(at(today, "a"), first_file);
  EXPECT_EQ(at(today + day_length, "b"), "/log/" + name_text({20'001, 0}));
  EXPECT_EQ(at(today, "c"), "/log/" + name_text({20'001, 0})) << "less than a day back";
  EXPECT_EQ(at(today - day_length, "d"), "/log/" + name_text({19'999, 0}));
  EXPECT_EQ(at(today, "e"), "/log/" + name_text({20'000, 1}));
  EXPECT_EQ(texts_in(first_file), list{"a"});
  EXPECT_EQ(texts_in("/log/" + name_text({20'001, 0})), (list{"b", "c"}));
}

TEST_F(XlogDrain, AFileThatSomebodyRemovedIsNoFailure) {
  make();
  say("gone");
  run();
  disk->remove(first_file, nullptr);
  say("here");
  EXPECT_EQ(run().failure.text, "");
  EXPECT_EQ(texts(), list{"here"});
}

// A disk from which somebody takes the last file after a block, before the note behind it.
struct taking_files : failing_files {
  explicit taking_files(sim::disk& d, const tharsis_files* t) : failing_files(t), disk(d) {
    table.append = [](void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* why) {
      auto& f = static_cast<taking_files&>(of(self));
      const tharsis_status done = failing_files::append(self, file, data, why);
      if (f.appends_left > 0 && --f.appends_left == 0) f.disk.remove(f.taken, nullptr);
      return done;
    };
  }
  sim::disk& disk;
  int appends_left = 0;
  std::string taken;
};

TEST_F(XlogDrain, EachOfTwoFilesThatAreTakenAwayIsToldOnce) {
  taking_files taking(*disk, files.table());
  s.directory = "/log";
  out.emplace(drain::host_tables{&taking.table, &random_table, nullptr}, s, std::vector<public_key>(), rings.info.id, *rings.rings, *rings.sites, wall_clock);
  ASSERT_EQ(out->open(today).failure.text, "");
  say("before");
  run();
  (*disk->find(first_file))->bytes.resize(30);
  say("in the second file, which goes");
  taking.taken = "/log/" + name_text({20'000, 1});
  taking.appends_left = 2;  // Its head and the block.
  EXPECT_EQ(run().failure.text, "");
  out.reset();  // Before its disk.
  list told = texts("xlog");
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, (list{"somebody removed, cut or replaced " + first_file + ": its last lines may be lost",
                        "somebody removed, cut or replaced " + taking.taken + ": its last lines may be lost"}));
}

TEST_F(XlogDrain, AFolderInItsPlaceIsNotOurFile) {
  make();
  say("gone");
  run();
  disk->remove(first_file, nullptr);
  disk->make_folder(first_file, nullptr);
  for (const std::string text : {"here", "and there"}) {
    say(text);
    const drain::outcome o = run();
    EXPECT_EQ(o.failure.text, "");
    EXPECT_EQ(o.file, "/log/" + name_text({20'000, 1}));
  }
  EXPECT_EQ(texts(), (list{"here", "and there"}));
  EXPECT_EQ(texts("xlog"), list{"somebody removed, cut or replaced " + first_file + ": its last lines may be lost"});
}

TEST_F(XlogDrain, NothingIsWrittenThroughALink) {
  disk->make_folder("/log", nullptr);
  disk->replace(first_file, "", nullptr);
  (*disk->find(first_file))->link = true;
  make();
  say("here");
  const drain::outcome o = run();
  EXPECT_EQ(o.failure.text, "");
  EXPECT_EQ(o.file, "/log/" + name_text({20'000, 1}));
  EXPECT_EQ(disk->content(first_file), "");
}

TEST_F(XlogDrain, AFileThatSomebodyCutOrReplacedIsLeftAlone) {
  make();
  say("before");
  run();
  const std::string other = "a file of somebody else";
  disk->remove(first_file, nullptr);
  disk->replace(first_file, other, nullptr);
  say("behind it");
  EXPECT_EQ(run().file, "/log/" + name_text({20'000, 1}));
  (*disk->find("/log/" + name_text({20'000, 1})))->bytes.resize(30);
  say("and on");
  EXPECT_EQ(run().file, "/log/" + name_text({20'000, 2}));
  EXPECT_EQ(disk->content(first_file), other);
  EXPECT_EQ(texts_in("/log/" + name_text({20'000, 2})), list{"and on"});
}

TEST_F(XlogDrain, WhatIsLeftAtTheEndIsCountedAndStays) {
  make();
  say("kept");
  run();
  disk->capacity = 0;
  for (int i = 0; i < 3; ++i) say("left");
  rings.sites->count_lost(site);
  EXPECT_EQ(run().failure.status, THARSIS_E_FULL);
  out->finish();
  const uint64_t tail = rings.rings->tail(1);
  const auto left = out->count_unwritten();
  EXPECT_EQ(left.in_rings, 3u);
  EXPECT_EQ(left.dropped, 1u);
  EXPECT_EQ(left.full, (loss_counts{{{"speaker", THARSIS_LOG_INFO}, 1}}));
  EXPECT_EQ(rings.rings->tail(1), tail);
  EXPECT_EQ(texts(), list{"kept"});
}

TEST_F(XlogDrain, ALineOfHalfTheLargestRingIsWritten) {
  heap_rings large({3, ring_size_max, 64 << 10});
  s.directory = "/log";
  drain its({files.table(), &random_table, nullptr}, s, {}, large.info.id, *large.rings, *large.sites, wall_clock);
  EXPECT_EQ(its.open(today).failure.text, "");
  const std::string longest(large.rings->record_max() - record_header_size - 4, 'x');
  ASSERT_TRUE(large.write(large.site_of("speaker"), tick, text_argument(longest)));
  EXPECT_EQ(its.run(today, wall_clock, true).dropped, 0u);
  EXPECT_TRUE(texts() == list{longest});
}

TEST_F(XlogDrain, TheSegmentHasTheClockOfTheLastRun) {
  make();
  out->run(today, {77, 88, 2e9}, false);
  EXPECT_EQ(rings.image()->info.anchor, (clock_anchor{77, 88, 2e9}));
}

TEST_F(XlogDrain, WhatADeadProcessLeftStandsInTheFile) {
  heap_rings dead;
  dead.write(dead.site_of("ghost"), static_cast<uint64_t>(today), text_argument("last words"));
  make();
  const auto image = dead.image();
  for (const auto& payload : recovered_payloads(*image))
    EXPECT_EQ(out->keep_recovered(payload, image->info.id, wall_clock, today).failure.text, "");
  say("alive");
  run();
  EXPECT_EQ(texts("ghost"), list{"last words"});
  EXPECT_EQ(texts(), list{"alive"});
}
