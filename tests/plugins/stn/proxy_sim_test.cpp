// Goal: through a proxy that works a link comes up and carries tasks; one that does not costs a sentence, or, where
// that is wished, nothing but some time.
#include "sdk/async/http_dial.h"
#include "tests/plugins/stn/dial_world.h"
#include "tests/plugins/stn/scripted_proxy.h"

using namespace tharsis;
using test::dial_world;
using test::scripted_proxy;
using manner = scripted_proxy::manner;

namespace {

struct proxied : dial_world {
  explicit proxied(uint64_t seed, bool socks, const std::string& login = {}, std::string scheme = "tcps")
      : dial_world(seed, std::move(scheme)), through(world, "10.0.9.1", socks) {
    through.wanted = login;
    link().proxy.from = stn::proxy_settings::source::named;
    link().proxy.named = *parse_proxy(std::string(socks ? "socks5://" : "http://") + (login.empty() ? "" : login + "@") + "10.0.9.1:1080");
    serve();
    // Nobody but the proxy reaches the server.
    world.between(client_machine, server_machine).black_hole = true;
  }
  ~proxied() {
    if (!dispatcher) return;
    stop();
    client.on_strand([&] { dispatcher.reset(); });
  }
  bool carries(const std::string& body) {
    EXPECT_EQ(submit(body, body, 20'000), THARSIS_OK);
    world.run_until([&] { return outcomes[body].answers > 0; }, world.now() + 30s);
    return outcomes[body].status == THARSIS_OK;
  }
  scripted_proxy through;
};

using dialled = std::optional<result<std::unique_ptr<stream>>>;
task<void> keep(strand* place, const tharsis_net* net, resolver* names, url to, proxy through, dialled* into) {
  const std::optional<tls_context> nobody;
  const instant deadline = place->now() + 10s;
  *into = co_await dial_url(*place, *net, *names, nobody, std::move(to), deadline, std::move(through));
}

}  // namespace

// For whoever speaks HTTP: the same proxies, by sdk/async alone.
TEST(ProxySim, AUrlIsDialledThroughItToo) {
  for (const bool socks : {false, true}) {
    proxied w(90, socks, "ann:secret", "tcp");
    std::optional<resolver> names;
    std::optional<task_set> work;
    dialled got;
    w.client.on_strand([&] {
      names.emplace(*w.client.place, *w.client.home->net, nullptr);
      work.emplace(*w.client.place);
      work->spawn(keep(&*w.client.place, w.client.home->net, &*names, *parse_url("http://im.tharsis.test:443/"), w.link().proxy.named, &got));
    });
    ASSERT_TRUE(w.world.run_until([&] { return got.has_value(); }, w.world.now() + 20s));
    EXPECT_TRUE(got->ok()) << got->failure().text;
    EXPECT_EQ(w.through.targets, std::vector<std::string>{"im.tharsis.test:443"});
    w.client.on_strand([&] {
      got.reset();
      work.reset();
      names.reset();
    });
  }
}

TEST(ProxySim, ThroughEachKindWithAndWithoutALogin) {
  uint64_t seed = 0;
  for (const bool socks : {false, true})
    for (const std::string login : {"", "ann:secret"})
      for (const char* scheme : {"tcp", "tcps"}) {
        SCOPED_TRACE(std::string(scheme) + (socks ? " socks " : " http ") + login);
        proxied w(++seed, socks, login, scheme);
        w.start();
        ASSERT_TRUE(w.wait_up()) << w.reason();
        EXPECT_TRUE(w.carries("task"));
        EXPECT_EQ(w.through.targets, std::vector<std::string>{std::string(w.name) + ":443"}) << "the proxy resolves the name";
      }
}

TEST(ProxySim, GivenAddressesAreToldToTheProxyAsTheyAre) {
  proxied w(20, true);
  w.link().debug_addresses = w.all({"10.0.0.2"});
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  EXPECT_EQ(w.through.targets, std::vector<std::string>{"10.0.0.2:443"});
}

TEST(ProxySim, EveryLieHasItsSentenceWithoutSecrets) {
  const std::tuple<bool, manner, const char*, const char*> lies[] = {
      {false, manner::mute, "ann:secret", "made no tunnel before the deadline"},
      {true, manner::mute, "ann:secret", "made no tunnel before the deadline"},
      {false, manner::garbage, "ann:secret", "does not speak HTTP"},
      {true, manner::garbage, "ann:secret", "does not speak SOCKS5"},
      {false, manner::endless, "ann:secret", "does not speak HTTP"},
      {true, manner::endless, "ann:secret", "does not speak SOCKS5"},
      {false, manner::hang_up, "ann:secret", "the proxy http://10.0.9.1:1080: "},
      {true, manner::hang_up, "ann:secret", "the proxy socks5://10.0.9.1:1080: "},
      {false, manner::denies, "ann:secret", "makes no tunnel to im.tharsis.test:443 (403)"},
      {true, manner::denies, "ann:secret", "rules forbid im.tharsis.test:443"},
      {false, manner::honest, "ann:wrong", "does not accept this name and password"},
      {true, manner::honest, "ann:wrong", "does not accept this name and password"}};
  uint64_t seed = 30;
  for (const auto& [socks, how, login, words] : lies) {
    SCOPED_TRACE(words);
    proxied w(++seed, socks, login);
    w.through.how = how;
    w.through.wanted = "ann:secret";
    w.start();
    ASSERT_TRUE(w.wait_down(60s));
    EXPECT_NE(w.reason().find(words), std::string::npos) << w.reason();
    EXPECT_EQ(w.reason().find("secret"), std::string::npos) << w.reason();
    EXPECT_EQ(w.server.connections, 0);
  }
}

TEST(ProxySim, WhereItIsWishedTheLinkGoesWithoutAProxyThatFails) {
  for (const manner how : {manner::mute, manner::garbage, manner::hang_up, manner::denies}) {
    proxied w(50, false);
    w.world.between(w.client_machine, w.server_machine).black_hole = false;
    w.through.how = how;
    w.link().proxy.direct = true;
    w.start();
    ASSERT_TRUE(w.wait_up()) << w.reason();
    EXPECT_TRUE(w.carries("task"));
    // The next attempt knows already.
    const instant again = w.world.now();
    w.world.reset_connections(w.client_machine, w.server_machine);
    ASSERT_TRUE(w.wait_down());
    ASSERT_TRUE(w.wait_up());
    EXPECT_LT(w.world.now() - again, 2s);
    // And after the pause the proxy has its chance.
    w.through.how = manner::honest;
    w.world.run_for(w.link().proxy.pause);
    w.world.reset_connections(w.client_machine, w.server_machine);
    ASSERT_TRUE(w.wait_down());
    ASSERT_TRUE(w.wait_up());
    EXPECT_EQ(w.through.targets.size(), 1u);
  }
}

// Mars resolves a proxy's name without a time limit and goes round for ever when it has no address.
TEST(ProxySim, Defect4AProxyWhoseNameCannotBeResolvedEndsTheAttemptAndTheTask) {
  proxied w(65, false);
  w.link().proxy.named = *parse_proxy("http://proxy.nowhere.test:3128");
  w.start();
  ASSERT_TRUE(w.wait_down(20s));
  EXPECT_NE(w.reason().find("the proxy http://proxy.nowhere.test:3128: "), std::string::npos) << w.reason();
  EXPECT_EQ(w.submit("task", "key", 5000), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(1, 10s));
  EXPECT_EQ(w.outcomes["task"].status, THARSIS_E_TIMEOUT) << w.outcomes["task"].reason;
}

TEST(ProxySim, WithoutThatWishNothingGoesAroundIt) {
  proxied w(60, true);
  w.world.between(w.client_machine, w.server_machine).black_hole = false;
  w.through.how = manner::hang_up;
  w.start();
  w.world.run_for(2min);
  EXPECT_EQ(w.server.connections, 0);
}

// It answers for the way to itself alone; else a link whose server is ill would go from one good proxy to the other.
TEST(ProxySim, AServerThatDoesNotProveItselfIsNotHeldAgainstTheProxysAddress) {
  proxied w(66, true);
  scripted_proxy other(w.world, "10.0.9.2", true);
  w.world.add_name("proxy.test", {"10.0.9.1", "10.0.9.2"});
  w.link().proxy.named = *parse_proxy("socks5://proxy.test:1080");
  w.server.how = test::scripted_server::manner::mute;
  w.start();
  w.world.run_for(5min);
  EXPECT_GT(w.through.targets.size(), 4u);
  EXPECT_TRUE(other.targets.empty());
}

TEST(ProxySim, WhatTheHostReportsIsUsedAndWhatItReportsNoMoreIsNot) {
  proxied w(70, true);
  w.link().proxy.from = stn::proxy_settings::source::system;
  w.host.network.proxy = "socks5://10.0.9.1:1080";
  w.start();
  ASSERT_TRUE(w.wait_up()) << w.reason();
  EXPECT_EQ(w.through.targets.size(), 1u);
  w.world.between(w.client_machine, w.server_machine).black_hole = false;
  w.client.on_strand([&] {
    w.host.network.proxy.clear();
    w.host.network.move("sim1");
  });
  w.world.run_for(5s);
  EXPECT_TRUE(w.up());
  EXPECT_EQ(w.through.targets.size(), 1u);
}

TEST(ProxySim, UnencryptedNothingGoesThroughAProxyUnlessThatIsAllowed) {
  proxied w(80, true, "", "tcp");
  w.link().plain_allowed = false;
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_NE(w.reason().find("unencrypted through the proxy"), std::string::npos) << w.reason();
  EXPECT_TRUE(w.through.targets.empty());
}

TEST(ProxySim, OverSeedsTasksAreAnsweredOnceOnAPathThatLosesAndCuts) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    proxied w(seed, seed % 2 == 0, seed % 4 < 2 ? "" : "ann:secret");
    w.start();
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(w.submit("task " + std::to_string(i), "key " + std::to_string(i), 60'000), THARSIS_OK);
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 3000));
      if (w.world.random() % 3 == 0) w.world.reset_connections(w.client_machine, w.through.machine);
    }
    ASSERT_TRUE(w.wait_answers(10, 2min));
    for (const auto& [body, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << o.reason;
    for (const auto& [body, times] : w.server.executions) EXPECT_EQ(times, 1) << body;
  }
}
