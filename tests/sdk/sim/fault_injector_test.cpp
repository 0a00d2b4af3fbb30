// Faults of a plan come and go in a world, and plugins meet them in their steps and tables.
#include "sdk/sim/fault_injector.h"

#include <cstring>

#include <gtest/gtest.h>

#include "sdk/abi/bus.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"
#include "tests/sdk/sim/stage.h"

using namespace tharsis;
using namespace tharsis::sim;

namespace {

class FaultInjector : public testing::Test {
 protected:
  // One fault, a second after now, for two seconds.
  fault one(fault_kind kind, int64_t amount = 0) {
    const auto scope = facts_of(kind).scope;
    const std::string other = scope == fault_scope::plugin ? "p" : scope == fault_scope::path ? "b" : "";
    return {kind, {"a", other}, 1s, facts_of(kind).lasts.count() > 0 ? duration(2s) : duration{}, amount};
  }
  void plan(std::vector<fault> list) { faults.emplace(w, std::vector<machine*>{&a, &b}, std::move(list)); }

  // What is true now, a moment after the begin, and a moment after the end.
  template <class Fact>
  std::vector<bool> seen_in_time(Fact fact) {
    std::vector<bool> seen = {fact()};
    w.run_for(2s);
    seen.push_back(fact());
    w.run_for(2s);
    seen.push_back(fact());
    return seen;
  }
  const std::vector<bool> while_it_lasts = {false, true, false};

  tharsis_status step(const char* plugin, const char* name, const tharsis_host** seen) {
    why = no_error();
    return a.platform()->before_step(a.platform()->self, plugin, name, seen, &why);
  }

  world w{3};
  machine& a = w.add_machine("a", {"10.0.0.1"});
  machine& b = w.add_machine("b", {"10.0.0.2"});
  std::optional<fault_injector> faults;
  tharsis_error why = no_error();
};

// A runtime's host and bus for one plugin, as far as faults touch them.
struct small_host {
  explicit small_host(const tharsis_loop* loop) : loop_(loop) {
    table.size = sizeof table;
    table.self = this;
    table.query = [](void* self, const char* id) -> const void* {
      auto& me = *static_cast<small_host*>(self);
      if (std::strcmp(id, THARSIS_BUS_ID) == 0) return &me.bus;
      return std::strcmp(id, THARSIS_LOOP_ID) == 0 ? me.loop_ : nullptr;
    };
    table.failed = [](void* self, const tharsis_error* reason) { static_cast<small_host*>(self)->failure = reason->text; };
    bus.size = sizeof bus;
    bus.self = this;
    bus.publish = [](void*, tharsis_handle, const void*) -> tharsis_status { return THARSIS_OK; };
  }
  tharsis_host table{};
  tharsis_bus bus{};
  std::string failure;

 private:
  const tharsis_loop* loop_;
};

}  // namespace

TEST_F(FaultInjector, ADiskIsFullReadOnlyBrokenOrTornForAWhile) {
  const auto refused = [&](fault_kind kind, tharsis_status with) {
    plan({one(kind)});
    const tharsis_files& files = *a.platform()->files;
    tharsis_handle log = 0;
    EXPECT_EQ(files.open(files.self, text_of(std::string_view("/log")), THARSIS_FILES_APPEND, &log, &why), THARSIS_OK);
    const auto append = [&] { return files.append(files.self, log, bytes_of(as_bytes("1234")), &why) == with; };
    EXPECT_EQ(seen_in_time(append), while_it_lasts) << facts_of(kind).name;
    files.close(files.self, log);
  };
  refused(fault_kind::disk_full, THARSIS_E_FULL);
  refused(fault_kind::disk_read_only, THARSIS_E_DENIED);
  refused(fault_kind::disk_broken, THARSIS_E_IO);
  EXPECT_EQ(a.storage()->content("/log")->size(), 6 * 4u) << "what was refused left nothing";
  refused(fault_kind::disk_torn, THARSIS_E_IO);
  EXPECT_EQ(a.storage()->content("/log")->size(), 8 * 4u + 2u) << "a torn one left half";
}

TEST_F(FaultInjector, AMachineIsDifferentForAWhile) {
  const auto differs = [&](fault_kind kind, auto fact) {
    plan({one(kind, 500'000'000)});
    EXPECT_EQ(seen_in_time(fact), while_it_lasts) << facts_of(kind).name;
  };
  differs(fault_kind::names_fail, [&] { return a.like().names_fail; });
  differs(fault_kind::names_slow, [&] { return a.like().names_slow == 500ms; });
  differs(fault_kind::disk_slow, [&] { return a.like().blocking_slow == 500ms; });
  differs(fault_kind::clock_jumps, [&] { return a.like().clock_ahead == 500ms; });
  differs(fault_kind::network_lost, [&] { return a.joined().addresses.empty(); });
  differs(fault_kind::network_switches, [&] { return a.joined().addresses == std::vector<std::string>{"10.1.0.1"}; });
}

