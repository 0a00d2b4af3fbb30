// The bus: who gets what, in which order, and what happens to those who are slow.
#include "runtime/bus.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "sdk/pure/views.h"
#include "tests/runtime/counted.h"
#include "tests/runtime/real_stage.h"
#include "tests/sdk/async/fake_loop.h"

using namespace tharsis;

namespace {

struct note {
  uint32_t number;
  tharsis_text words;
};
constexpr tharsis_field note_fields[] = {{"number", THARSIS_FIELD_U32, offsetof(note, number), nullptr, 0},
                                         {"words", THARSIS_FIELD_TEXT, offsetof(note, words), nullptr, 0}};
constexpr tharsis_topic topic_of(const char* name, uint32_t kind, uint32_t depth = 0, uint32_t flags = 0) {
  return {sizeof(tharsis_topic), kind, name, note_fields, 2, sizeof(note), depth, flags};
}
constexpr tharsis_topic happened = topic_of("a.happened", THARSIS_TOPIC_EVENT);
constexpr tharsis_topic state = topic_of("a.state", THARSIS_TOPIC_STATE);
constexpr tharsis_topic direct = topic_of("a.direct", THARSIS_TOPIC_EVENT, 0, THARSIS_TOPIC_INLINE);
constexpr tharsis_topic history = topic_of("a.history", THARSIS_TOPIC_LOG, 3);

struct heard {
  std::vector<std::string> notes;  // "a.state 3 snapshot: words"
  std::vector<uint64_t> sequences;
  std::function<void()> then;
};
void on_event(void* context, const tharsis_event* event) {
  auto& h = *static_cast<heard*>(context);
  const auto& n = *static_cast<const note*>(event->payload);
  h.notes.push_back(std::string(event->topic->name) + " " + std::to_string(n.number) + (event->snapshot ? " snapshot" : "") +
                    (n.words.size > 0 ? ": " + std::string(view(n.words)) : ""));
  h.sequences.push_back(event->sequence);
  if (h.then) h.then();
}

using notes = std::vector<std::string>;

struct Bus : testing::Test {
  Bus() {
    strand.size = sizeof strand;
    strand.id = 1;
    strand.loop = &loop.table;
  }
  tharsis_handle declare(const tharsis_topic& t, const std::string& owner = "a") {
    tharsis_handle id = 0;
    EXPECT_EQ(bus.declare(owner, &strand, &t, &id, nullptr), THARSIS_OK);
    return id;
  }
  tharsis_handle subscribe(heard& h, const std::string& pattern, uint32_t policy = THARSIS_DROP_OLDEST, uint32_t depth = 0,
                           const std::string& owner = "b") {
    tharsis_handle id = 0;
    const tharsis_subscription wanted{sizeof wanted, policy, depth, on_event, &h};
    EXPECT_EQ(bus.subscribe(owner, &strand, pattern, wanted, &id, nullptr), THARSIS_OK);
    return id;
  }
  tharsis_status publish(tharsis_handle topic, uint32_t number, std::string_view words = {}) {
    const note n{number, text_of(words)};
    return bus.publish("a", topic, &n);
  }
  test::fake_loop loop;
  tharsis_strand strand{};
  int64_t wall = 5;
  runtime::metrics counts;
  runtime::bus bus{[this] { return wall; }, &counts};
};

}  // namespace

TEST_F(Bus, EventsComeLaterInOrderAndTheirTextsAreCopies) {
  heard h;
  const tharsis_handle topic = declare(happened);
  subscribe(h, "a.happened");
  std::string words = "first";
  publish(topic, 1, words);
  words = "-----";
  publish(topic, 2);
  EXPECT_TRUE(h.notes.empty());
  loop.run();
  EXPECT_EQ(h.notes, (notes{"a.happened 1: first", "a.happened 2"}));
  EXPECT_EQ(h.sequences, (std::vector<uint64_t>{1, 2}));
}

TEST_F(Bus, PatternsJoinTopicsThatAreDeclaredLater) {
  heard one, all;
  subscribe(one, "a.*");
  subscribe(all, "**");
  publish(declare(happened), 1);
  constexpr static tharsis_topic deeper = topic_of("a.b.c", THARSIS_TOPIC_EVENT);
  publish(declare(deeper), 2);
  loop.run();
  EXPECT_EQ(one.notes, (notes{"a.happened 1"}));
  EXPECT_EQ(all.notes, (notes{"a.happened 1", "a.b.c 2"}));
}

