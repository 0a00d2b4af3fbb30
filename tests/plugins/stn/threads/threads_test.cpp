// stn among real threads: several strands start and cancel tasks at once, over real sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <random>

#include "tests/plugins/stn/plugin_host.h"
#include "tests/plugins/stn/real_strand.h"
#include "tests/plugins/stn/scripted_server.h"

using namespace tharsis;
using test::on_strand;
using test::open_strand;
using test::shut;

namespace {

// One of those who start tasks, on a strand of its own.
struct asker {
  static constexpr int tasks = 300;

  // `meddles`: also says of its links whatever may be said.
  asker(const tharsis_strand& s, stn::dispatcher& d, uint64_t seed, bool meddles) : home(s), to(d), random(seed), meddles(meddles) {}

  void begin() {
    for (int i = 0; i < tasks; ++i) {
      const std::string body = std::to_string(home.id) + "/" + std::to_string(i);
      tharsis_stn_task t{};
      t.size = sizeof t;
      t.command = mars::command_send_message;
      t.body = t.key = bytes_of(as_bytes(body));
      t.context = this;
      t.done = on_done;
      if (i % 3 == 0) {
        t.body = {};
        t.encode = make;
      }
      if (i % 2 == 0) t.decode = judge;
      tharsis_handle id = 0;
      ASSERT_EQ(to.submit(t, &id, nullptr), THARSIS_OK);
      open[id] = body;
      if (random() % 10 == 0) to.cancel(id);
      if (meddles) meddle(id);
    }
  }
  void meddle(tharsis_handle id) {
    const tharsis_text main = text_of("main"), nobody = text_of("nobody");
    (void)to.has(id);  // It may have ended by now; that is told here, so later.
    EXPECT_FALSE(to.has(~id));
    switch (random() % 40) {
      case 0: return to.redo(main);
      case 1: return to.touch({});
      case 2: return to.clear(main, nobody);
      case 3: return to.reset(nobody);
      case 4: return to.clear(main, {});
      default: return;
    }
  }
  static void on_done(void* context, tharsis_handle id, const tharsis_stn_result* result) {
    auto& self = *static_cast<asker*>(context);
    EXPECT_EQ(self.home.loop->current(self.home.loop->self), self.home.id);
    const auto found = self.open.find(id);
    ASSERT_NE(found, self.open.end()) << "answered twice, or somebody else's";
    if (result->status == THARSIS_OK)
      EXPECT_EQ(as_text(view(result->body)), found->second);
    else
      EXPECT_EQ(result->status, THARSIS_E_CANCELLED) << view(result->reason);
    self.open.erase(found);
    if (self.open.empty()) self.finished.set_value();
  }

  static int64_t make(void* context, tharsis_handle id, const tharsis_stn_turn*, uint8_t* into, size_t room) {
    auto& self = *static_cast<asker*>(context);
    EXPECT_EQ(self.home.loop->current(self.home.loop->self), self.home.id);
    const std::string& body = self.open.at(id);
    EXPECT_LE(body.size(), room);
    std::memcpy(into, body.data(), body.size());
    return static_cast<int64_t>(body.size());
  }
  static uint32_t judge(void* context, tharsis_handle id, tharsis_bytes body, int32_t*) {
    auto& self = *static_cast<asker*>(context);
    EXPECT_EQ(self.home.loop->current(self.home.loop->self), self.home.id);
    EXPECT_EQ(as_text(view(body)), self.open.at(id));
    return self.random() % 4 == 0 ? uint32_t{THARSIS_STN_RETRY} : uint32_t{THARSIS_STN_ACCEPT};
  }

  const tharsis_strand& home;
  stn::dispatcher& to;
  std::mt19937_64 random;
  const bool meddles;
  std::map<tharsis_handle, std::string> open;  // Of its own strand.
  std::promise<void> finished;
};

// stn on a strand of its own, and its server on another one.
struct threads_stage {
  explicit threads_stage(decltype(test::scripted_server::pushes) pushes = {}) {
    server.pushes = std::move(pushes);
    tharsis_address address = *parse_ip("127.0.0.1");
    on_strand(server_home, [&] {
      ASSERT_EQ(server.listen(address, std::nullopt), THARSIS_OK);
      address = server.address();
    });
    settings = test::one_link(address.port);
    on_strand(home, [&] {
      tasks.emplace(place, host.tables(), settings, events);
      closing.emplace(place);
      tasks->start();
    });
  }
  void stop() {
    std::promise<void> stopped;
    on_strand(home, [&] { closing->spawn(shut(&*tasks, &stopped)); });
    EXPECT_EQ(stopped.get_future().wait_for(10s), std::future_status::ready);
  }
  // After stop().
  void close() {
    on_strand(home, [&] {
      closing.reset();
      tasks.reset();
      home.close(home.self);
    });
    on_strand(server_home, [&] {
      server.close();
      server_home.close(server_home.self);
    });
  }

