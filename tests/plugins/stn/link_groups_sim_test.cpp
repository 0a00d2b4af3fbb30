// Goal: a task over a group goes over a link that can carry it, whatever becomes of the others, and has one answer.
#include "plugins/stn/core/link_groups.h"

#include "tests/plugins/stn/dial_world.h"

using namespace tharsis;
using test::dial_world;
using choice = stn::group_settings::choice;

namespace {

// Links a, b and c, each to a server of its own, and a group "all" of them.
class group_world : public dial_world {
 public:
  explicit group_world(uint64_t seed, choice how, std::initializer_list<const char*> names = {"a", "b", "c"}) : dial_world(seed) {
    const stn::link_settings like = link();
    settings.links.clear();
    stn::group_settings group{"all", {}, how};
    for (const char* link_name : names) {
      stn::link_settings& l = settings.links.emplace_back(like);
      l.name = link_name;
      const std::string ip = "10.0.1." + std::to_string(settings.links.size());
      l.endpoints = {{"tcp", ip, port}};
      servers.push_back(&add_server(ip));
      ips.push_back(ip);
      group.links.push_back(link_name);
    }
    settings.groups = {group};
  }
  stn::link_settings& settings_of(size_t i) { return settings.links[i]; }
  size_t requests(size_t i) const { return servers[i]->requests.size(); }
  bool is_up(size_t i) {
    const stn::longlink* const l = dispatcher->links().named(settings.links[i].name);
    return l != nullptr && l->state() == THARSIS_STN_UP;
  }
  bool wait_for(size_t i, bool up) {
    return world.run_until([&] { return is_up(i) == up; }, world.now() + 1min);
  }
  // The server's machine is cut off, or is there again.
  void cut(size_t i, bool is) { dial_world::cut(ips[i], is); }

  std::vector<test::scripted_server*> servers;
  std::vector<std::string> ips;
};

std::vector<size_t> draw(stn::group_choice& c, const std::vector<stn::group_member>& all, int times) {
  std::vector<size_t> chosen;
  for (int i = 0; i < times; ++i) chosen.push_back(c.choose(all));
  return chosen;
}

}  // namespace

TEST(LinkGroups, TheFirstThatIsUp) {
  stn::group_choice c(choice::first_up);
  EXPECT_EQ(c.choose(std::vector<stn::group_member>{{true, 0, 9}, {true, 0, 0}}), 0u);
  EXPECT_EQ(c.choose(std::vector<stn::group_member>{{false, 0, 0}, {true, 0, 9}, {true, 0, 0}}), 1u);
}

TEST(LinkGroups, WhereNoneIsUpTheOneThatHasFailedLeast) {
  for (const choice how : {choice::first_up, choice::least_waiting, choice::round_robin}) {
    stn::group_choice c(how);
    EXPECT_EQ(c.choose(std::vector<stn::group_member>{{false, 3, 0}, {false, 1, 5}, {false, 2, 0}}), 1u);
  }
}

TEST(LinkGroups, TheOneWithTheFewestTasks) {
  stn::group_choice c(choice::least_waiting);
  EXPECT_EQ(c.choose(std::vector<stn::group_member>{{true, 0, 3}, {true, 0, 2}, {false, 0, 0}, {true, 0, 2}}), 1u);
}

TEST(LinkGroups, EachInItsTurnOfThoseThatAreUp) {
  stn::group_choice c(choice::round_robin);
  EXPECT_EQ(draw(c, {{true, 0, 0}, {true, 0, 0}, {true, 0, 0}}, 5), (std::vector<size_t>{0, 1, 2, 0, 1}));
  EXPECT_EQ(draw(c, {{true, 0, 0}, {false, 0, 0}, {true, 0, 0}}, 3), (std::vector<size_t>{2, 0, 2}));
  EXPECT_EQ(c.choose(std::vector<stn::group_member>{{true, 0, 0}}), 0u);
}

