// Goal: whoever listens is told each line that it wants once, in order, whatever the disk does; decides what the file
// gets; may log and close from inside; and is left alone once it has closed.
// Method: rings in memory and the simulated disk on one thread; threads only where calls and close() meet.
#include "plugins/xlog/taps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "plugins/xlog/drain.h"
#include "plugins/xlog/intake.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr int64_t millisecond = 1'000'000;  // Ticks are no finer than a microsecond here.
constexpr clock_anchor wall_clock{0, 0, 1e9};

// One that listens.
struct listener {
  list heard;
  std::function<bool(const std::string& text)> answer = [](const std::string&) { return true; };

  static int32_t on_line(void* self, const tharsis_log_record* r) {
    auto& l = *static_cast<listener*>(self);
    l.heard.emplace_back(view(r->text));
    return l.answer(l.heard.back()) ? 1 : 0;
  }
};

struct XlogTaps : testing::Test {
  explicit XlogTaps(uint32_t count = 3) {
    heap_rings made({count, 64 << 10, 64 << 10});
    threads = std::move(made.threads);
    rings = made.rings.get();
    lines.open(std::move(made.rings),
               std::make_unique<site_registry>([this](const std::string& entry) { return rings->append_to_dictionary(as_bytes(entry)); }), &clock);
    s.directory = "/log";
    out.emplace(drain::host_tables{files.table(), &random_table, nullptr}, s, std::vector<public_key>(), made.info.id, *rings, lines.sites(),
                wall_clock, &lines.listeners());
    EXPECT_EQ(out->open(today).failure.text, "");
  }

  void say(const std::string& text, uint32_t level = THARSIS_LOG_INFO, const std::string& plugin = "speaker") {
    const tharsis_log_record r = {sizeof r, level, today + ++said * millisecond, 1, text_of(plugin), text_of(text), {}, {}, 0, 0};
    lines.write(r);
  }
  tharsis_handle open(listener& l, bool decides = false, const tharsis_log_filter* filter = nullptr) {
    return lines.listeners().open(filter, decides, listener::on_line, &l, rings->heads());
  }
  void close(tharsis_handle tap) { lines.listeners().close(tap); }
  bool tell() { return out->tell_taps(wall_clock); }
  drain::outcome run() { return out->run(today, wall_clock, true); }
  list texts_in_files() {
    list texts;
    std::vector<file_name> names;
    for (const std::string& path : disk->paths())
      if (const auto name = parse_file_name(path.substr(path.rfind('/') + 1))) names.push_back(*name);
    std::sort(names.begin(), names.end());
    for (const file_name& name : names) {
      log_reader reader;
      reader.on_bytes(disk->content("/log/" + name_text(name)).value_or(""));
      reader.on_end();
      while (const auto i = reader.take())
        if (i->damage.empty()) texts.push_back(i->value.text);
    }
    return texts;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  seeded_random random{1};
  tharsis_random random_table = random;
  tick_clock clock;
  std::unique_ptr<ring_system> threads;
  intake lines{nullptr, nullptr, nullptr, {}, {}};
  ring_set* rings = nullptr;
  settings s;
  std::optional<drain> out;
  int64_t said = 0;
};

struct XlogTapsWithoutRings : XlogTaps {
  XlogTapsWithoutRings() : XlogTaps(1) {}
};

}  // namespace

TEST_F(XlogTaps, LinesFromNowOnAreToldOnceAndNothingIsWrittenForIt) {
  listener l;
  say("before");
  const tharsis_handle tap = open(l);
  say("one");
  say("two");
  EXPECT_FALSE(tell());
  EXPECT_EQ(l.heard, (list{"one", "two"}));
  EXPECT_EQ(texts_in_files(), list{});
  tell();
  say("three");
  EXPECT_EQ(run().lines, 4u);
  EXPECT_EQ(l.heard, (list{"one", "two", "three"}));
  close(tap);
  say("after");
  run();
  EXPECT_EQ(l.heard.size(), 3u);
  EXPECT_EQ(texts_in_files(), (list{"before", "one", "two", "three", "after"}));
}