TEST_F(Bus, AStateIsKeptAndComesFirst) {
  const tharsis_handle topic = declare(state);
  publish(topic, 1);
  publish(topic, 2);
  heard h;
  subscribe(h, "a.state");
  publish(topic, 3);
  loop.run();
  EXPECT_EQ(h.notes, (notes{"a.state 2 snapshot", "a.state 3"}));
}

TEST_F(Bus, ALogReplaysAsMuchAsItKeeps) {
  const tharsis_handle topic = declare(history);
  for (uint32_t i = 1; i <= 5; ++i) publish(topic, i);
  heard h;
  subscribe(h, "a.history");
  loop.run();
  EXPECT_EQ(h.notes, (notes{"a.history 3 snapshot", "a.history 4 snapshot", "a.history 5 snapshot"}));
}

TEST_F(Bus, WhoIsSlowLosesWhatItsPolicySays) {
  heard oldest, newest, conflated;
  const tharsis_handle topic = declare(happened);
  subscribe(oldest, "**", THARSIS_DROP_OLDEST, 2);
  subscribe(newest, "**", THARSIS_DROP_NEWEST, 2);
  subscribe(conflated, "**", THARSIS_CONFLATE, 2);
  for (uint32_t i = 1; i <= 4; ++i) EXPECT_EQ(publish(topic, i), THARSIS_OK);
  loop.run();
  EXPECT_EQ(oldest.notes, (notes{"a.happened 3", "a.happened 4"}));
  EXPECT_EQ(newest.notes, (notes{"a.happened 1", "a.happened 2"}));
  EXPECT_EQ(conflated.notes, (notes{"a.happened 4"}));
}

TEST_F(Bus, AFullQueueOfStatesStillHasTheNewest) {
  for (const uint32_t policy : {THARSIS_DROP_OLDEST, THARSIS_DROP_NEWEST, THARSIS_CONFLATE}) {
    heard h;
    const tharsis_handle topic = declare(state), id = subscribe(h, "a.state", policy, 1);
    for (uint32_t i = 1; i <= 3; ++i) publish(topic, i);
    loop.run();
    EXPECT_EQ(h.notes, (notes{"a.state 3"}));
    bus.unsubscribe("b", id);
    bus.remove("a");
  }
}

TEST_F(Bus, WhoRefusesKeepsTheEventFromEverybody) {
  heard refusing, other;
  const tharsis_handle topic = declare(happened);
  subscribe(refusing, "**", THARSIS_REFUSE, 1);
  subscribe(other, "**");
  EXPECT_EQ(publish(topic, 1), THARSIS_OK);
  EXPECT_EQ(publish(topic, 2), THARSIS_E_BUSY);
  loop.run();
  EXPECT_EQ(publish(topic, 3), THARSIS_OK);
  loop.run();
  EXPECT_EQ(refusing.notes, (notes{"a.happened 1", "a.happened 3"}));
  EXPECT_EQ(other.notes, refusing.notes);
  EXPECT_EQ(other.sequences, (std::vector<uint64_t>{1, 2})) << "what nobody got is no gap";
}

TEST_F(Bus, OnlyWhoDeclaredATopicPublishesIt) {
  tharsis_error error = no_error();
  const tharsis_handle topic = declare(happened);
  const note n{1, {}};
  EXPECT_EQ(bus.publish("b", topic, &n), THARSIS_E_DENIED);
  tharsis_handle id = 0;
  EXPECT_EQ(bus.declare("b", &strand, &happened, &id, &error), THARSIS_E_IN_USE);
  EXPECT_STREQ(error.text, "topic 'a.happened' is declared by plugin 'a' already");
  bus.remove("a");
  EXPECT_EQ(bus.publish("a", topic, &n), THARSIS_E_GONE);
}

TEST_F(Bus, AfterUnsubscribeNothingComesAlsoInsideABatch) {
  heard h;
  const tharsis_handle topic = declare(happened), id = subscribe(h, "**");
  h.then = [&] { EXPECT_EQ(bus.unsubscribe("b", id), THARSIS_OK); };
  publish(topic, 1);
  publish(topic, 2);
  loop.run();
  EXPECT_EQ(h.notes, (notes{"a.happened 1"}));
  EXPECT_EQ(bus.unsubscribe("b", id), THARSIS_E_GONE);
}

