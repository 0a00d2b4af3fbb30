// stn among real threads: several strands start and cancel tasks at once, over real sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <random>

#include "plugins/stn/dispatcher.h"
#include "runtime/real_platform.h"
#include "tests/plugins/stn/plugin_host.h"
#include "tests/plugins/stn/scripted_server.h"

using namespace tharsis;

namespace {

const tharsis_strand& open_strand(const runtime::real_platform& p, const char* name) {
  const tharsis_strand* s = nullptr;
  tharsis_error why = no_error();
  EXPECT_EQ(p.table()->strand_open(p.table()->self, name, THARSIS_STRAND_DEDICATED, &s, &why), THARSIS_OK)
      << why.text;
  return *s;
}

// Runs f on the strand and waits until it has.
void on_strand(const tharsis_strand& s, std::function<void()> f) {
  std::packaged_task<void()> work(std::move(f));
  auto done = work.get_future();
  const auto wake = [](void* context, tharsis_handle) {
    (*static_cast<std::packaged_task<void()>*>(context))();
  };
  ASSERT_EQ(s.loop->post(s.loop->self, s.id, wake, &work, 0), THARSIS_OK);
  done.get();
}

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
    EXPECT_TRUE(to.has(id)) << "it is told here, so later";
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

// Ends the dispatcher on its strand and tells when that is done.
task<void> shut(stn::dispatcher* tasks, std::promise<void>* stopped) {
  co_await tasks->stop();
  stopped->set_value();
}

// Four strands that ask stn for answers; `stops_early`: it is stopped while they do.
void ask_and_stop(bool stops_early, bool meddling = false) {
  runtime::real_platform platform;
  const tharsis_strand& server_home = open_strand(platform, "server");
  const tharsis_strand& home = open_strand(platform, "stn");
  strand server_place(server_home.loop), place(home.loop);
  test::scripted_server server(server_place, *server_home.net);
  tharsis_address address = *parse_ip("127.0.0.1");
  on_strand(server_home, [&] {
    ASSERT_EQ(server.listen(address, std::nullopt), THARSIS_OK);
    address = server.address();
  });

  test::plugin_host host(*platform.table(), home);
  stn::settings settings;
  settings.links.resize(1);
  settings.links[0].name = "main";
  settings.links[0].endpoints = {{"tcp", "127.0.0.1", address.port}};
  const stn::link_events events(host.tables());
  std::optional<stn::dispatcher> tasks;
  std::optional<task_set> closing;
  on_strand(home, [&] {
    tasks.emplace(place, host.tables(), settings, events);
    closing.emplace(place);
    tasks->start();
  });

  std::vector<std::unique_ptr<asker>> askers;
  for (uint64_t i = 1; i <= 4; ++i)
    askers.push_back(std::make_unique<asker>(open_strand(platform, "asker"), *tasks, i, meddling));
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
  std::promise<void> stopped;
  on_strand(home, [&] { closing->spawn(shut(&*tasks, &stopped)); });
  EXPECT_EQ(stopped.get_future().wait_for(10s), std::future_status::ready);
  if (stops_early) wait_for_answers();
  on_strand(home, [&] {
    closing.reset();
    tasks.reset();
    home.close(home.self);
  });
  on_strand(server_home, [&] {
    server.close();
    server_home.close(server_home.self);
  });
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
