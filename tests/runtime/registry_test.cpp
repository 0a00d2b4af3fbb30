// The registry's promise: once a withdrawal is answered nobody holds the table any more, whatever order the
// consumers' strands run in.
#include "runtime/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <random>
#include <thread>

using tharsis::runtime::registry;

namespace {

// A consumer whose strand is a queue that the test runs; what it holds is what it was last told.
struct consumer {
  consumer(registry& r, std::string n, const std::string& id) : services(r), name(std::move(n)) {
    services.add_consumer(
        name, {id}, [this](std::function<void()> f) { waiting.push_back(std::move(f)); },
        [this](const std::string&, const void* table) { holds = table, ++told; });
    holds = services.best(id);
  }
  bool step() {
    if (waiting.empty()) return false;
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    next();
    return true;
  }
  void run() {
    while (step()) {
    }
  }
  registry& services;
  std::string name;
  std::deque<std::function<void()>> waiting;
  const void* holds = nullptr;
  int told = 0;
};

struct Registry : testing::Test {
  registry services;
  int one = 1, two = 2;
  std::string id = "tharsis.x/1";
};

}  // namespace

TEST_F(Registry, AProvisionIsSeenOncePublished) {
  consumer c(services, "c", id);
  EXPECT_EQ(services.provide("p", id, &one, 0), THARSIS_OK);
  EXPECT_EQ(services.provide("p", id, &two, 0), THARSIS_E_IN_USE);
  EXPECT_EQ(services.best(id), nullptr);
  services.publish("p");
  EXPECT_EQ(services.best(id), &one);
  EXPECT_EQ(services.provider(id), "p");
  EXPECT_EQ(c.holds, nullptr) << "told on its own strand, later";
  c.run();
  EXPECT_EQ(c.holds, &one);
}

TEST_F(Registry, TheHigherRankWinsAndTheLowerTakesOver) {
  consumer c(services, "c", id);
  services.provide("low", id, &one, 1);
  services.publish("low");
  services.provide("high", id, &two, 2);
  services.publish("high");
  c.run();
  EXPECT_EQ(c.holds, &two);
  services.withdraw_all("high", {});
  c.run();
  EXPECT_EQ(c.holds, &one);
}

TEST_F(Registry, AWithdrawalIsAnsweredWhenTheLastConsumerHasLetGo) {
  consumer a(services, "a", id), b(services, "b", id);
  services.provide("p", id, &one, 0);
  services.publish("p");
  a.run(), b.run();
  bool done = false;
  EXPECT_EQ(services.withdraw("p", id, [&] { done = true; }), THARSIS_OK);
  EXPECT_EQ(services.best(id), nullptr);
  a.run();
  EXPECT_FALSE(done) << "b still holds it";
  b.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(a.holds, nullptr);
  EXPECT_EQ(services.withdraw("p", id, [] {}), THARSIS_E_NOT_FOUND);
}

TEST_F(Registry, TheEndOfAProviderWaitsForWhatItWithdrewBefore) {
  consumer c(services, "c", id);
  services.provide("p", id, &one, 0);
  services.publish("p");
  c.run();
  bool first = false, all = false;
  services.withdraw("p", id, [&] { first = true; });
  services.withdraw_all("p", [&] { all = true; });
  EXPECT_FALSE(all) << "the consumer has not let go of it";
  c.run();
  EXPECT_TRUE(first && all);
  services.withdraw_all("p", [&] { all = false; });
  EXPECT_FALSE(all) << "nothing is left to wait for";
}

TEST_F(Registry, WithoutConsumersOrProvisionsAWithdrawalIsAnsweredAtOnce) {
  int done = 0;
  services.withdraw_all("p", [&] { ++done; });
  services.provide("p", id, &one, 0);
  services.publish("p");
  services.withdraw_all("p", [&] { ++done; });
  EXPECT_EQ(done, 2);
}

TEST_F(Registry, ALateMessageNeverBringsATableBack) {
  consumer c(services, "c", id);
  services.provide("p", id, &one, 0);
  services.publish("p");  // Its message waits ...
  bool done = false;
  services.withdraw_all("p", [&] { done = true; });
  ASSERT_TRUE(c.step());  // ... until the table is gone.
  EXPECT_EQ(c.holds, nullptr);
  EXPECT_FALSE(done) << "the withdrawal's own message is the acknowledgement";
  c.run();
  EXPECT_TRUE(done);
}

TEST_F(Registry, AConsumerThatGoesHasAcknowledgedOnceItsMessagesAreDropped) {
  auto c = std::make_unique<consumer>(services, "c", id);
  services.provide("p", id, &one, 0);
  services.publish("p");
  bool done = false;
  services.withdraw_all("p", [&] { done = true; });
  services.remove_consumer("c");
  EXPECT_FALSE(done);
  c.reset();
  EXPECT_TRUE(done);
}

