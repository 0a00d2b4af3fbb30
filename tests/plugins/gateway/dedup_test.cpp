#include "plugins/gateway/core/dedup.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "sdk/pure/views.h"

using namespace tharsis;
using gateway::dedup;
using verdict = dedup::verdict;

namespace {

constexpr instant t0{};

struct bench {
  explicit bench(gateway::keeping keep = {}) : kept(keep) {}

  verdict ask(const std::string& client, const std::string& key, const std::string& body = "b", instant now = t0,
              uint32_t command = 3) {
    const auto ruling = kept.on_request(client, as_bytes(key), command, as_bytes(body), {1, ++sequence}, now);
    answer = as_text(ruling.answer);
    wait = ruling.wait;
    return ruling.what;
  }
  size_t answered(const std::string& client, const std::string& key, const std::string& with, instant now = t0) {
    return kept.on_answer(client, as_bytes(key), {with.begin(), with.end()}, now).size();
  }
  // A whole request.
  void carry_out(const std::string& client, const std::string& key, const std::string& with, instant now = t0) {
    ASSERT_EQ(ask(client, key, "b", now), verdict::execute) << key;
    answered(client, key, with, now);
  }

  dedup kept;
  std::string answer;
  duration wait{};
  uint32_t sequence = 0;
};

gateway::keeping keeping(int64_t keys, int64_t clients, int64_t bytes) {
  gateway::keeping k;
  k.keys = keys;
  k.clients = clients;
  k.bytes = bytes;
  return k;
}

}  // namespace

TEST(GatewayDedup, ARepeatGetsTheFirstAnswerAndIsNotCarriedOut) {
  bench b;
  b.carry_out("ann", "k1", "first");
  EXPECT_EQ(b.ask("ann", "k1"), verdict::repeat);
  EXPECT_EQ(b.answer, "first");
  const auto c = b.kept.counted("ann");
  EXPECT_EQ(c.executions, 1u);
  EXPECT_EQ(c.keys, 1u);
  EXPECT_EQ(c.repeats, 1u);
}

TEST(GatewayDedup, AKeyIsTheClientsOwn) {
  bench b;
  b.carry_out("ann", "k1", "a");
  EXPECT_EQ(b.ask("bob", "k1"), verdict::execute);
}

TEST(GatewayDedup, TheSameKeyWithAnotherBodyOrCommandIsRefusedAlsoWhileCarriedOut) {
  bench b;
  EXPECT_EQ(b.ask("ann", "k1", "x"), verdict::execute);
  EXPECT_EQ(b.ask("ann", "k1", "y"), verdict::conflict);
  b.answered("ann", "k1", "a");
  EXPECT_EQ(b.ask("ann", "k1", "y"), verdict::conflict);
  EXPECT_EQ(b.ask("ann", "k1", "x", t0, 5), verdict::conflict);
  EXPECT_EQ(b.ask("ann", "k1", "x"), verdict::repeat);
  EXPECT_EQ(b.kept.counted("ann").refusals, 3u);
}

TEST(GatewayDedup, ARepeatDuringExecutionWaitsForTheOneAnswer) {
  bench b;
  EXPECT_EQ(b.ask("ann", "k1"), verdict::execute);
  EXPECT_EQ(b.ask("ann", "k1"), verdict::wait);
  EXPECT_EQ(b.ask("ann", "k1"), verdict::wait);
  EXPECT_EQ(b.answered("ann", "k1", "a"), 3u);
  EXPECT_EQ(b.kept.counted("ann").executions, 1u);
}

TEST(GatewayDedup, TooManyWhoWaitForOneAnswerAreTurnedAway) {
  bench b;
  EXPECT_EQ(b.ask("ann", "k1"), verdict::execute);
  for (size_t i = 1; i < gateway::askers_max; ++i) EXPECT_EQ(b.ask("ann", "k1"), verdict::wait);
  EXPECT_EQ(b.ask("ann", "k1"), verdict::busy);
  EXPECT_EQ(b.answered("ann", "k1", "a"), gateway::askers_max);
}

TEST(GatewayDedup, AnAnswerIsKeptForItsTimeAndNotLonger) {
  bench b;
  b.carry_out("ann", "k1", "a");
  EXPECT_EQ(b.ask("ann", "k1", "b", t0 + 10min - 1ns), verdict::repeat);
  EXPECT_EQ(b.ask("ann", "k1", "b", t0 + 10min), verdict::execute);
}

TEST(GatewayDedup, OneKeyTooManyForgetsTheOldestAnswerOfThisClientOnly) {
  bench b(keeping(3, 10, 1 << 20));
  b.carry_out("bob", "k0", "b");
  for (const char* key : {"k1", "k2", "k3", "k4"}) b.carry_out("ann", key, "a");
  EXPECT_EQ(b.ask("ann", "k2"), verdict::repeat);
  EXPECT_EQ(b.ask("bob", "k0"), verdict::repeat);
  EXPECT_EQ(b.ask("ann", "k1"), verdict::execute);
}

TEST(GatewayDedup, WhatIsBeingCarriedOutIsNeverForgotten) {
  bench b(keeping(2, 1, 1 << 20));
  EXPECT_EQ(b.ask("ann", "k1"), verdict::execute);
  EXPECT_EQ(b.ask("ann", "k2"), verdict::execute);
  EXPECT_EQ(b.ask("ann", "k3"), verdict::busy);
  EXPECT_EQ(b.ask("bob", "k1"), verdict::busy);
  EXPECT_EQ(b.ask("ann", "k1"), verdict::wait);
  EXPECT_EQ(b.answered("ann", "k1", "a"), 2u);
  EXPECT_EQ(b.ask("ann", "k3"), verdict::execute);
}

