// A plugin's lines in the rings of a sink that comes and goes, and the levels that it sets.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/log_hub.h"
#include "sdk/pure/logger.h"
#include "tests/sdk/pure/plain_rings.h"

using namespace tharsis;
using runtime::log_hub;

namespace {

struct ring_sink {
  ring_sink() {
    table = {sizeof table, this, write, level, flush, ring, site, room, wake, level_of, close_rings};
  }
  static ring_sink& of(void* s) { return *static_cast<ring_sink*>(s); }
  static void write(void* s, const tharsis_log_record* r) {
    ring_sink& self = of(s);
    const std::lock_guard lock(self.mutex);
    ++self.written;
    self.last = std::string(view(r->plugin)) + " " + std::string(view(r->text));
    if (self.inside_write) self.inside_write();
  }
  static uint32_t level(void* s) { return of(s).lowest; }
  static void flush(void*, tharsis_handle, tharsis_wake wake, void* context, tharsis_handle handle) { wake(context, handle); }
  static tharsis_log_ring* ring(void* s) {
    EXPECT_FALSE(of(s).closed);
    return of(s).rings.ring();
  }
  static uint32_t site(void* s, tharsis_text plugin, const tharsis_log_site* site) {
    EXPECT_FALSE(of(s).closed);
    return of(s).rings.site(view(plugin), *site);
  }
  static int32_t room(void* s, tharsis_log_ring* ring, uint64_t bytes, uint32_t level) {
    EXPECT_FALSE(of(s).closed);
    return of(s).rings.room(ring, bytes, level);
  }
  static void wake(void* s) {
    EXPECT_FALSE(of(s).closed);
    ++of(s).woken;
  }
  static uint32_t level_of(void* s, tharsis_text plugin, tharsis_text tag) {
    const auto found = of(s).levels.find(std::string(view(plugin)) + "/" + std::string(view(tag)));
    return found != of(s).levels.end() ? found->second : of(s).lowest;
  }
  static void close_rings(void* s) {
    of(s).rings.close_rings();
    of(s).closed = true;
    of(s).closed.notify_all();
  }

  tharsis_log_sink table{};
  test::plain_rings rings{1 << 12};
  uint32_t lowest = THARSIS_LOG_DEBUG;
  std::map<std::string, uint32_t> levels;
  std::function<void()> inside_write;
  std::atomic<bool> closed{false};
  std::atomic<int> woken{0};
  std::atomic<int> flushing{0};
  std::mutex mutex;
  int written = 0;   // [mutex held]
  std::string last;
};

// The table that a plugin sees.
struct plugin_table {
  plugin_table(log_hub& h, std::string i) : hub(&h), id(std::move(i)) {
    table.size = sizeof table;
    table.self = this;
    table.level = shown(h.level_of(id, ""));
    table.write = [](void* s, uint32_t level, tharsis_text text) { of(s).hub->write(level, of(s).id, view(text)); };
    table.generation = shown(h.generation());
    table.ring = [](void* s) { return of(s).hub->ring(); };
    table.site = [](void* s, const tharsis_log_site* site) { return of(s).hub->site(of(s).id, *site); };
    table.room = [](void* s, tharsis_log_ring* r, uint64_t bytes, uint32_t level) { return of(s).hub->room(r, bytes, level); };
    table.wake = [](void* s) { of(s).hub->wake_sink(); };
    table.level_of = [](void* s, tharsis_text tag) { return shown(of(s).hub->level_of(of(s).id, view(tag))); };
  }
  plugin_table(const plugin_table&) = delete;
  static plugin_table& of(void* s) { return *static_cast<plugin_table*>(s); }
  static const volatile uint32_t* shown(const std::atomic<uint32_t>& word) {
    return reinterpret_cast<const volatile uint32_t*>(&word);
  }

  log_hub* hub;
  std::string id;
  tharsis_log table{};
};

struct LogHubRings : testing::Test {
  log_hub hub{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }}, {}};
  plugin_table stn{hub, "stn"};
};
using lines = std::vector<std::string>;

}  // namespace

