// Goal: minor links are made when tasks want them, within their limits, and nothing of them stays when none does.
#include "plugins/stn/core/minor_links.h"

#include "tests/plugins/stn/dial_world.h"

using namespace tharsis;
using test::dial_world;
using verdict_of = stn::minor_verdict::way;
using manner = test::scripted_server::manner;

namespace {

// The link main, and hosts a.media.test, b.media.test ... with a server each.
class minor_world : public dial_world {
 public:
  explicit minor_world(uint64_t seed, size_t hosts = 2) : dial_world(seed) {
    main_server = &add_server("10.0.0.9");
    world.add_name(name, {"10.0.0.9"});
    for (size_t i = 0; i < hosts; ++i) {
      const std::string ip = "10.0.2." + std::to_string(i + 1);
      servers.push_back(&add_server(ip));
      world.add_name(host(i), {ip});
    }
    stn::minor_settings m;
    m.name = m.like = "main";
    m.hosts = {host(0), "*.media.test"};
    m.idle_after = 5s;
    settings.minor_links = {m};
  }
  static std::string host(size_t i) { return std::string(1, static_cast<char>('a' + i)) + ".media.test"; }
  stn::minor_settings& minor() { return settings.minor_links[0]; }

  tharsis_status begin(const std::string& title, const std::string& to, uint32_t channels = THARSIS_STN_MINOR,
                       const std::function<void(tharsis_stn_task&)>& more = {}) {
    tharsis_stn_task t{};
    t.host = text_of(to);
    t.channels = channels;
    if (more) more(t);
    return start_task(title, t);
  }
  // Names of the links that there are, but for main.
  std::vector<std::string> minors() {
    std::vector<std::string> names;
    for (const stn::longlink* l : dispatcher->links().all())
      if (l->name() != "main") names.push_back(l->name());
    return names;
  }
  std::vector<test::scripted_server*> servers;
  test::scripted_server* main_server;
};

}  // namespace