TEST_F(FaultInjector, AMachineThatIsInNoNetworkIsNotInAnotherEither) {
  const std::vector<std::string> home = a.joined().addresses;
  plan({{fault_kind::network_switches, {"a", ""}, 1s, 4s}, {fault_kind::network_lost, {"a", ""}, 2s, 6s}});
  w.run_for(3s);
  EXPECT_TRUE(a.joined().addresses.empty());
  w.run_for(3s);
  EXPECT_TRUE(a.joined().addresses.empty()) << "the other network is over, but it has none yet";
  w.run_for(3s);
  EXPECT_EQ(a.joined().addresses, home);
}

TEST_F(FaultInjector, AMachineThatSleepsDoesNothing) {
  const tharsis_strand* strand = nullptr;
  ASSERT_EQ(a.platform()->strand_open(a.platform()->self, "p", 0, &strand, &why), THARSIS_OK);
  plan({one(fault_kind::machine_sleeps)});
  w.run_for(2s);
  int done = 0;
  const auto count = [](void* context, tharsis_handle) { ++*static_cast<int*>(context); };
  ASSERT_EQ(strand->loop->post(strand->loop->self, strand->id, count, &done, 0), THARSIS_OK);
  w.run_for(500ms);
  EXPECT_EQ(done, 0);
  w.run_for(2s);
  EXPECT_EQ(done, 1);
}

TEST_F(FaultInjector, AReloadIsToldToWhoeverCanCarryItOut) {
  plan({one(fault_kind::reload, 42)});
  std::vector<std::pair<int64_t, bool>> told;
  faults->on_strike([&](const fault& f, bool begins) { told.push_back({f.amount, begins}); });
  w.run_for(5s);
  EXPECT_EQ(told, (std::vector<std::pair<int64_t, bool>>{{42, true}, {42, false}}));
}

TEST_F(FaultInjector, APathIsWorseForAWhileAndThenAsItWas) {
  const path before = w.between(a, b);
  const auto is_worse = [&](fault_kind kind, auto fact) {
    plan({one(kind, kind == fault_kind::path_lossy ? 250 : 500'000'000)});
    EXPECT_EQ(seen_in_time(fact), while_it_lasts) << facts_of(kind).name;
  };
  is_worse(fault_kind::path_lossy, [&] { return w.between(a, b).loss == before.loss + 0.25; });
  is_worse(fault_kind::path_slow, [&] { return w.between(a, b).delay == before.delay + 500ms; });
  is_worse(fault_kind::path_silent, [&] { return w.between(a, b).black_hole; });
  is_worse(fault_kind::path_refuses, [&] { return w.between(a, b).refuse; });
  EXPECT_EQ(faults->struck().size(), 1u);
}

TEST_F(FaultInjector, AResolverThatCannotReachAnybodySaysSo) {
  test::simulated_stage stage(1);
  stage.w.add_name("im.test", {"10.0.0.9"});
  stage.m.like().names_fail = true;
  const tharsis_strand& strand = stage.open();
  std::optional<tharsis_status> answer;
  stage.on(strand, [&] {
    const auto done = [](void* into, tharsis_handle, tharsis_status status, const tharsis_address*, size_t count) {
      EXPECT_EQ(count, 0u);
      *static_cast<std::optional<tharsis_status>*>(into) = status;
    };
    strand.net->resolve(strand.net->self, text_of(std::string_view("im.test")), 0, done, &answer, nullptr, &why);
  });
  ASSERT_TRUE(stage.run_until([&] { return answer.has_value(); }, 10s));
  EXPECT_EQ(*answer, THARSIS_E_NETWORK);
}

TEST_F(FaultInjector, AStepFailsOnceWithASentence) {
  small_host host(nullptr);
  plan({{fault_kind::create_fails, {"a", "p"}, {}, {}}, {fault_kind::start_fails, {"a", "p"}, {}, {}}});
  // As from a runtime, which shows its own host each time.
  const auto take = [&](const char* plugin, const char* name) {
    const tharsis_host* seen = &host.table;
    return step(plugin, name, &seen);
  };
  EXPECT_EQ(take("q", "create"), THARSIS_OK) << "it is another plugin's";
  for (const char* name : {"create", "start"}) {
    EXPECT_LT(take("p", name), 0) << name;
    EXPECT_NE(std::string(why.text).find("a fault that was drawn"), std::string::npos) << why.text;
    EXPECT_EQ(take("p", name), THARSIS_OK) << "the second time it goes well: " << name;
  }
}