TEST(LinkGroupsSim, AGroupIsNamedLikeALink) {
  group_world w(1, choice::round_robin);
  w.start();
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(w.wait_for(i, true));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(w.submit("task " + std::to_string(i), "", 0, "all"), THARSIS_OK);
  EXPECT_EQ(w.submit("to b", "", 0, "b"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(7));
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(w.requests(i), i == 1 ? 3u : 2u);
  EXPECT_EQ(w.submit("x", "", 0, "al"), THARSIS_E_NOT_FOUND);
}

TEST(LinkGroupsSim, WhatBelongsToOneLinkNoGroupCanHave) {
  group_world w(2, choice::first_up);
  w.start();
  tharsis_stn_task t{};
  t.link = text_of("all");
  t.order = 7;
  EXPECT_EQ(w.start_task("ordered", t), THARSIS_E_INVALID);
  t.order = 0;
  t.connection = 1;
  EXPECT_EQ(w.start_task("bound", t), THARSIS_E_INVALID);
  EXPECT_NE(w.last_error.find("a group of links, or minor links, has no order and no connection"), std::string::npos) << w.last_error;
}

// Tasks of one order, or bound to a connection, are one link's; the application's word cannot change that.
TEST(LinkGroupsSim, TheApplicationCannotRouteAnOrderOverAGroup) {
  group_world w(8, choice::first_up);
  const tharsis_stn_route route{sizeof route, nullptr, [](void*, const tharsis_stn_route_task*, tharsis_text* link, tharsis_error*) -> tharsis_status {
                                  *link = text_of("all");
                                  return THARSIS_OK;
                                }};
  w.host.route = &route;
  w.start();
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(w.wait_for(i, true));
  tharsis_stn_task t{};
  t.link = text_of("b");
  EXPECT_EQ(w.start_task("free", t), THARSIS_OK);
  t.order = 7;
  EXPECT_EQ(w.start_task("ordered", t), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_EQ(w.outcomes["free"].status, THARSIS_OK);
  EXPECT_EQ(w.requests(0), 1u);
  EXPECT_EQ(w.outcomes["ordered"].status, THARSIS_E_INVALID);
  EXPECT_EQ(w.outcomes["ordered"].why, uint32_t{THARSIS_STN_NOT_ROUTED});
  EXPECT_NE(w.outcomes["ordered"].reason.find("over the group 'all'"), std::string::npos) << w.outcomes["ordered"].reason;
}

TEST(LinkGroupsSim, OthersStandInForTheFirst) {
  group_world w(3, choice::first_up);
  w.start();
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(w.wait_for(i, true));
  EXPECT_EQ(w.submit("one", "", 0, "all"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.requests(0), 1u);
  w.cut(0, true);
  EXPECT_EQ(w.submit("lost", "", 0, "all"), THARSIS_OK);
  ASSERT_TRUE(w.wait_for(0, false));
  EXPECT_EQ(w.submit("two", "", 0, "all"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(3));
  EXPECT_EQ(w.outcomes["lost"].status, THARSIS_E_NETWORK) << "it was sent, and has no key";
  EXPECT_EQ(w.requests(1), 1u);
  w.cut(0, false);
  ASSERT_TRUE(w.wait_for(0, true));
  EXPECT_EQ(w.submit("three", "", 0, "all"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(4));
  EXPECT_EQ(w.requests(0), 2u) << "back to the first";
}

// All are down when the tasks come; they wait for the first, and leave over whichever comes up.
TEST(LinkGroupsSim, TasksThatWaitMoveToTheLinkThatComesUp) {
  group_world w(4, choice::first_up);
  for (size_t i = 0; i < 3; ++i) w.cut(i, true);
  w.start();
  w.world.run_for(3s);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.submit("task " + std::to_string(i), i % 2 == 0 ? "key" + std::to_string(i) : "", 60'000, "all"), THARSIS_OK);
  tharsis_stn_task t{};
  t.link = text_of("all");
  t.timeout_ms = 60'000;
  EXPECT_EQ(w.start_task("made", t, true), THARSIS_OK);
  w.world.run_for(10s);
  EXPECT_EQ(w.answers, 0u);
  w.cut(2, false);
  ASSERT_TRUE(w.wait_answers(6));
  for (const auto& [title, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << title << ": " << o.reason;
  EXPECT_EQ(w.requests(2), 6u);
  EXPECT_EQ(w.outcomes["made"].encodes, 1);
}

TEST(LinkGroupsSim, ALinkOnDemandIsWokenWhenTheOneBeforeItDoesNotComeUp) {
  group_world w(5, choice::first_up, {"main", "spare"});
  w.settings_of(1).on_demand = true;
  w.settings_of(1).idle_after = 10s;
  w.start();
  ASSERT_TRUE(w.wait_for(0, true));
  EXPECT_EQ(w.submit("one", "", 0, "all"), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1));
  EXPECT_EQ(w.servers[1]->connections, 0);
  w.cut(0, true);
  w.client.on_strand([&] { w.dispatcher->redo(text_of("main")); });
  w.world.run_for(10ms);
  EXPECT_EQ(w.submit("two", "", 60'000, "all"), THARSIS_OK) << "it waits for the first, which has not failed yet";
  ASSERT_TRUE(w.wait_answers(2, 20s));
  EXPECT_EQ(w.outcomes["two"].status, THARSIS_OK) << w.outcomes["two"].reason;
  EXPECT_EQ(w.requests(1), 1u);
  w.world.run_for(30s);
  EXPECT_FALSE(w.is_up(1));
}

TEST(LinkGroupsSim, WhatIsSaidToAGroupItsLinksHear) {
  group_world w(6, choice::first_up, {"a", "b", "other"});
  w.settings.groups[0].links = {"a", "b"};
  w.start();
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(w.wait_for(i, true));
  w.client.on_strand([&] { w.dispatcher->redo(text_of("all")); });
  w.world.run_for(10s);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(w.servers[i]->connections, i < 2 ? 2 : 1);
}

TEST(LinkGroupsSim, TheReportShowsGroups) {
  group_world w(7, choice::least_waiting, {"a", "b"});
  w.cut(1, true);
  w.start();
  ASSERT_TRUE(w.wait_for(0, true));
  stn::links_report r;
  w.client.on_strand([&] { r = w.dispatcher->report(); });
  const auto read = stn::parse_links_report(stn::book_text(r));
  ASSERT_TRUE(read) << read.failure().text;
  const std::string text = stn::status_text(*read, 0);
  EXPECT_NE(text.find("all    least_waiting  a (up), b (connecting)"), std::string::npos) << text;
  const std::string json = stn::status_json(*read, 0);
  EXPECT_NE(json.find(R"("groups":[{"group":"all","choose":"least_waiting","links":["a","b"]}])"), std::string::npos) << json;
}

// Links die and come back at random; at least one of them lives at any time.
TEST(LinkGroupsSim, OverSeedsEachTaskHasOneAnswerWhileLinksDieAndComeBack) {
  size_t moved = 0;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE(seed);
    group_world w(seed, static_cast<choice>(seed % 3));
    const auto random = [&](uint64_t below) { return static_cast<size_t>(w.world.random() % below); };
    for (size_t i = 0; i < 3; ++i) {
      w.settings_of(i).on_demand = random(3) == 0;
      w.settings_of(i).idle_after = 1s + std::chrono::milliseconds(random(3000));
    }
    w.start();
    size_t alive = random(3), tasks = 0;
    for (int step = 0; step < 60; ++step) {
      w.world.run_for(std::chrono::milliseconds(random(1500)));
      if (random(4) == 0) {
        alive = random(3);
        for (size_t i = 0; i < 3; ++i) w.cut(i, i != alive && random(2) == 0);
      }
      if (random(10) == 0) w.client.on_strand([&] { w.dispatcher->redo({}); });
      tharsis_stn_task t{};
      t.link = text_of("all");
      t.timeout_ms = 40'000;
      const std::string title = "task " + std::to_string(step);
      if (random(2) == 0) t.key = bytes_of(as_bytes(title));
      const bool made = random(4) == 0;
      if (w.start_task(title, t, made, random(4) == 0) == THARSIS_OK) ++tasks;
      if (made && w.outcomes[title].answers == 0 && random(4) == 0) w.cancel(title);
    }
    for (size_t i = 0; i < 3; ++i) w.cut(i, false);
    ASSERT_TRUE(w.wait_answers(tasks)) << "of " << tasks << " tasks " << w.answers << " have an end";
    w.world.run_for(1min);
    for (const auto& [title, o] : w.outcomes) {
      EXPECT_EQ(o.answers, 1) << title;
      EXPECT_NE(o.status, THARSIS_E_TIMEOUT) << title << ": " << o.reason;
      int executions = 0;
      for (const auto* s : w.servers)
        if (const auto found = s->executions.find(title); found != s->executions.end()) executions += found->second;
      EXPECT_LE(executions, 1) << title << " was carried out twice";
      EXPECT_TRUE(o.status != THARSIS_OK || executions == 1) << title;
    }
    for (size_t i = 0; i < 3; ++i) moved += w.requests(i) > 0;
  }
  EXPECT_GT(moved, 240u) << "all three were used, as a rule";
}
