// The load of what comes down: as fast as the line, and never more than the budget.
#include <gtest/gtest.h>

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/load_probe.h"
#include "sdk/async/http1_server.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

// A web server that answers with a body of as many bytes as it likes, whatever it was asked.
struct web_server {
  web_server(tharsis::test::host_on_strand& at, std::function<std::pair<int, std::string>(std::string_view path)> answers_with) : place(at), says(std::move(answers_with)) {
    place.send([this] {
      auto on = *parse_ip("10.0.0.2");
      on.port = 80;
      listener.emplace(*place.place, *place.own->net);
      serving.emplace(*place.place);
      EXPECT_EQ(listener->listen(on, nullptr), THARSIS_OK);
      serving->spawn(take());
    });
  }
  task<void> take() {
    for (;;) {
      if (auto wire = listener->accept()) {
        ++connections;
        serving->spawn(serve(std::move(wire)));
      } else {
        co_await listener->events().wait();
      }
    }
  }
  task<void> serve(std::unique_ptr<tcp_stream> wire) {
    const http1_handler handler = [this](http1_exchange& x) { return handle(x); };
    http1_server_settings s;
    co_await serve_http1(*place.place, std::move(wire), handler, s);
  }
  task<void> handle(http1_exchange& x) {
    auto [status, body] = says(x.path());
    http1::response_head head;
    head.status = status;
    co_await x.answer(std::move(head), std::move(body));
  }
  void close() {
    place.send([this] { serving.reset(), listener.reset(); });
  }

  tharsis::test::host_on_strand& place;
  const std::function<std::pair<int, std::string>(std::string_view path)> says;
  std::optional<tcp_listener> listener;
  std::optional<task_set> serving;
  int connections = 0;
};

struct outcome {
  observations seen;
  duration took{};
};

outcome pull_from(const std::string& page, uint64_t budget, uint64_t bytes_per_second, std::function<std::pair<int, std::string>(std::string_view)> says) {
  sim::world world(1);
  auto& server = world.add_machine("server", {"10.0.0.2"});
  auto& client = world.add_machine("client", {"10.0.0.1"});
  world.between(server, client).bytes_per_second = bytes_per_second;
  tharsis::test::host_on_strand there(server.platform(), "server"), here(client.platform(), "sdt");
  web_server web(there, std::move(says));
  world.run_for(1ms);
  const auto tables = here.tables();
  resolver names(*here.place, *here.own->net, tables.registry);
  trust nobody;
  std::optional<bench> b;
  std::optional<task_set> looking;
  outcome made;
  here.send([&] {
    wish w;
    w.budget = budget;
    b.emplace(tables, *here.place, names, nobody, w);
    looking.emplace(*here.place);
    load_of down{probe_role::control, way_direction::down, *parse_ip("10.0.0.2"), *parse_url(page)};
    down.to.port = 80;
    looking->spawn(load_line(*b, std::move(down), 1800ms));
  });
  const instant begun = world.now();
  for (int i = 0; i < 400; ++i) {
    if (looking && looking->empty()) break;
    world.run_for(10ms);
  }
  made.took = world.now() - begun;
  if (b) made.seen = b->seen;
  here.send([&] { looking.reset(), b.reset(); });
  web.close();
  world.run_for(100ms);
  return made;
}

// As plugins/gateway/core/canary.h has it.
std::pair<int, std::string> gateway(std::string_view path) {
  constexpr std::string_view bytes = "/canary/bytes/";
  if (!path.starts_with(bytes)) return {404, ""};
  return {200, std::string(std::stoul(std::string(path.substr(bytes.size()))), 'x')};
}

}  // namespace

TEST(SdtLoad, WhatComesDownIsAsFastAsTheLine) {
  for (const uint64_t rate : {100'000ull, 500'000ull, 2'000'000ull}) {
    SCOPED_TRACE("bytes per second " + std::to_string(rate));
    const outcome o = pull_from("http://im.test/canary/", 20'000'000, rate, gateway);
    ASSERT_EQ(o.seen.loads.size(), 1u);
    const load_probe& l = o.seen.loads[0];
    EXPECT_EQ(l.direction, way_direction::down);
    EXPECT_GT(l.bits_per_s, 0.6 * 8 * static_cast<double>(rate)) << l.said;
    EXPECT_LE(l.bits_per_s, 1.02 * 8 * static_cast<double>(rate));
    ASSERT_TRUE(l.idle_ms && l.loaded_ms);
    EXPECT_GT(*l.loaded_ms, *l.idle_ms) << "the line is full";
  }
}