TEST(MinorLinks, APatternIsForWhatIsBelowIt) {
  EXPECT_TRUE(stn::is_host_of("media.example.com", "media.example.com"));
  EXPECT_FALSE(stn::is_host_of("media.example.com", "a.media.example.com"));
  EXPECT_TRUE(stn::is_host_of("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(stn::is_host_of("*.example.com", "example.com"));
  EXPECT_FALSE(stn::is_host_of("*.example.com", "badexample.com"));
  EXPECT_FALSE(stn::is_host_of("*.example.com", "*.example.com"));
}

TEST(MinorLinks, OneWithoutTasksIsUsedElseOneIsMadeElseTheTaskGoesElsewhere) {
  stn::minor_settings s;
  s.most = 2;
  s.in_all = 3;
  EXPECT_EQ(stn::choose_minor({}, 0, false, s).what, verdict_of::open);
  const std::vector<stn::minor_link> busy = {{true, 1}}, full = {{true, 3}, {false, 1}}, free = {{true, 1}, {false, 0}, {true, 0}};
  EXPECT_EQ(stn::choose_minor(busy, 1, false, s).what, verdict_of::open);
  EXPECT_EQ(stn::choose_minor(busy, 3, false, s).what, verdict_of::none) << "there are as many as may be";
  EXPECT_EQ(stn::choose_minor(full, 2, false, s).what, verdict_of::none);
  EXPECT_EQ(stn::choose_minor(full, 2, true, s).which, 1u) << "a task that goes nowhere else waits behind the fewest";
  EXPECT_EQ(stn::choose_minor(free, 3, false, s).which, 2u) << "one that is up";
  const std::vector<stn::minor_link> down = {{false, 0}};
  EXPECT_EQ(stn::choose_minor(down, 3, false, s).what, verdict_of::none) << "it may never come up";
  EXPECT_EQ(stn::choose_minor(down, 3, true, s).what, verdict_of::use);
  EXPECT_EQ(stn::choose_minor({}, 3, true, s).what, verdict_of::none);
}

TEST(MinorLinksSim, OneIsMadeForATaskAndGoesWhenNobodyNeedsIt) {
  minor_world w(1);
  w.start();
  ASSERT_TRUE(w.wait_up());
  EXPECT_TRUE(w.minors().empty());
  for (int round = 1; round <= 3; ++round) {
    const std::string n = std::to_string(round);
    EXPECT_EQ(w.begin("first " + n, w.host(1)), THARSIS_OK) << w.last_error;
    ASSERT_TRUE(w.wait_answers(static_cast<size_t>(2 * round - 1), 5s));
    EXPECT_EQ(w.minors(), std::vector<std::string>{"main@b.media.test"});
    w.world.run_for(2s);
    EXPECT_EQ(w.begin("second " + n, w.host(1)), THARSIS_OK);
    ASSERT_TRUE(w.wait_answers(static_cast<size_t>(2 * round), 5s));
    EXPECT_EQ(w.servers[1]->connections, round) << "it was still there";
    w.world.run_for(6s);
    EXPECT_TRUE(w.minors().empty());
  }
  for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << title;
  EXPECT_EQ(w.main_server->requests.size(), 0u);
  EXPECT_EQ(w.servers[0]->connections, 0);
}

TEST(MinorLinksSim, ATaskWithoutAHostGoesToTheFirst) {
  minor_world w(2);
  w.start();
  EXPECT_EQ(w.begin("task", ""), THARSIS_OK) << w.last_error;
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.servers[0]->requests.size(), 1u);
}

TEST(MinorLinksSim, WhatIsNotAllowedIsRefusedWithASentence) {
  minor_world w(3);
  w.start();
  EXPECT_EQ(w.begin("x", "evil.test"), THARSIS_E_INVALID);
  EXPECT_NE(w.last_error.find("minor_links.main.hosts does not allow the host 'evil.test'"), std::string::npos) << w.last_error;
  EXPECT_EQ(w.begin("x", "x/y.media.test"), THARSIS_E_INVALID) << w.last_error;
  EXPECT_EQ(w.begin("x", w.host(0), THARSIS_STN_LONG), THARSIS_E_INVALID);
  EXPECT_NE(w.last_error.find("add THARSIS_STN_MINOR"), std::string::npos) << w.last_error;
  EXPECT_EQ(w.begin("x", w.host(0), THARSIS_STN_MINOR, [](tharsis_stn_task& t) { t.order = 1; }), THARSIS_E_INVALID);
  EXPECT_EQ(w.begin("x", w.host(0), THARSIS_STN_MINOR, [](tharsis_stn_task& t) { t.link = text_of("side"); }), THARSIS_E_NOT_FOUND);
  EXPECT_NE(w.last_error.find("there are no minor links 'side'"), std::string::npos) << w.last_error;
  EXPECT_EQ(w.begin("x", w.host(0), THARSIS_STN_MINOR | THARSIS_STN_SHORT), THARSIS_E_NOT_FOUND) << "there is no short link";
  EXPECT_EQ(w.answers, 0u);
}

TEST(MinorLinksSim, AHostThatIsNotReachedDoesNotKeepItsPlace) {
  minor_world w(9);
  w.minor().in_all = 1;
  w.minor().idle_after = 60s;
  w.start();
  w.cut("10.0.2.1", true);
  EXPECT_EQ(w.begin("lost", w.host(0), THARSIS_STN_MINOR, [](tharsis_stn_task& t) { t.timeout_ms = 2000; }), THARSIS_OK);
  w.world.run_for(100ms);
  EXPECT_EQ(w.begin("busy", w.host(1)), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2, 5s));
  EXPECT_EQ(w.outcomes["busy"].why, uint32_t{THARSIS_STN_MINOR_BUSY});
  EXPECT_EQ(w.outcomes["lost"].status, THARSIS_E_TIMEOUT);
  EXPECT_EQ(w.begin("free", w.host(1)), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(3, 5s));
  EXPECT_EQ(w.outcomes["free"].status, THARSIS_OK) << w.outcomes["free"].reason;
}

TEST(MinorLinksSim, WhatMayGoElsewhereDoesNotWaitBehindAnother) {
  minor_world w(4);
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.servers[0]->how = manner::mute_after_hello;
  EXPECT_EQ(w.begin("slow", w.host(0)), THARSIS_OK);
  w.world.run_for(100ms);
  EXPECT_EQ(w.begin("other", w.host(0), THARSIS_STN_MINOR | THARSIS_STN_LONG), THARSIS_OK) << w.last_error;
  ASSERT_TRUE(w.wait_answers(1, 2s));
  EXPECT_EQ(w.main_server->requests, std::vector<std::string>{"other"});
  EXPECT_EQ(w.begin("fresh", w.host(1), THARSIS_STN_MINOR | THARSIS_STN_LONG), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2, 2s));
  EXPECT_EQ(w.servers[1]->requests, std::vector<std::string>{"fresh"});
}

