// Links come and go while tasks are under way: each task ends once, and nothing of a link that has gone is found.
#include <random>

#include "tests/plugins/stn/link_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using test::link_world;

namespace {

stn::link_settings named(const link_world& w, const std::string& name) {
  stn::link_settings s = w.settings.links[0];
  s.name = name;
  return s;
}

// As the dispatcher does it for a profile that does not name the link any more.
void remove(link_world& w, const std::string& name) {
  stn::link_directory& links = w.dispatcher->links();
  const stn::longlink* const link = links.named(name);
  if (link == nullptr) return;
  links.remove(link->number(), {THARSIS_STN_WHY_REMOVED, THARSIS_E_CANCELLED, "the profile does not name it any more"},
               {THARSIS_E_GONE, THARSIS_STN_LINK_REMOVED, "its link was removed"});
}

void come_and_go(uint64_t seed) {
  std::mt19937_64 random(seed);
  link_world w(seed, "tcp");
  test::site app(w.world, w.client_machine, "app");
  w.world.between(w.client_machine, w.server_machine).delay = std::chrono::milliseconds(random() % 40);
  w.serve();
  w.start();
  const std::string names[] = {"main", "b", "c"};
  size_t started = 0;
  for (size_t i = 0; i < 24; ++i) {
    const std::string& name = names[random() % std::size(names)];
    switch (random() % 4) {
      case 0:
        w.client.on_strand([&] {
          if (w.dispatcher->links().named(name) == nullptr) w.dispatcher->open_link(named(w, name));
        });
        break;
      case 1: w.client.on_strand([&] { remove(w, name); }); break;
      default: {
        const std::string title = "t" + std::to_string(i);
        tharsis_stn_task t{};
        t.link = text_of(name);
        t.order = random() % 2;
        if (random() % 2 == 0) t.key = bytes_of(as_bytes(title));
        started += w.start_task(title, t, random() % 4 == 0, random() % 4 == 0, random() % 2 == 0 ? &app : nullptr) == THARSIS_OK;
      }
    }
    if (random() % 2 == 0) w.world.run_for(std::chrono::milliseconds(random() % 100));
  }
  ASSERT_TRUE(w.wait_answers(started)) << w.answers << " of " << started;
  for (const auto& [title, o] : w.outcomes) {
    EXPECT_LE(o.answers, 1) << title;
    if (o.answers == 1 && o.status != THARSIS_OK) {
      EXPECT_EQ(o.why, uint32_t{THARSIS_STN_LINK_REMOVED}) << title << ": " << o.reason;
    }
  }
  app.on_strand([&] { app.home->close(app.home->self); });
}

}  // namespace

TEST(LinkDirectory, EachTaskEndsOnceWhileLinksComeAndGo) { test::for_each_seed(test::seeds(300), come_and_go); }

TEST(LinkDirectory, ALinkThatIsRemovedSaysSoEndsItsTasksAndIsNotFoundAgain) {
  link_world w(1, "tcp");
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  w.server.unanswered = 1;
  ASSERT_EQ(w.submit("open", ""), THARSIS_OK);
  w.world.run_for(100ms);
  w.client.on_strand([&] { remove(w, "main"); });
  EXPECT_EQ(w.submit("later", ""), THARSIS_E_NOT_FOUND);
  w.world.run_for(2s);
  EXPECT_EQ(w.outcomes["open"].status, THARSIS_E_GONE);
  EXPECT_EQ(w.outcomes["open"].why, uint32_t{THARSIS_STN_LINK_REMOVED});
  EXPECT_EQ(w.host.states.back().state, uint32_t{THARSIS_STN_DOWN});
  EXPECT_EQ(w.host.states.back().why, uint32_t{THARSIS_STN_WHY_REMOVED});
  EXPECT_EQ(w.host.metrics.counted("links_up"), 0);
  w.client.on_strand([&] {
    stn::longlink& again = w.dispatcher->open_link(w.settings.links[0]);
    EXPECT_EQ(again.number(), 1u) << "a number was given twice";
    EXPECT_EQ(w.dispatcher->links().at(0), nullptr);
    EXPECT_EQ(w.dispatcher->links().named("main"), &again);
  });
  ASSERT_TRUE(w.wait_up());
  ASSERT_EQ(w.submit("again", ""), THARSIS_OK);
  EXPECT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.outcomes["again"].status, THARSIS_OK);
}

TEST(LinkDirectory, WithoutAnyLinkTasksAreRefusedAndStnStops) {
  link_world w(2, "tcp");
  w.settings.links.clear();
  w.start();
  EXPECT_EQ(w.submit("nowhere", ""), THARSIS_E_NOT_FOUND);
  w.client.on_strand([&] { w.dispatcher->reset(text_of("")); });
  w.world.run_for(1s);
}