TEST_F(Registry, WhoWasExpelledIsNeverSeenAgain) {
  consumer c(services, "c", id), late(services, "p", id);
  services.provide("p", id, &one, 0);
  services.publish("p");
  c.run();
  services.expel("p");
  EXPECT_EQ(services.provide("p", id, &two, 0), THARSIS_E_GONE);
  services.publish("p");
  c.run();
  EXPECT_EQ(c.holds, nullptr);
  const int told = late.told;
  late.run();
  services.provide("q", id, &two, 0);
  services.publish("q");
  late.run();
  EXPECT_LE(late.told, told + 2) << "only what was under way reaches it";
  EXPECT_EQ(services.best(id), &two);
}

// Random providers, consumers and turns; a table that was withdrawn and answered is held by nobody.
TEST_F(Registry, WhateverTheOrderNobodyHoldsWhatWasAnswered) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    registry many;
    std::deque<consumer> consumers;
    for (int i = 0; i < 3; ++i) consumers.emplace_back(many, "c" + std::to_string(i), id);
    struct provider {
      std::string name;
      int table = 0;
      bool provided = false, withdrawing = false;
    };
    std::deque<provider> providers = {{"p0"}, {"p1"}, {"p2"}};
    for (int step = 0; step < 200; ++step) {
      provider& p = providers[random() % providers.size()];
      switch (random() % 4) {
        case 0:
          if (p.provided || p.withdrawing) break;
          ASSERT_EQ(many.provide(p.name, id, &p.table, static_cast<int32_t>(random() % 3)), THARSIS_OK);
          many.publish(p.name);
          p.provided = true;
          break;
        case 1:
          if (!p.provided || p.withdrawing) break;
          p.withdrawing = true;
          many.withdraw_all(p.name, [&p, &consumers] {
            p.withdrawing = p.provided = false;
            for (const consumer& c : consumers) EXPECT_NE(c.holds, &p.table);
          });
          break;
        default: consumers[random() % consumers.size()].step();
      }
    }
    for (consumer& c : consumers) c.run();
    for (const consumer& c : consumers) EXPECT_EQ(c.holds, many.best(id));
    for (const provider& p : providers) EXPECT_FALSE(p.withdrawing);
  }
}

// The same with threads: each consumer reads the table it holds all the time, each provider frees its
// table as soon as the withdrawal is answered. A sanitizer sees whoever is too early.
TEST_F(Registry, TablesMayBeFreedOnceTheWithdrawalIsAnswered) {
  struct strand {
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<std::function<void()>> waiting;
    bool ending = false;
    const std::atomic<int>* table = nullptr;
    std::thread thread;
  };
  std::deque<strand> strands(3);
  for (strand& s : strands) {
    services.add_consumer(
        "c" + std::to_string(&s - &strands[0]), {id},
        [&s](std::function<void()> f) {
          const std::lock_guard lock(s.mutex);
          s.waiting.push_back(std::move(f));
          s.arrived.notify_one();
        },
        [&s](const std::string&, const void* table) { s.table = static_cast<const std::atomic<int>*>(table); });
    s.thread = std::thread([&s] {
      std::unique_lock lock(s.mutex);
      while (!s.ending || !s.waiting.empty()) {
        if (s.waiting.empty()) {
          s.arrived.wait(lock);
          continue;
        }
        const auto next = std::move(s.waiting.front());
        s.waiting.pop_front();
        lock.unlock();
        EXPECT_TRUE(s.table == nullptr || s.table->load() == 7);
        next();
        EXPECT_TRUE(s.table == nullptr || s.table->load() == 7);
        lock.lock();
      }
    });
  }
  std::deque<std::thread> providers;
  for (int p = 0; p < 2; ++p)
    providers.emplace_back([this, name = "p" + std::to_string(p), p] {
      for (int round = 0; round < 300; ++round) {
        const auto table = std::make_unique<std::atomic<int>>(7);
        ASSERT_EQ(services.provide(name, id, table.get(), p), THARSIS_OK);
        services.publish(name);
        std::atomic<bool> done = false;
        services.withdraw_all(name, [&done] {
          done = true;
          done.notify_one();
        });
        done.wait(false);
        table->store(0);
      }
    });
  for (std::thread& p : providers) p.join();
  for (strand& s : strands) {
    {
      const std::lock_guard lock(s.mutex);
      s.ending = true;
      s.arrived.notify_one();
    }
    s.thread.join();
    EXPECT_EQ(s.table, nullptr);
  }
}

TEST_F(Registry, WhoWantsAPatternIsToldOfWhatItFits) {
  consumer c(services, "c", "tharsis.codec.*/1");
  services.provide("p", "tharsis.codec.acme/1", &one, 0);
  services.provide("p", "tharsis.codec.acme/2", &one, 0);
  services.provide("p", "tharsis.codec.a.b/1", &one, 0);
  services.publish("p");
  EXPECT_EQ(c.waiting.size(), 1u);
  c.run();
  EXPECT_EQ(c.holds, &one);
  bool gone = false;
  services.withdraw("p", "tharsis.codec.acme/1", [&] { gone = true; });
  EXPECT_FALSE(gone) << "it is in use";
  c.run();
  EXPECT_TRUE(gone);
  EXPECT_EQ(c.holds, nullptr);
}