TEST(SdtLoad, WhatComesDownNeverCostsMoreThanTheBudget) {
  for (const uint64_t budget : {30'000ull, 300'000ull, 1'000'000ull}) {
    SCOPED_TRACE("budget " + std::to_string(budget));
    const outcome o = pull_from("http://im.test/canary/", budget, 0, gateway);
    EXPECT_LE(o.seen.about.sent + o.seen.about.received, budget);
    EXPECT_LE(o.took, 2500ms);
    // A server that sends more than the range that it was asked for.
    const outcome more = pull_from("http://im.test/large.bin", budget, 0, [](std::string_view) { return std::pair(200, std::string(3'000'000, 'x')); });
    EXPECT_LE(more.seen.about.sent + more.seen.about.received, budget);
    if (budget < 100'000) continue;  // Then nothing is asked for.
    ASSERT_EQ(more.seen.loads.size(), 1u);
    EXPECT_NE(more.seen.loads[0].said.find("(Range)"), std::string::npos) << more.seen.loads[0].said;
  }
}

namespace {

// What a server does with a connection that much is sent on.
enum class manners { takes_all, ends_it };

task<void> take_some(std::shared_ptr<tcp_stream> wire, manners how) {
  std::vector<uint8_t> piece(16 * 1024);
  for (bool answered = false;;) {
    size_t count = 0;
    const tharsis_status status = wire->read(piece, count);
    if (status == THARSIS_PENDING) {
      co_await wire->events().wait();
      continue;
    }
    if (status < 0 || count == 0) co_return;
    if (how == manners::ends_it && answered) {
      wire->reset_on_close();
      co_return;
    }
    if (!std::exchange(answered, true)) wire->write(as_bytes(std::string_view("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")));
  }
}

load_probe push_to(manners how, uint64_t bytes_per_second) {
  sim::world world(1);
  auto& server = world.add_machine("server", {"10.0.0.2"});
  auto& client = world.add_machine("client", {"10.0.0.1"});
  world.between(server, client).bytes_per_second = bytes_per_second;
  tharsis::test::host_on_strand there(server.platform(), "server"), here(client.platform(), "sdt");
  std::optional<tcp_listener> listener;
  std::optional<task_set> serving, looking;
  const auto take = [](tcp_listener* from, task_set* into, manners each) -> task<void> {
    for (;;) {
      if (auto wire = from->accept()) into->spawn(take_some(std::move(wire), each));
      else co_await from->events().wait();
    }
  };
  auto at = *parse_ip("10.0.0.2");
  at.port = 80;
  there.send([&] {
    listener.emplace(*there.place, *there.own->net);
    serving.emplace(*there.place);
    EXPECT_EQ(listener->listen(at, nullptr), THARSIS_OK);
    serving->spawn(take(&*listener, &*serving, how));
  });
  world.run_for(1ms);
  const auto tables = here.tables();
  resolver names(*here.place, *here.own->net, tables.registry);
  trust nobody;
  std::optional<bench> b;
  here.send([&] {
    wish w;
    w.budget = 20'000'000;
    b.emplace(tables, *here.place, names, nobody, w);
    looking.emplace(*here.place);
    looking->spawn(load_line(*b, load_of{probe_role::target, way_direction::up, at, {}}, 1800ms));
  });
  world.run_for(4s);
  load_probe seen;
  if (b && !b->seen.loads.empty()) seen = b->seen.loads[0];
  here.send([&] { looking.reset(), b.reset(); });
  there.send([&] { serving.reset(), listener.reset(); });
  world.run_for(100ms);
  return seen;
}

}  // namespace

// It answers before all has come, as servers do to a page that takes nothing, and hangs up: that is no line that is slowed down.
TEST(SdtLoad, AServerThatEndsItEarlyIsNoThrottledLine) {
  const load_probe rude = push_to(manners::ends_it, 2'000'000), slow = push_to(manners::takes_all, 50'000);
  EXPECT_EQ(rude.failed, failure::closed) << rude.said;
  EXPECT_EQ(slow.failed, failure::none) << slow.said;
  load_probe control = slow;
  control.role = probe_role::control, control.bits_per_s = 17e6;
  const auto is_throttled = [&](const load_probe& target) {
    observations seen;
    seen.loads = {target, control};
    const report r = judge(seen);
    return std::any_of(r.verdicts.begin(), r.verdicts.end(), [](const verdict& v) { return v.code == verdict_code::throttled; });
  };
  EXPECT_TRUE(is_throttled(slow));
  EXPECT_FALSE(is_throttled(rude));
  load_probe held = slow;
  held.failed = failure::other;
  EXPECT_FALSE(is_throttled(held)) << "its server took no more";
}

TEST(SdtLoad, APageThatIsNotThereIsSaidToBeSo) {
  const outcome o = pull_from("http://im.test/large.bin", 20'000'000, 0, [](std::string_view) { return std::pair(404, std::string("no")); });
  ASSERT_EQ(o.seen.loads.size(), 1u);
  EXPECT_EQ(o.seen.loads[0].state, probe_state::fail);
  EXPECT_EQ(o.seen.loads[0].said, "the page answers with 404");
}
