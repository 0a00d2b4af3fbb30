// Goal: a signal handler may log wherever its thread is inside the log: nothing waits for itself, and each line is in the
// file once. Method: real threads, each with a timer that fires again and again while it says first lines of new places
// and finished texts; rings in a real segment, a file on the simulated disk.
#include <signal.h>
#include <time.h>

#include <latch>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "plugins/xlog/drain.h"
#include "plugins/xlog/intake.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/ring_line.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

// Everything behind a "tharsis.log/1" but the hub.
struct signalled_log {
  signalled_log(const std::string& folder, const segment_geometry& g, bool sealed) {
    threads = std::move(*system_threads());
    segment_info info = info_for_test(g, sealed);
    store->sign(info);
    ring_settings waits;
    waits.wait = [](uint32_t) { return duration(1h); };
    auto rings = std::make_unique<ring_set>(std::move(*store->create(folder, "test", info, new_segment(info, {}))), g, sealed, *threads, waits,
                                            ring_set::callbacks{[](uint32_t) {}, paper_keystream, [this](uint32_t site) { in.sites().count_lost(site); }});
    const auto keep = [r = rings.get()](const std::string& entry) { return r->append_to_dictionary(as_bytes(entry)); };
    in.open(std::move(rings), std::make_unique<site_registry>(keep), &clock);
    settings s;
    s.directory = "/log";
    out.emplace(drain::host_tables{files.table(), &random_table, nullptr}, s, std::vector<public_key>(), info.id, in.rings(), in.sites(), clock.anchor());
    EXPECT_EQ(out->open(0).failure.text, "");

    loop.bell_ring = [](void*, tharsis_handle) {};
    table.size = sizeof table;
    table.self = this;
    table.level = &level;
    table.generation = &generation;
    table.ring = [](void* self) { return of(self).in.rings().ring(); };
    table.site = [](void* self, const tharsis_log_site* site) { return of(self).in.site("app", *site); };
    table.room = [](void* self, tharsis_log_ring* r, uint64_t n, uint32_t site) { return of(self).in.room(r, n, site) ? 1 : 0; };
    table.level_of = [](void* self, tharsis_text) -> const volatile uint32_t* { return &of(self).level; };
    table.wake = [](void* self) { of(self).in.rings().wake(); };
    table.write = [](void* self, uint32_t l, tharsis_text text) {
      tharsis_log_record said{};
      said.size = sizeof said;
      said.level = l;
      said.thread = of(self).threads->thread();
      said.plugin = text_of(std::string_view("app"));
      said.text = text;
      of(self).in.write(said);
    };
  }
  static signalled_log& of(void* self) { return *static_cast<signalled_log*>(self); }

  void write_what_waits(bool all) {
    drain::outcome o = out->run(0, clock.anchor(), all);
    while (o.open && all) o = out->run(0, clock.anchor(), all);
    EXPECT_EQ(o.failure.text, "");
    EXPECT_EQ(o.dropped, 0u);
  }
  // How often each text stands in the file.
  std::map<std::string, uint64_t> texts() {
    std::map<std::string, uint64_t> all;
    for (const std::string& path : disk->paths()) {
      log_reader lines;
      lines.on_bytes(disk->content(path).value_or(""));
      lines.on_end();
      while (const auto i = lines.take()) {
        EXPECT_EQ(i->damage, "");
        ++all[(i->value.tag.empty() ? "" : "[" + i->value.tag + "] ") + i->value.text];
      }
    }
    return all;
  }

  std::unique_ptr<segment_store> store = system_segments();
  std::unique_ptr<ring_system> threads;
  tick_clock clock;
  tharsis_loop loop{};
  intake in{&loop, nullptr, nullptr, {}, {}};
  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  seeded_random random{1};
  tharsis_random random_table = random;
  std::optional<drain> out;
  tharsis_log table{};
  uint32_t level = THARSIS_LOG_VERBOSE;
  static inline uint32_t generation = 0x51670000;
};

const logger* handlers_log = nullptr;
thread_local timer_t timer_of_this_thread;
thread_local uint32_t handled = 0;
thread_local volatile sig_atomic_t going = 0;
std::atomic<uint64_t> all_handled{0};

// The next one comes some time after this one has been handled, so that the thread goes on however slow it is.
void arm() {
  itimerspec next{};
  next.it_value.tv_nsec = 1'000 + handled * 7919 % 40'000;
  timer_settime(timer_of_this_thread, 0, &next, nullptr);
}