TEST_F(FaultInjector, WithoutAFaultThePluginSeesAHostThatDoesTheSame) {
  small_host host(nullptr);
  plan({});
  const tharsis_host* seen = &host.table;
  ASSERT_EQ(step("p", "create", &seen), THARSIS_OK);
  ASSERT_NE(seen, &host.table);
  EXPECT_EQ(seen->query(seen->self, "tharsis.nothing/1"), nullptr);
  const auto* bus = static_cast<const tharsis_bus*>(seen->query(seen->self, THARSIS_BUS_ID));
  EXPECT_EQ(bus->publish(bus->self, 1, this), THARSIS_OK);
  const tharsis_error reason = [] { auto e = no_error(); return fail(&e, THARSIS_E_IO, "tired"), e; }();
  seen->failed(seen->self, &reason);
  EXPECT_EQ(host.failure, "tired");
}

TEST_F(FaultInjector, EventsMeetAFullQueueForAWhile) {
  small_host host(nullptr);
  plan({one(fault_kind::publish_refused)});
  const tharsis_host* seen = &host.table;
  ASSERT_EQ(step("p", "create", &seen), THARSIS_OK);
  const auto* bus = static_cast<const tharsis_bus*>(seen->query(seen->self, THARSIS_BUS_ID));
  EXPECT_EQ(seen_in_time([&] { return bus->publish(bus->self, 1, this) == THARSIS_E_BUSY; }), while_it_lasts);
}

TEST_F(FaultInjector, APluginVanishesOnItsOwnStrandIfItIsThere) {
  const tharsis_strand* strand = nullptr;
  ASSERT_EQ(a.platform()->strand_open(a.platform()->self, "p", 0, &strand, &why), THARSIS_OK);
  small_host host(strand->loop);
  plan({one(fault_kind::vanishes)});
  const tharsis_host* seen = &host.table;
  ASSERT_EQ(step("p", "create", &seen), THARSIS_OK);
  w.run_for(2s);
  EXPECT_EQ(host.failure, "a fault that was drawn: vanishes");
  EXPECT_EQ(faults->struck().size(), 1u);

  host.failure.clear();
  plan({one(fault_kind::vanishes)});
  seen = &host.table;
  ASSERT_EQ(step("p", "create", &seen), THARSIS_OK);
  ASSERT_EQ(step("p", "closed", &seen), THARSIS_OK);
  w.run_for(2s);
  EXPECT_EQ(host.failure, "") << "it was closed before";
  EXPECT_TRUE(faults->struck().empty());
}

TEST_F(FaultInjector, AStalledStrandCatchesUpAfterwards) {
  const tharsis_strand* strand = nullptr;
  ASSERT_EQ(a.platform()->strand_open(a.platform()->self, "p", 0, &strand, &why), THARSIS_OK);
  std::vector<instant> ran;
  struct log {
    world& w;
    std::vector<instant>& at;
  } into{w, ran};
  const auto wake = [](void* context, tharsis_handle) {
    auto& l = *static_cast<log*>(context);
    l.at.push_back(l.w.now());
  };
  const instant start = w.now();
  a.stall("p", 3s);
  strand->loop->post(strand->loop->self, 0, wake, &into, 0);
  strand->loop->post(strand->loop->self, 0, wake, &into, 0);
  w.run_for(10s);
  ASSERT_EQ(ran.size(), 2u);
  for (const instant at : ran) EXPECT_GE(at, start + 3s);
}

TEST_F(FaultInjector, MachinesMayShareOneLoopback) {
  const auto answer = [&](uint64_t seed, bool shared) {
    world world(seed);
    machine& near = world.add_machine("near", {"10.0.0.1"});
    machine& far = world.add_machine("far", {"10.0.0.2"});
    if (shared) world.share_loopback();
    const auto run = [&](const tharsis_strand* strand, std::function<void()> f) {
      strand->loop->post(strand->loop->self, 0, [](void* context, tharsis_handle) { (*static_cast<std::function<void()>*>(context))(); }, &f, 0);
      world.run_for(1s);
    };
    const tharsis_strand *server = nullptr, *client = nullptr;
    far.platform()->strand_open(far.platform()->self, "server", 0, &server, &why);
    near.platform()->strand_open(near.platform()->self, "client", 0, &client, &why);
    tharsis_address where = *parse_ip("127.0.0.1");
    where.port = 4711;
    const auto ignore = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
    tharsis_handle handle = 0;
    run(server, [&] { EXPECT_EQ(server->net->listen(server->net->self, &where, ignore, nullptr, &handle, &why), THARSIS_OK) << why.text; });
    uint32_t events = 0;
    const auto note = [](void* into, tharsis_handle, uint32_t bits, tharsis_status) { *static_cast<uint32_t*>(into) |= bits; };
    run(client, [&] { EXPECT_EQ(client->net->dial(client->net->self, &where, note, &events, &handle, &why), THARSIS_OK) << why.text; });
    return events;
  };
  EXPECT_EQ(answer(1, false), uint32_t{THARSIS_NET_FAILED});
  EXPECT_EQ(answer(1, true) & THARSIS_NET_CONNECTED, uint32_t{THARSIS_NET_CONNECTED});
}