TEST(MinorLinksSim, ToOneHostThereAreSoManyAndTheOthersWait) {
  minor_world w(5);
  w.minor().most = 2;
  w.start();
  w.servers[0]->unanswered = 2;
  for (const char* title : {"1", "2", "3", "4"}) EXPECT_EQ(w.begin(title, w.host(0)), THARSIS_OK);
  EXPECT_EQ(w.minors(), (std::vector<std::string>{"main@a.media.test", "main@a.media.test#2"}));
  ASSERT_TRUE(w.wait_answers(4));
  EXPECT_EQ(w.servers[0]->requests.size(), 4u);
  w.world.run_for(10s);
  EXPECT_TRUE(w.minors().empty());
}

TEST(MinorLinksSim, OneThatIsIdleGivesItsPlaceToAnotherHost) {
  minor_world w(6, 3);
  w.minor().in_all = 2;
  w.minor().idle_after = 1min;
  w.start();
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(w.begin("to " + w.host(i), w.host(i)), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  w.servers[1]->how = w.servers[2]->how = manner::mute_after_hello;
  EXPECT_EQ(w.begin("slow", w.host(1)), THARSIS_OK);
  w.world.run_for(100ms);
  EXPECT_EQ(w.begin("third", w.host(2)), THARSIS_OK);
  w.world.run_for(100ms);
  EXPECT_EQ(w.minors(), (std::vector<std::string>{"main@b.media.test", "main@c.media.test"}));
  EXPECT_EQ(w.begin("fourth", w.host(0)), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(3, 100ms));
  EXPECT_EQ(w.outcomes["fourth"].status, THARSIS_E_BUSY);
  EXPECT_EQ(w.outcomes["fourth"].why, uint32_t{THARSIS_STN_MINOR_BUSY});
}

// Hosts die and come back, tasks come and are cancelled; limits hold at every step, and at the end nothing is left.
TEST(MinorLinksSim, OverSeedsEachTaskHasOneAnswerLimitsHoldAndNothingStays) {
  size_t made = 0, busy = 0, elsewhere = 0;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE(seed);
    minor_world w(seed, 4);
    const auto random = [&](uint64_t below) { return static_cast<size_t>(w.world.random() % below); };
    w.minor().most = static_cast<int64_t>(1 + random(3));
    w.minor().in_all = static_cast<int64_t>(1 + random(5));
    w.minor().idle_after = 100ms + std::chrono::milliseconds(random(3000));
    w.start();
    size_t tasks = 0;
    for (int step = 0; step < 80; ++step) {
      w.world.run_for(std::chrono::milliseconds(random(600)));
      if (random(8) == 0) w.cut("10.0.2." + std::to_string(1 + random(4)), random(2) == 0);
      if (random(8) == 0) w.servers[random(4)]->unanswered = static_cast<int>(random(2));
      const std::string title = "task " + std::to_string(step);
      const uint32_t channels = random(2) == 0 ? uint32_t{THARSIS_STN_MINOR} : uint32_t{THARSIS_STN_MINOR | THARSIS_STN_LONG};
      ASSERT_EQ(w.begin(title, w.host(random(4)), channels,
                        [&](tharsis_stn_task& t) {
                          t.timeout_ms = static_cast<uint32_t>(500 + random(20'000));
                          if (random(2) == 0) t.key = bytes_of(as_bytes(title));
                        }),
                THARSIS_OK);
      ++tasks;
      if (random(5) == 0) w.cancel(title);
      if (random(40) == 0) w.client.on_strand([&] { w.dispatcher->reset({}); });
      std::map<std::string, int64_t> by_host;
      for (const std::string& n : w.minors()) ++by_host[n.substr(0, n.find('#'))];
      EXPECT_LE(static_cast<int64_t>(w.minors().size()), w.minor().in_all);
      for (const auto& [to, count] : by_host) EXPECT_LE(count, w.minor().most) << to;
    }
    for (size_t i = 1; i <= 4; ++i) w.cut("10.0.2." + std::to_string(i), false);
    ASSERT_TRUE(w.wait_answers(tasks)) << "of " << tasks << " tasks " << w.answers << " have an end";
    w.world.run_for(2min);
    for (const auto& [title, o] : w.outcomes) {
      EXPECT_EQ(o.answers, 1) << title;
      busy += o.why == THARSIS_STN_MINOR_BUSY;
    }
    for (const auto* s : w.servers) made += static_cast<size_t>(s->connections);
    elsewhere += w.main_server->requests.size();
    EXPECT_TRUE(w.minors().empty()) << w.minors().front() << " has stayed";
  }
  EXPECT_GT(made, 1000u);
  EXPECT_GT(busy, 100u);
  EXPECT_GT(elsewhere, 100u);
}

// The next task is started inside the end of the one before, to another host: the link that gives its place away is in
// the middle of telling that end.
TEST(MinorLinksSim, ALinkMayGiveItsPlaceAwayWhileItTellsTheEndOfItsLastTask) {
  minor_world w(7, 3);
  w.minor().in_all = 1;
  w.start();
  struct chain {
    minor_world& w;
    size_t ended = 0, busy = 0;
    static void on_end(void* context, tharsis_handle, const tharsis_stn_result* r) {
      auto& self = *static_cast<chain*>(context);
      self.busy += r->why == THARSIS_STN_MINOR_BUSY;
      if (++self.ended < 200) self.next();
    }
    void next() {
      const std::string to = w.host(ended % 3);
      tharsis_stn_task t{};
      t.size = sizeof t;
      t.command = mars::command_send_message;
      t.channels = THARSIS_STN_MINOR;
      t.timeout_ms = ended % 7 == 0 ? 1 : 10'000;  // Some are over before their link is up.
      t.host = text_of(to);
      t.context = this;
      t.done = on_end;
      EXPECT_EQ(w.dispatcher->submit(t, nullptr, nullptr), THARSIS_OK);
    }
  } c{w};
  w.client.on_strand([&] { c.next(); });
  ASSERT_TRUE(w.world.run_until([&] { return c.ended == 200; }, w.world.now() + 10min)) << c.ended;
  EXPECT_LT(c.busy, 100u);
  w.world.run_for(10s);
  EXPECT_TRUE(w.minors().empty());
}

// The same where its connection has died under the task: then nothing of the link waits for anything.
TEST(MinorLinksSim, ALinkMayGiveItsPlaceAwayWhileItTellsThatItsLastTaskIsLost) {
  minor_world w(10, 2);
  w.minor().in_all = 1;
  for (test::scripted_server* s : w.servers) s->how = manner::hang_up;
  w.start();
  struct chain {
    minor_world& w;
    size_t ended = 0, lost = 0;
    static void on_end(void* context, tharsis_handle, const tharsis_stn_result* r) {
      auto& self = *static_cast<chain*>(context);
      self.lost += r->why == THARSIS_STN_LOST;
      if (++self.ended < 50) self.next();
    }
    void next() {
      const std::string to = w.host(ended % 2);
      tharsis_stn_task t{};
      t.size = sizeof t;
      t.command = mars::command_send_message;
      t.channels = THARSIS_STN_MINOR;
      t.host = text_of(to);
      t.context = this;
      t.done = on_end;
      EXPECT_EQ(w.dispatcher->submit(t, nullptr, nullptr), THARSIS_OK);
    }
  } c{w};
  w.client.on_strand([&] { c.next(); });
  ASSERT_TRUE(w.world.run_until([&] { return c.ended == 50; }, w.world.now() + 10min)) << c.ended;
  EXPECT_EQ(c.lost, 50u);
}

// Links wait until the outbox is read, since it knows the client's id; tasks may come before.
TEST(MinorLinksSim, OneThatIsWantedBeforeTheLinksStartStartsOnceWithThem) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    minor_world w(seed);
    w.settings.outbox.use = true;
    w.outbox = "/state/outbox";
    w.write_ca();  // And its folder.
    w.start();
    EXPECT_EQ(w.begin("early", w.host(0)), THARSIS_OK) << w.last_error;
    ASSERT_TRUE(w.wait_answers(1));
    EXPECT_EQ(w.outcomes["early"].status, THARSIS_OK) << w.outcomes["early"].reason;
    EXPECT_EQ(w.servers[0]->connections, 1);
    w.world.run_for(10s);
    EXPECT_TRUE(w.minors().empty());
  }
}