TEST_F(XlogTaps, AreToldInTheOrderOfTimeAcrossRings) {
  listener l;
  open(l);
  const auto in_shared = [&](const std::string& text, int64_t at) {
    const ring_set::shared_line shared(*rings);
    tharsis_log_ring& ring = *shared.ring();
    // Not over lines.site(): texts have the counter's time once others ask for their sites.
    const uint32_t site = lines.sites().number_of({THARSIS_LOG_INFO, 1, "speaker", "", "f", "{}", "s"});
    const std::string arguments = std::string(shared_thread_size, '\0') + text_argument(text);
    const uint64_t size = (log_detail::header_size + arguments.size() + 7) / 8 * 8;
    ASSERT_TRUE(lines.room(&ring, size, site));
    const uint64_t head = size | uint64_t{site} << 32;
    const auto tick = clock.tick_at(today + at * millisecond);
    std::memcpy(ring.bytes + ring.position, &head, 8);
    std::memcpy(ring.bytes + ring.position + 8, &tick, 8);
    std::memcpy(ring.bytes + ring.position + 16, arguments.data(), arguments.size());
    *ring.head = ring.position += size;
  };
  in_shared("second", 2);
  in_shared("fourth", 4);
  said = 0, say("first");
  said = 2, say("third");
  tell();
  EXPECT_EQ(l.heard, (list{"first", "second", "third", "fourth"}));
}

TEST_F(XlogTaps, EachGetsWhatItAskedFor) {
  listener all, warnings, of_stn, with_up;
  const auto only = [](uint32_t level, std::string_view plugin, std::string_view text) {
    return tharsis_log_filter{sizeof(tharsis_log_filter), level, text_of(plugin), {}, text_of(text)};
  };
  const auto worse = only(THARSIS_LOG_WARNING, "", ""), stn = only(0, "stn", ""), up = only(0, "", "up");
  open(all), open(warnings, false, &worse), open(of_stn, false, &stn), open(with_up, false, &up);
  say("stn up", THARSIS_LOG_INFO, "stn");
  say("dns down", THARSIS_LOG_WARNING, "dns");
  tell();
  EXPECT_EQ(all.heard, (list{"stn up", "dns down"}));
  EXPECT_EQ(warnings.heard, list{"dns down"});
  EXPECT_EQ(of_stn.heard, list{"stn up"});
  EXPECT_EQ(with_up.heard, list{"stn up"});
  listener late;
  const tharsis_log_filter tag = {sizeof tag, 0, {}, text_of(std::string_view("link")), {}};
  open(late, false, &tag);
  say("stn up again", THARSIS_LOG_INFO, "stn");
  const auto site = lines.site("stn", tharsis_log_site{sizeof(tharsis_log_site), THARSIS_LOG_INFO, 7, 0, "link.cpp", "{n} links", "u", "link"});
  EXPECT_NE(site, 0u);
  tharsis_log_ring& ring = *rings->ring();
  ASSERT_TRUE(lines.room(&ring, 24, site));
  const uint64_t words[3] = {24 | uint64_t{site} << 32, clock.tick_at(today + 100 * millisecond), 3};
  std::memcpy(ring.bytes + ring.position, words, sizeof words);
  *ring.head = ring.position += 24;
  tell();
  EXPECT_EQ(late.heard, list{"3 links"});
  EXPECT_EQ(all.heard.back(), "3 links");
}

TEST_F(XlogTaps, AWriteThatFailsTellsNothingTwice) {
  listener l;
  open(l);
  list expected;
  for (int i = 0; i < 30; ++i) {
    disk->broken = i % 3 == 1;
    disk->read_only = i % 5 == 2;
    say(std::to_string(i));
    expected.push_back(std::to_string(i));
    if (i % 2 == 0) tell();
    run();
    if (i % 2 == 1) tell();
    EXPECT_EQ(l.heard.back(), expected.back()) << "told whether it is written or not";
  }
  disk->broken = disk->read_only = false;
  run();
  EXPECT_EQ(l.heard, expected);
  EXPECT_EQ(texts_in_files(), expected);
}

TEST_F(XlogTaps, WhoDecidesKeepsLinesOutOfTheFileAlsoWhenTheyAreReadAgain) {
  listener decides, only_hears, other;
  decides.answer = [](const std::string& text) { return text.find("secret") == std::string::npos; };
  only_hears.answer = [](const std::string&) { return false; };
  const tharsis_handle tap = open(decides, true);
  open(only_hears);
  open(other, true);
  disk->read_only = true;
  disk->broken = true;
  say("one");
  say("a secret");
  say("two");
  EXPECT_NE(run().failure.status, THARSIS_OK);
  close(tap);
  disk->read_only = disk->broken = false;
  run();
  EXPECT_EQ(texts_in_files(), (list{"one", "two"}));
  for (const listener* l : {&decides, &only_hears, &other}) EXPECT_EQ(l->heard, (list{"one", "a secret", "two"}));
  say("a secret more");
  run();
  EXPECT_EQ(texts_in_files(), (list{"one", "two", "a secret more"}));
  EXPECT_EQ(rings->tail(1), rings->head(1)) << "the room of all lines is free";
}