TEST_F(LogHubRings, LinesGoToTheRingsWhileTheSinkIsThereAndAreKeptWhileNot) {
  const logger log(&stn.table, "net");
  const auto say = [&log](int n) { log.info("line {}", n); };
  say(1);
  ring_sink s;
  hub.set_sink(&s.table);
  EXPECT_EQ(s.last, "stn [net] line 1") << "what was kept, in words";
  say(2);
  const auto written = s.rings.take();
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(written[0].text(), "line 2");
  EXPECT_EQ(written[0].of.plugin, "stn");
  EXPECT_EQ(written[0].of.tag, "net");
  hub.set_sink(nullptr);
  say(3);
  ring_sink next;
  hub.set_sink(&next.table);
  EXPECT_EQ(next.last, "stn [net] line 3");
  say(4);
  EXPECT_EQ(next.rings.take_texts(), lines{"line 4"});
  EXPECT_EQ(s.written, 1);
  hub.set_sink(nullptr);
}

TEST_F(LogHubRings, FlushesThatWaitEndWhenTheSinkGoesAndHoldNobodyUp) {
  ring_sink s;
  s.table.flush_now = [](void* self, int64_t most) -> tharsis_status {
    ++ring_sink::of(self).flushing;
    ring_sink::of(self).flushing.notify_all();
    ring_sink::of(self).closed.wait(false);
    return most == 5 ? THARSIS_E_TIMEOUT : THARSIS_OK;
  };
  EXPECT_EQ(hub.flush_now(5), THARSIS_E_NOT_FOUND);
  hub.set_sink(&s.table);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) threads.emplace_back([&] { EXPECT_EQ(hub.flush_now(5), THARSIS_E_TIMEOUT); });
  for (int inside; (inside = s.flushing) < 3;) s.flushing.wait(inside);
  EXPECT_NE(hub.ring(), nullptr);
  EXPECT_NE(hub.site("stn", {sizeof(tharsis_log_site), THARSIS_LOG_INFO, 1, 0, nullptr, "x", "", ""}), 0u);
  hub.set_sink(nullptr);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(hub.flush_now(5), THARSIS_E_NOT_FOUND);
}

TEST_F(LogHubRings, EachSinkHasAnotherGenerationInWhicheverHub) {
  log_hub other{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }}, {}};
  EXPECT_EQ(hub.generation(), 0u);
  ring_sink first, second, third;
  hub.set_sink(&first.table);
  other.set_sink(&second.table);
  const uint32_t was = hub.generation();
  EXPECT_NE(was, 0u);
  EXPECT_NE(was, other.generation());
  hub.set_sink(&third.table);
  EXPECT_TRUE(first.closed) << "also where another takes its place at once";
  EXPECT_NE(hub.generation(), was);
  EXPECT_NE(hub.generation(), other.generation());
  hub.set_sink(nullptr);
  EXPECT_EQ(hub.generation(), 0u);
  other.set_sink(nullptr);
}

TEST_F(LogHubRings, ASinkWithoutRingsGetsAllInWords) {
  const auto expect_words = [this](ring_sink& s) {
    hub.set_sink(&s.table);
    EXPECT_EQ(hub.generation(), 0u);
    EXPECT_EQ(hub.ring(), nullptr);
    const tharsis_log_site site{sizeof site, THARSIS_LOG_INFO, 1, 0, "f", "t", "", ""};
    EXPECT_EQ(hub.site("stn", site), 0u);
    EXPECT_EQ(hub.room(nullptr, 16, THARSIS_LOG_INFO), 0);
    hub.wake_sink();
    logger(&stn.table).info("in words");
    EXPECT_EQ(s.last, "stn in words");
    hub.set_sink(nullptr);
    EXPECT_FALSE(s.closed);
  };
  ring_sink older, nulls;
  older.table.size = offsetof(tharsis_log_sink, ring);
  expect_words(older);
  nulls.table.room = nullptr;
  expect_words(nulls);
}

TEST_F(LogHubRings, WhoeverHearsEveryLineHearsItInWords) {
  lines heard;
  log_hub listening{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }}, {}, {},
                    [&heard](uint32_t, std::string_view, std::string_view text) { heard.emplace_back(text); }};
  plugin_table dns{listening, "dns"};
  ring_sink s;
  listening.set_sink(&s.table);
  logger(&dns.table).info("line {}", 1);
  EXPECT_EQ(heard, lines{"line 1"});
  EXPECT_EQ(s.last, "dns line 1");
}