  runtime::real_platform platform;
  const tharsis_strand& server_home = open_strand(platform, "server");
  const tharsis_strand& home = open_strand(platform, "stn");
  strand server_place{server_home.loop}, place{home.loop};
  test::scripted_server server{server_place, *server_home.net};
  test::plugin_host host{*platform.table(), home};
  stn::settings settings;
  const stn::link_events events{host.tables()};
  std::optional<stn::dispatcher> tasks;
  std::optional<task_set> closing;
};

// Four strands that ask stn for answers; `stops_early`: it is stopped while they do.
void ask_and_stop(bool stops_early, bool meddling = false) {
  threads_stage stage;
  std::vector<std::unique_ptr<asker>> askers;
  for (uint64_t i = 1; i <= 4; ++i)
    askers.push_back(std::make_unique<asker>(open_strand(stage.platform, "asker"), *stage.tasks, i, meddling));
  for (const auto& a : askers)
    a->home.loop->post(
        a->home.loop->self, a->home.id, [](void* c, tharsis_handle) { static_cast<asker*>(c)->begin(); },
        a.get(), 0);
  const auto wait_for_answers = [&] {
    for (const auto& a : askers)
      EXPECT_EQ(a->finished.get_future().wait_for(60s), std::future_status::ready) << "tasks without an answer";
  };
  if (!stops_early) wait_for_answers();
  for (const auto& a : askers)  // Until it has begun, so that it has something to wait for.
    if (stops_early) on_strand(a->home, [] {});
  stage.stop();
  if (stops_early) wait_for_answers();
  stage.close();
  for (const auto& a : askers) on_strand(a->home, [&] { a->home.close(a->home.self); });
}

}  // namespace

TEST(StnThreads, EveryStrandGetsItsOwnAnswersOnceWhileAllOfThemAskAndCancel) { ask_and_stop(false); }

TEST(StnThreads, EveryTaskEndsOnItsStrandWhenStnIsStoppedWhileAllOfThemAsk) { ask_and_stop(true); }

// Each time as threads and sockets happen to fall; the simulator's 10,000 are in destroy_sim_test.cpp.
TEST(StnThreads, BusyAndDestroyedTwoHundredTimes) {
  for (int i = 0; i < 200 && !HasFailure(); ++i) ask_and_stop(true, i % 2 == 0);
}

// Mars reads a link's state and profile from threads that do not own them.
TEST(StnThreads, MarsDefect20AnythingMayBeSaidFromAnyStrandAtAnyTime) { ask_and_stop(false, true); }

namespace {

// Hears pushes on a strand of its own, and now and then stops and begins again.
struct listener {
  static constexpr int first = 37, wanted = 60;  // The others of the first burst are gone before it subscribes again.

  listener(const tharsis_strand& s, stn::dispatcher& d) : home(s), to(d) {}
  void begin() {
    const tharsis_stn_push_filter f{sizeof f, 1000, 1001, 0, {}, on_push, this};
    ASSERT_EQ(to.pushes().subscribe(&f, &id, nullptr), THARSIS_OK);
    subscribed = true;
    next = 0;
    if (heard >= first) again.set_value();
  }
  static void on_push(void* context, tharsis_text, uint32_t command, tharsis_bytes) {
    auto& self = *static_cast<listener*>(context);
    EXPECT_EQ(self.home.loop->current(self.home.loop->self), self.home.id);
    EXPECT_TRUE(self.subscribed) << "a push after unsubscribe()";
    if (self.next != 0) {
      EXPECT_EQ(command, self.next) << "out of order";
    }
    self.next = command == 1000 ? 1001 : 1000;
    if (++self.heard == wanted) self.finished.set_value();
    if (self.heard != first) return;
    self.to.pushes().unsubscribe(self.id);
    self.subscribed = false;
    self.home.loop->post(self.home.loop->self, self.home.id, [](void* c, tharsis_handle) { static_cast<listener*>(c)->begin(); }, context, 0);
  }

  const tharsis_strand& home;
  stn::dispatcher& to;
  tharsis_handle id = 0;
  bool subscribed = false;
  uint32_t next = 0;
  int heard = 0;
  std::promise<void> again, finished;
};

}  // namespace

TEST(StnThreads, PushesComeToEachSubscriberOnItsStrandInOrderAndNoneAfterItsEnd) {
  threads_stage stage({{1000, "even"}, {1001, "odd"}});
  std::vector<std::unique_ptr<listener>> listeners;
  for (int i = 0; i < 3; ++i) {
    listeners.push_back(std::make_unique<listener>(open_strand(stage.platform, "listener"), *stage.tasks));
    on_strand(listeners.back()->home, [&] { listeners.back()->begin(); });
  }
  const tharsis_strand& speaker = open_strand(stage.platform, "asker");
  for (uint64_t burst = 0; burst < 2; ++burst) {  // Two pushes for each request.
    asker speaks(speaker, *stage.tasks, burst, false);
    on_strand(speaker, [&] { speaks.begin(); });
    EXPECT_EQ(speaks.finished.get_future().wait_for(20s), std::future_status::ready);
    for (const auto& l : listeners)
      if (burst == 0) {
        EXPECT_EQ(l->again.get_future().wait_for(20s), std::future_status::ready);
      }
    on_strand(stage.home, [] {});  // What was subscribed is known there.
  }
  for (const auto& l : listeners) EXPECT_EQ(l->finished.get_future().wait_for(20s), std::future_status::ready);
  stage.stop();
  for (const auto& l : listeners) on_strand(l->home, [&] { l->home.close(l->home.self); });
  on_strand(speaker, [&] { speaker.close(speaker.self); });
  stage.close();
}