TEST_F(Bus, NobodyEndsAnothersSubscriptionAndRemoveCountsThem) {
  heard h;
  const tharsis_handle id = subscribe(h, "**");
  subscribe(h, "a.*");
  EXPECT_EQ(bus.unsubscribe("c", id), THARSIS_E_GONE);
  EXPECT_EQ(bus.remove("b"), 2u);
  EXPECT_EQ(bus.remove("b"), 0u);
}

TEST_F(Bus, AHandlerMayPublishSubscribeAndRemove) {
  heard h, inner;
  const tharsis_handle topic = declare(state);
  subscribe(h, "a.state");
  h.then = [&] {
    if (h.notes.size() > 1) return;
    publish(topic, 2);
    subscribe(inner, "a.state", THARSIS_DROP_OLDEST, 0, "c");
    bus.remove("c");
  };
  publish(topic, 1);
  loop.run();
  EXPECT_EQ(h.notes, (notes{"a.state 1", "a.state 2"}));
  EXPECT_TRUE(inner.notes.empty());
}

TEST_F(Bus, AnInlineTopicCallsItsPublisherAtOnceAndQueuesForOthers) {
  heard first, second, other;
  subscribe(second, "a.*", THARSIS_DROP_OLDEST, 0, "a");
  const tharsis_handle topic = declare(direct);
  subscribe(first, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  subscribe(other, "**");
  second.then = [&] { EXPECT_EQ(first.notes.size() + 1, second.notes.size()) << "in the order of the subscriptions"; };
  EXPECT_EQ(publish(topic, 1, "words"), THARSIS_OK);
  EXPECT_EQ(publish(topic, 2), THARSIS_OK);
  EXPECT_EQ(first.notes, (notes{"a.direct 1: words", "a.direct 2"}));
  EXPECT_EQ(second.notes, first.notes);
  EXPECT_TRUE(other.notes.empty());
  loop.run();
  EXPECT_EQ(other.notes, first.notes);
  EXPECT_EQ(other.sequences, first.sequences);
  EXPECT_EQ(first.notes.size(), 2u) << "and not once more";
}

TEST_F(Bus, AnInlineEventOfAnInlineCallbackComesWhenAllHaveHadTheFirst) {
  heard first, second;
  const tharsis_handle topic = declare(direct);
  subscribe(first, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  subscribe(second, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  first.then = [&] {
    if (first.notes.size() > 1) return;
    std::string words = "inner";
    EXPECT_EQ(publish(topic, 2, words), THARSIS_OK);
    words = "-----";
    EXPECT_EQ(first.notes.size(), 1u);
  };
  publish(topic, 1);
  EXPECT_EQ(first.notes, (notes{"a.direct 1", "a.direct 2: inner"}));
  EXPECT_EQ(second.notes, first.notes);
  EXPECT_EQ(second.sequences, (std::vector<uint64_t>{1, 2}));
}

TEST_F(Bus, ACallbackThatAnswersEachInlineEventWithMoreIsStopped) {
  heard h;
  const tharsis_handle topic = declare(direct);
  subscribe(h, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  uint32_t taken = 0;
  h.then = [&] {
    if (h.notes.size() > 1) return;
    while (publish(topic, ++taken) == THARSIS_OK) {
    }
  };
  publish(topic, 0);
  EXPECT_EQ(taken, 257u);
  EXPECT_EQ(h.notes.size(), 257u);
  EXPECT_EQ(publish(topic, 0), THARSIS_OK) << "afterwards all is as before";
}

TEST_F(Bus, InlineSubscriptionsMayEndAndBeginInsideACallback) {
  heard first, second, third, late;
  const tharsis_handle topic = declare(direct);
  const tharsis_handle one = subscribe(first, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  const tharsis_handle two = subscribe(second, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  subscribe(third, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  first.then = [&] {
    EXPECT_EQ(bus.unsubscribe("a", one), THARSIS_OK);
    EXPECT_EQ(bus.unsubscribe("a", two), THARSIS_OK);
    subscribe(late, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  };
  publish(topic, 1);
  publish(topic, 2);
  EXPECT_EQ(first.notes, (notes{"a.direct 1"}));
  EXPECT_TRUE(second.notes.empty()) << "it ended before its turn";
  EXPECT_EQ(third.notes, (notes{"a.direct 1", "a.direct 2"}));
  EXPECT_EQ(late.notes, (notes{"a.direct 2"}));
}

TEST_F(Bus, WhoRefusesKeepsAnInlineEventFromEverybodyToo) {
  heard own, refusing;
  const tharsis_handle topic = declare(direct);
  subscribe(own, "a.direct", THARSIS_DROP_OLDEST, 0, "a");
  subscribe(refusing, "a.direct", THARSIS_REFUSE, 1);
  EXPECT_EQ(publish(topic, 1), THARSIS_OK);
  EXPECT_EQ(publish(topic, 2), THARSIS_E_BUSY);
  loop.run();
  EXPECT_EQ(publish(topic, 3), THARSIS_OK);
  loop.run();
  EXPECT_EQ(own.notes, (notes{"a.direct 1", "a.direct 3"}));
  EXPECT_EQ(refusing.notes, own.notes);
  EXPECT_EQ(own.sequences, (std::vector<uint64_t>{1, 2}));
}

TEST_F(Bus, AnInlineTopicIsPublishedOnItsOwnStrandOnly) {
  tharsis_strand elsewhere = strand;
  elsewhere.id = 2;
  tharsis_handle topic = 0;
  ASSERT_EQ(bus.declare("a", &elsewhere, &direct, &topic, nullptr), THARSIS_OK);
  EXPECT_EQ(publish(topic, 1), THARSIS_E_INVALID);
  const note n{1, {}};
  EXPECT_EQ(bus.publish("b", topic, &n), THARSIS_E_DENIED);
  bus.remove("a");
  EXPECT_EQ(publish(topic, 1), THARSIS_E_GONE);
  EXPECT_EQ(publish(declare(direct), 2), THARSIS_OK) << "the name is free again";
}

TEST_F(Bus, WhatWasRetainedCannotBeInline) {
  tharsis_error error = no_error();
  tharsis_handle id = 0;
  constexpr static tharsis_topic kept = topic_of("a.kept", THARSIS_TOPIC_STATE, 0, THARSIS_TOPIC_INLINE);
  EXPECT_EQ(bus.declare("a", &strand, &kept, &id, &error), THARSIS_E_INVALID);
  EXPECT_STREQ(error.text, "topic 'a.kept': only a topic of kind event can be inline");
  constexpr static tharsis_topic unknown = topic_of("a.unknown", THARSIS_TOPIC_EVENT, 0, 2);
  EXPECT_EQ(bus.declare("a", &strand, &unknown, &id, &error), THARSIS_E_INVALID);
}

TEST_F(Bus, ABurstAboveTheDepthLosesTheOldestHoweverOftenItHappens) {
  heard h;
  const tharsis_handle topic = declare(happened);
  subscribe(h, "**", THARSIS_DROP_OLDEST, 3);
  for (int burst = 0; burst < 3; ++burst) {
    h.notes.clear();
    for (uint32_t i = 1; i <= 10; ++i) publish(topic, i);
    loop.run();
    EXPECT_EQ(h.notes, (notes{"a.happened 8", "a.happened 9", "a.happened 10"}));
  }
}

// Publishers on threads, subscribers on strands of a real platform that come and go: each hears its events in
// order, and a sanitizer sees who is called too late.
TEST_F(Bus, PublishersAndSubscribersOnThreads) {
  test::real_stage stage({.threads = 2});
  constexpr static tharsis_topic topics[] = {topic_of("a.x", THARSIS_TOPIC_EVENT), topic_of("b.y", THARSIS_TOPIC_STATE)};
  tharsis_handle ids[2] = {declare(topics[0], "a"), declare(topics[1], "b")};
  std::atomic<int> left = 2;
  std::vector<std::thread> publishers;
  for (int p = 0; p < 2; ++p)
    publishers.emplace_back([&, p] {
      for (uint32_t i = 1; i <= 5000; ++i) {
        const std::string words = std::to_string(i);
        const note n{i, text_of(words)};
        ASSERT_EQ(bus.publish(p == 0 ? "a" : "b", ids[p], &n), THARSIS_OK);
      }
      --left;
    });
  struct listener {
    std::map<std::string, uint64_t> last;
    bool in_order = true;
  };
  const auto listen = [](void* context, const tharsis_event* event) {
    auto& l = *static_cast<listener*>(context);
    const auto& n = *static_cast<const note*>(event->payload);
    l.in_order = l.in_order && event->sequence > l.last[event->topic->name] && view(n.words) == std::to_string(n.number);
    l.last[event->topic->name] = event->sequence;
  };
  int rounds = 0;
  while (left > 0 || rounds < 10) {
    ++rounds;
    const tharsis_strand& own = stage.open();
    auto l = std::make_unique<listener>();
    const std::string name = "l" + std::to_string(rounds);
    test::real_stage::on(own, [&] {
      tharsis_handle id = 0;
      const tharsis_subscription wanted{sizeof wanted, THARSIS_DROP_OLDEST, 16, listen, l.get()};
      ASSERT_EQ(bus.subscribe(name, &own, "**", wanted, &id, nullptr), THARSIS_OK);
    });
    test::real_stage::on(own, [&] {
      EXPECT_EQ(bus.remove(name), 1u);
      EXPECT_TRUE(l->in_order);
      l.reset();
    });
    test::real_stage::close(own);
  }
  for (std::thread& p : publishers) p.join();
}

// Each policy under the same ten events, queue of four: who gets what, and what the counters say.
TEST_F(Bus, OverflowIsCountedByPolicy) {
  const auto value = [&](const char* owner, const char* name) { return test::counted(counts, owner, name); };
  heard oldest, newest, newer, all_or_none;
  const tharsis_handle topic = declare(happened);
  const tharsis_handle guard = subscribe(all_or_none, "a.*", THARSIS_REFUSE, 4, "strict");
  subscribe(oldest, "a.*", THARSIS_DROP_OLDEST, 4, "late");
  subscribe(newest, "a.*", THARSIS_DROP_NEWEST, 4, "early");
  subscribe(newer, "a.*", THARSIS_CONFLATE, 4, "last");
  int refused = 0;
  for (uint32_t i = 1; i <= 10; ++i) refused += publish(topic, i) == THARSIS_E_BUSY;
  EXPECT_EQ(refused, 6) << "one that refuses holds up all";
  EXPECT_EQ(value("a", "bus_published"), 4);
  EXPECT_EQ(value("a", "bus_refused"), 6);
  bus.unsubscribe("strict", guard);
  for (uint32_t i = 11; i <= 16; ++i) EXPECT_EQ(publish(topic, i), THARSIS_OK);
  loop.run();
  EXPECT_EQ(oldest.notes, (notes{"a.happened 13", "a.happened 14", "a.happened 15", "a.happened 16"}));
  EXPECT_EQ(newest.notes, (notes{"a.happened 1", "a.happened 2", "a.happened 3", "a.happened 4"}));
  EXPECT_EQ(newer.notes, (notes{"a.happened 16"}));
  EXPECT_TRUE(all_or_none.notes.empty());
  EXPECT_EQ(value("a", "bus_published"), 10);
  EXPECT_EQ(value("late", "bus_dropped_oldest"), 6);
  EXPECT_EQ(value("early", "bus_dropped_newest"), 6);
  EXPECT_EQ(value("last", "bus_conflated"), 9);
  for (const char* who : {"late", "early"}) {
    EXPECT_EQ(value(who, "bus_delivered"), 4) << who;
    EXPECT_EQ(value(who, "bus_queue_high"), 4) << who;
  }
  EXPECT_EQ(value("last", "bus_delivered"), 1);
  EXPECT_EQ(value("last", "bus_queue_high"), 1);
}

TEST_F(Bus, EventsThatAreTakenAreCountedForTheirOwner) {
  const tharsis_handle topic = declare(happened);
  tharsis_handle id = 0;
  ASSERT_EQ(bus.subscribe("(host)", "**", THARSIS_DROP_OLDEST, 2, [](bool) {}, &id, nullptr), THARSIS_OK);
  for (uint32_t i = 0; i < 5; ++i) publish(topic, i);
  while (bus.take(id)) {
  }
  EXPECT_EQ(test::counted(counts, "host", "bus_dropped_oldest"), 3);
  EXPECT_EQ(test::counted(counts, "host", "bus_delivered"), 2);
}

// The wall clock is for people: what is newest, and in which order events come, does not depend on it.
TEST_F(Bus, AClockThatJumpsBackChangesNoOrder) {
  heard h;
  const tharsis_handle topic = declare(state), log = declare(history);
  wall = 1000;
  publish(topic, 1);
  publish(log, 1);
  wall = -1000;
  publish(topic, 2);
  publish(log, 2);
  subscribe(h, "a.*");
  loop.run();
  EXPECT_EQ(h.notes, (notes{"a.state 2 snapshot", "a.history 1 snapshot", "a.history 2 snapshot"}));
}