TEST(GatewayDedup, TheClientThatHoldsMostPaysForMemory) {
  bench b(keeping(1000, 10, 20000));
  b.carry_out("bob", "small", "b");
  for (int i = 0; i < 50; ++i) b.carry_out("ann", "k" + std::to_string(i), std::string(1000, 'a'));
  EXPECT_LE(b.kept.bytes(), 20000u);
  EXPECT_EQ(b.ask("bob", "small"), verdict::repeat);
  EXPECT_EQ(b.ask("ann", "k49"), verdict::repeat);
  EXPECT_EQ(b.ask("ann", "k0"), verdict::execute);
}

TEST(GatewayDedup, TheClientThatWasAwayLongestGivesItsPlaceToANewOne) {
  bench b(keeping(10, 2, 1 << 20));
  b.carry_out("ann", "k", "a");
  b.carry_out("bob", "k", "b");
  EXPECT_EQ(b.ask("ann", "k"), verdict::repeat);
  b.carry_out("cid", "k", "c");
  EXPECT_EQ(b.ask("ann", "k"), verdict::repeat);
  EXPECT_EQ(b.kept.counted("bob").executions, 0u);
  EXPECT_EQ(b.kept.clients(), 2u);
}

// Clients were told for how long: whatever has no place waits, and no repeat is carried out again.
TEST(GatewayDedup, WhatWasPromisedGoesForNoLimit) {
  const auto promised = [](gateway::keeping k) {
    k.told = true;
    return k;
  };
  bench keys(promised(keeping(2, 10, 1 << 20)));
  keys.carry_out("ann", "k1", "a", t0);
  keys.carry_out("ann", "k2", "a", t0 + 1min);
  EXPECT_EQ(keys.ask("ann", "k3", "b", t0 + 4min), verdict::busy);
  EXPECT_EQ(keys.wait, duration(6min)) << "then the first has had its time";
  EXPECT_EQ(keys.ask("ann", "k1", "b", t0 + 4min), verdict::repeat);
  EXPECT_EQ(keys.ask("ann", "k3", "b", t0 + 10min), verdict::execute);
  EXPECT_EQ(keys.ask("ann", "k2", "b", t0 + 10min), verdict::repeat);

  bench clients(promised(keeping(10, 2, 1 << 20)));
  clients.carry_out("ann", "k", "a", t0);
  clients.carry_out("bob", "k", "b", t0 + 1min);
  EXPECT_EQ(clients.ask("cid", "k", "b", t0 + 2min), verdict::busy);
  EXPECT_EQ(clients.wait, duration(8min));
  EXPECT_EQ(clients.ask("ann", "k", "b", t0 + 2min), verdict::repeat);
  EXPECT_EQ(clients.ask("cid", "k", "b", t0 + 10min), verdict::execute) << "ann's answer has had its time";
  EXPECT_EQ(clients.ask("bob", "k", "b", t0 + 10min), verdict::repeat);

  bench bytes(promised(keeping(1000, 10, 20000)));
  int kept = 0;
  while (kept < 100 && bytes.ask("ann", "k" + std::to_string(kept)) == verdict::execute) bytes.answered("ann", "k" + std::to_string(kept++), std::string(1000, 'a'));
  EXPECT_LT(kept, 25);
  EXPECT_EQ(bytes.wait, duration(10min));
  for (int i = 0; i < kept; ++i) EXPECT_EQ(bytes.ask("ann", "k" + std::to_string(i)), verdict::repeat) << i;
  EXPECT_LE(bytes.kept.bytes(), 20000u + 2000u);
}

TEST(GatewayDedup, AForgottenClientLeavesNothingBehind) {
  bench b;
  b.carry_out("ann", "k1", "a");
  EXPECT_EQ(b.ask("ann", "k2"), verdict::execute);
  b.kept.forget("ann");
  EXPECT_EQ(b.kept.clients(), 0u);
  EXPECT_EQ(b.kept.answers(), 0u);
  EXPECT_EQ(b.kept.bytes(), 0u);
  EXPECT_EQ(b.answered("ann", "k2", "late"), 0u);
}

// Goal: within the limits no key is ever carried out twice in its time, and memory stays within them.
// Method: random clients, keys, answers and jumps of time against a plain map of what was answered when.
TEST(GatewayDedup, AgreesWithAPlainMapOverRandomWork) {
  std::mt19937_64 random(7);
  bench b(keeping(100, 100, 1 << 20));  // Wide enough that only time forgets.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, instant>> answered;
  std::set<std::pair<std::string, std::string>> running;
  instant now = t0;
  uint64_t repeats = 0;
  for (int i = 0; i < 20000; ++i) {
    now += duration(static_cast<int64_t>(random() % 8) * 1s);
    const std::string client = "c" + std::to_string(random() % 5), key = "k" + std::to_string(random() % 40);
    const std::pair name(client, key);
    if (random() % 2 == 0 && running.erase(name) > 0) {
      const std::string with = "a" + std::to_string(i);
      EXPECT_GE(b.answered(client, key, with, now), 1u);
      answered[name] = {with, now};
      continue;
    }
    const verdict got = b.ask(client, key, "b", now);
    const auto known = answered.find(name);
    if (running.count(name) > 0) {
      EXPECT_TRUE(got == verdict::wait || got == verdict::busy);
    } else if (known != answered.end() && now < known->second.second + 10min) {
      ASSERT_EQ(got, verdict::repeat);
      EXPECT_EQ(b.answer, known->second.first);
      ++repeats;
    } else {
      ASSERT_EQ(got, verdict::execute);
      running.insert(name);
    }
  }
  EXPECT_GT(repeats, 1000u);
}