TEST_F(XlogTaps, RoomOfLinesLeftOutIsFree) {
  listener l;
  l.answer = [](const std::string&) { return false; };
  open(l, true);
  for (int i = 0; i < 10; ++i) say("no");
  const drain::outcome o = run();
  EXPECT_EQ(o.lines, 0u);
  EXPECT_FALSE(o.open);
  EXPECT_EQ(rings->tail(1), rings->head(1));
  EXPECT_EQ(texts_in_files(), list{});
  EXPECT_EQ(l.heard, list(10, "no"));
}

TEST_F(XlogTaps, WhatATapSaysItselfIsInTheFileAndToldToNone) {
  listener l, other;
  l.answer = [&](const std::string& text) { return say("heard " + text), true; };
  open(l);
  open(other);
  say("one");
  say("two");
  for (int i = 0; i < 3; ++i) tell();
  run();
  say("three");
  run();
  run();
  EXPECT_EQ(l.heard, (list{"one", "two", "three"}));
  EXPECT_EQ(other.heard, (list{"one", "two", "three"}));
  EXPECT_EQ(texts_in_files(), (list{"one", "two", "heard one", "heard two", "three", "heard three"}));
}

TEST_F(XlogTapsWithoutRings, WhatATapSaysToTheSharedRingIsToldToNone) {
  ASSERT_EQ(rings->ring(), nullptr);
  listener l;
  l.answer = [&](const std::string& text) { return say("heard " + text), true; };
  open(l);
  say("one");
  tell();
  say("two");
  for (int i = 0; i < 3; ++i) tell();
  run();
  EXPECT_EQ(l.heard, (list{"one", "two"}));
  EXPECT_EQ(texts_in_files(), (list{"one", "heard one", "two", "heard two"}));
}

TEST_F(XlogTaps, MayOpenAndCloseFromInside) {
  listener l, next, other;
  tharsis_handle mine = 0, others = 0;
  l.answer = [&](const std::string& text) {
    if (text == "one") open(next);
    if (text == "two") close(others);
    if (text == "three") close(mine);
    return true;
  };
  mine = open(l);
  others = open(other);
  for (const char* text : {"one", "two", "three", "four"}) say(text), tell();
  EXPECT_EQ(l.heard, (list{"one", "two", "three"}));
  EXPECT_EQ(other.heard, list{"one"});
  EXPECT_EQ(next.heard, (list{"two", "three", "four"}));
  close(mine);
  close(12345);
}

// Two threads open and close while one tells: after close() nobody is called, and what it used may go.
TEST(XlogTapsOfManyThreads, AfterCloseNobodyIsCalled) {
  taps all;
  std::atomic<bool> ending{false};
  record r;
  r.text = "line";
  std::atomic<uint64_t> told{0};
  std::thread teller([&] {
    for (uint64_t at = 0; !ending; at += 8) {
      EXPECT_TRUE(all.tell(0, at, r));
      EXPECT_FALSE(all.is_telling());
      ++told;
    }
  });
  std::vector<std::thread> listeners;
  for (int t = 0; t < 2; ++t)
    listeners.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto heard = std::make_unique<uint64_t>(0);  // Freed: a call after close() is a fault.
        const auto on_line = [](void* h, const tharsis_log_record*) -> int32_t { return ++*static_cast<uint64_t*>(h), 1; };
        const tharsis_handle tap = all.open(nullptr, true, on_line, heard.get(), {0});
        const uint64_t before = told;
        while (told < before + 2) std::this_thread::yield();  // A whole round with it.
        all.close(tap);
        EXPECT_GT(*heard, 0u);
      }
    });
  for (std::thread& l : listeners) l.join();
  ending = true;
  teller.join();
}

TEST(XlogTapsOfManyThreads, CloseWaitsForTheCallThatIsUnderWay) {
  taps all;
  struct slow {
    std::atomic<bool> inside{false}, may_go{false}, done{false};
  } state;
  const auto on_line = [](void* self, const tharsis_log_record*) -> int32_t {
    auto& s = *static_cast<slow*>(self);
    s.inside = true;
    while (!s.may_go) std::this_thread::yield();
    s.done = true;
    return 1;
  };
  const tharsis_handle tap = all.open(nullptr, false, on_line, &state, {0});
  record r;
  std::thread teller([&] { all.tell(0, 0, r); });
  while (!state.inside) std::this_thread::yield();
  std::thread lets_go([&] { state.may_go = true; });
  all.close(tap);
  EXPECT_TRUE(state.done);
  lets_go.join();
  teller.join();
}