TEST_F(LogHubRings, LevelsAreOfAPluginAndATagAndStayWhereTheyAre) {
  const auto& tagged = hub.level_of("stn", "net");
  const auto& plain = hub.level_of("stn", "");
  EXPECT_EQ(&hub.level_of("stn", "net"), &tagged);
  EXPECT_EQ(tagged, THARSIS_LOG_DEBUG);
  ring_sink s;
  s.lowest = THARSIS_LOG_WARNING;
  s.levels = {{"stn/net", THARSIS_LOG_VERBOSE}, {"dns/", THARSIS_LOG_ERROR}};
  hub.set_sink(&s.table);
  EXPECT_EQ(tagged, THARSIS_LOG_VERBOSE);
  EXPECT_EQ(plain, THARSIS_LOG_WARNING);
  EXPECT_EQ(hub.level_of("dns", ""), THARSIS_LOG_ERROR) << "asked for while the sink is there";
  EXPECT_EQ(hub.level(), THARSIS_LOG_VERBOSE) << "else the tag's lines would not come through";
  s.levels.clear();
  EXPECT_EQ(tagged, THARSIS_LOG_VERBOSE);
  hub.reread_level();
  EXPECT_EQ(tagged, THARSIS_LOG_WARNING);
  EXPECT_EQ(hub.level(), THARSIS_LOG_WARNING);
  hub.set_sink(nullptr);
  EXPECT_EQ(tagged, THARSIS_LOG_DEBUG);
  EXPECT_EQ(plain, THARSIS_LOG_DEBUG);
}

TEST_F(LogHubRings, TagsWithoutEndCostNoMemoryWithoutEnd) {
  const auto* const last = &hub.level_of("stn", "5000");
  for (int i = 0; i < 5000; ++i) hub.level_of("stn", std::to_string(i));
  EXPECT_EQ(&hub.level_of("stn", "5000"), last);
  EXPECT_EQ(&hub.level_of("stn", "one more"), &hub.level());
}

// Such a line can only be lost, but it is counted.
TEST_F(LogHubRings, ASinkThatLogsDoesNotWaitForItself) {
  uint64_t dropped = 0;
  log_hub counting{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }}, {}, shared_counter(&dropped)};
  plugin_table xlog{counting, "xlog"};
  ring_sink s;
  s.inside_write = [&] {
    logger(&xlog.table).info("from inside");
    EXPECT_EQ(&counting.level_of("xlog", "x"), &counting.level());
  };
  s.rings.has_rings = false;
  counting.set_sink(&s.table);
  counting.write(THARSIS_LOG_INFO, "stn", "line");
  EXPECT_EQ(s.last, "stn line");
  EXPECT_EQ(s.written, 1);
  EXPECT_EQ(dropped, 1u);
  counting.set_sink(nullptr);
}

// Each sink frees its rings when they close. Nothing is lost on the way, nothing comes twice, and each thread's lines
// stay in order.
TEST_F(LogHubRings, ASinkMayGoWhileThreadsLogAtFullSpeed) {
  constexpr int threads = 3;
  uint64_t dropped = 0;
  log_hub busy{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }}, {}, shared_counter(&dropped)};
  plugin_table table(busy, "stn");
  std::atomic<bool> ending = false;
  std::array<std::atomic<uint64_t>, threads> said{};
  std::vector<std::thread> writers;
  for (int w = 0; w < threads; ++w)
    writers.emplace_back([&, w] {
      const logger log(&table.table, "full speed");
      uint64_t n = 0;
      while (!ending) {
        log.info("{} {} {}", w, n++, "some text");
        said[static_cast<size_t>(w)].store(n, std::memory_order_relaxed);
      }
    });
  uint64_t in_rings = 0, in_words = 0;
  std::array<uint64_t, threads> next{};
  for (int round = 0; round < 20; ++round) {
    const auto s = std::make_unique<ring_sink>();
    busy.set_sink(&s->table);
    const uint64_t before = said[0];
    while (said[0] < before + 50) std::this_thread::yield();
    busy.set_sink(nullptr);
    in_words += static_cast<uint64_t>(s->written);
    for (const auto& line : s->rings.take()) {
      ++in_rings;
      uint32_t w = 0;
      uint64_t n = 0;
      std::memcpy(&w, line.arguments.data(), 4);
      std::memcpy(&n, line.arguments.data() + 4, 8);
      ASSERT_LT(w, static_cast<uint32_t>(threads));
      ASSERT_GE(n, next[w]) << "in order, and none twice";
      next[w] = n + 1;
    }
  }
  ending = true;
  for (std::thread& w : writers) w.join();
  ring_sink last;
  busy.set_sink(&last.table);
  busy.set_sink(nullptr);
  uint64_t all = 0;
  for (const auto& n : said) all += n;
  EXPECT_EQ(all, in_rings + in_words + static_cast<uint64_t>(last.written) + dropped);
  EXPECT_GT(in_rings, 0u);
}