void say_in_handler() {
  if (handled % 3 == 0) handlers_log->write(THARSIS_LOG_INFO, "handler");
  else handlers_log->warning("handler {}", handled);
}

void on_signal(int) {
  const int number = errno;
  ++handled;
  say_in_handler();
  all_handled.fetch_add(1, std::memory_order_relaxed);
  if (going != 0) arm();
  errno = number;
}

void start_signals() {
  sigevent how{};
  how.sigev_notify = SIGEV_THREAD_ID;
  how.sigev_signo = SIGUSR2;
  how._sigev_un._tid = gettid();
  ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &how, &timer_of_this_thread), 0);
  going = 1;
  arm();
}

struct handled_signal {
  handled_signal() {
    struct sigaction act {};
    act.sa_handler = on_signal;
    sigaction(SIGUSR2, &act, &before);
  }
  ~handled_signal() { sigaction(SIGUSR2, &before, nullptr); }
  struct sigaction before {};
};

void say_with_signals(const segment_geometry& g, bool sealed, int speakers) {
  constexpr int places = 1'500;
  const own_folder folder;
  ++signalled_log::generation;
  signalled_log log(folder.path, g, sealed);
  const logger from_handler(&log.table, "signal");
  handlers_log = &from_handler;
  all_handled = 0;
  const handled_signal handler;
  std::latch all_here(speakers);
  std::atomic<int> running{speakers};
  std::vector<std::thread> threads;
  for (int t = 0; t < speakers; ++t)
    threads.emplace_back([&, t] {
      for (handled = 2; handled < 4; ++handled) {  // What a handler says has been said before.
        say_in_handler();
        ++all_handled;
      }
      all_here.arrive_and_wait();
      start_signals();
      for (int i = 0; i < places; ++i) {
        const std::string tag = "t" + std::to_string(t) + "-" + std::to_string(i);
        const logger place(&log.table, tag.c_str());
        place.info("line");
        place.write(THARSIS_LOG_INFO, "text " + tag);
      }
      going = 0;
      timer_delete(timer_of_this_thread);
      --running;
    });
  while (running > 0) log.write_what_waits(false), std::this_thread::yield();
  for (auto& t : threads) t.join();
  log.write_what_waits(true);
  EXPECT_TRUE(log.in.rings().close(10s));

  uint64_t from_handlers = 0, lines = 0;
  for (const auto& [text, count] : log.texts()) {
    if (text.find("handler") != std::string::npos) {
      from_handlers += count;
    } else {
      ++lines;
      EXPECT_EQ(count, 1u) << text;
    }
  }
  EXPECT_EQ(lines, uint64_t{2} * places * static_cast<uint64_t>(speakers));
  EXPECT_EQ(from_handlers, all_handled);
  EXPECT_GT(all_handled, 2 * static_cast<uint64_t>(speakers)) << "no signal came at all";
  handlers_log = nullptr;
}

const segment_geometry roomy{8, 256 << 10, 2 << 20};

}  // namespace

TEST(SignalLines, AreInTheFileWhereverTheyCame) { say_with_signals(roomy, false, 2); }
TEST(SignalLines, AreInTheFileOfASealedRingToo) { say_with_signals(roomy, true, 2); }

// By hand, at the very places where a thread holds what its handler wants.
TEST(SignalLines, AreKeptInsideALineOfTheirOwnThreadAndInsideTheRegistry) {
  const own_folder folder;
  ++signalled_log::generation;
  signalled_log log(folder.path, roomy, false);
  const logger place(&log.table);
  place.info("first");
  tharsis_log_ring* const own = log.in.rings().ring();
  busy(*own) = 1;
  place.warning("inside a line {}", 1);
  busy(*own) = 0;
  site_registry* asked = nullptr;
  site_registry asking([&](const std::string&) {
    if (asked == nullptr) return true;
    EXPECT_EQ(asked->number_of({2, 1, "other", {}, {}, "{}", "s"}), 0u);
    EXPECT_TRUE(asked->text_place_of("other", THARSIS_LOG_INFO).common);
    asked->count_lost(1);
    EXPECT_EQ(asked->wait_of(1), 0ms);
    return true;
  });
  asked = &asking;
  EXPECT_NE(asking.number_of({2, 1, "app", {}, {}, "{}", "s"}), 0u);
  log.write_what_waits(true);
  EXPECT_EQ(log.texts(), (std::map<std::string, uint64_t>{{"first", 1}, {"app: inside a line {}", 1}}));
}
