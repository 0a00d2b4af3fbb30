// Events that a host takes when it suits: order, JSON, all four policies, ends.
#include "tests/fixtures/parrot/parrot.h"
#include "tests/hosts/host.h"

using namespace tharsis::test;

class HostInbox : public ::testing::Test {
 protected:
  HostInbox() : h("  parrot: {}\n") { EXPECT_TRUE(h.settle()); }

  tharsis_inbox* subscribe(const char* pattern, uint32_t policy, uint32_t depth) {
    tharsis_inbox* inbox = nullptr;
    EXPECT_EQ(tharsis_runtime_subscribe(h.runtime, pattern, policy, depth, &inbox, &h.why), THARSIS_OK) << h.why.text;
    return inbox;
  }

  tharsis_status say(uint32_t times) {
    tharsis_guard* guard = nullptr;
    EXPECT_EQ(tharsis_runtime_bind(h.runtime, PARROT_ID, &guard, &h.why), THARSIS_OK) << h.why.text;
    const auto* const service = static_cast<const parrot*>(tharsis_guard_enter(guard));
    if (service == nullptr) return THARSIS_E_GONE;
    const tharsis_status s = service->say(service->self, times);
    tharsis_guard_leave(guard);
    tharsis_guard_unbind(guard);
    return s;
  }

  // The sequence numbers of all that waits.
  static std::vector<uint64_t> sequences(tharsis_inbox* inbox) {
    std::vector<uint64_t> all;
    while (const tharsis_event* const e = tharsis_inbox_next(inbox)) all.push_back(e->sequence);
    return all;
  }

  host h;
};

TEST_F(HostInbox, EventsComeInOrderAndAsJson) {
  tharsis_inbox* const inbox = subscribe("parrot.said", THARSIS_DROP_OLDEST, 0);
  EXPECT_EQ(say(2), THARSIS_OK);
  const tharsis_event* const first = tharsis_inbox_next(inbox);
  ASSERT_NE(first, nullptr);
  EXPECT_STREQ(first->topic->name, "parrot.said");
  const tharsis_text json = tharsis_inbox_next_json(inbox);
  const std::string line(json.data, json.size);
  EXPECT_NE(line.find(R"({"topic":"parrot.said","sequence":2,"wall":)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("snapshot":false,"payload":{"number":2,"word":"hello \"you\"","secret":"***"}})"), std::string::npos) << line;
  EXPECT_EQ(tharsis_inbox_next_json(inbox).size, 0u);
  EXPECT_EQ(tharsis_inbox_next(inbox), nullptr);
}

TEST_F(HostInbox, TheKeptValueOfAStateComesFirst) {
  EXPECT_EQ(say(3), THARSIS_OK);
  const tharsis_event* const mood = tharsis_inbox_next(subscribe("parrot.*", THARSIS_DROP_OLDEST, 0));
  ASSERT_NE(mood, nullptr);
  EXPECT_STREQ(mood->topic->name, "parrot.mood");
  EXPECT_EQ(mood->snapshot, 1u);
}

TEST_F(HostInbox, AnOverflowDropsByItsPolicyAndIsCounted) {
  tharsis_inbox* const oldest = subscribe("parrot.said", THARSIS_DROP_OLDEST, 4);
  tharsis_inbox* const newest = subscribe("parrot.said", THARSIS_DROP_NEWEST, 4);
  tharsis_inbox* const conflated = subscribe("parrot.said", THARSIS_CONFLATE, 4);
  EXPECT_EQ(say(10), THARSIS_OK);
  EXPECT_EQ(sequences(oldest), (std::vector<uint64_t>{7, 8, 9, 10}));
  EXPECT_EQ(tharsis_inbox_dropped(oldest), 6u);
  EXPECT_EQ(sequences(newest), (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(tharsis_inbox_dropped(newest), 6u);
  EXPECT_EQ(sequences(conflated), (std::vector<uint64_t>{10}));
  EXPECT_EQ(tharsis_inbox_dropped(conflated), 0u);
}

TEST_F(HostInbox, OneThatRefusesTellsThePublisher) {
  tharsis_inbox* const inbox = subscribe("parrot.said", THARSIS_REFUSE, 4);
  EXPECT_EQ(say(10), THARSIS_E_BUSY);
  EXPECT_EQ(sequences(inbox), (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(say(1), THARSIS_OK) << "there is room again";
}

TEST_F(HostInbox, WrongPatternsAndPoliciesAreRefused) {
  tharsis_inbox* inbox = nullptr;
  EXPECT_EQ(tharsis_runtime_subscribe(h.runtime, "", 0, 0, &inbox, &h.why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_subscribe(h.runtime, "**", 4, 0, &inbox, &h.why), THARSIS_E_INVALID);
  EXPECT_EQ(inbox, nullptr);
}

TEST_F(HostInbox, AnEventStaysValidUntilTheNextCallThoughItsPublisherHasGone) {
  tharsis_inbox* const inbox = subscribe("parrot.said", THARSIS_DROP_OLDEST, 0);
  EXPECT_EQ(say(1), THARSIS_OK);
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK);
  const tharsis_event* const kept = tharsis_inbox_next(inbox);
  ASSERT_NE(kept, nullptr) << "what came before the end can be taken after it";
  EXPECT_EQ(*static_cast<const uint32_t*>(kept->payload), 1u);
}

TEST_F(HostInbox, AClosedInboxLeavesTheDescriptorSilent) {
  tharsis_inbox* const inbox = subscribe("parrot.said", THARSIS_DROP_OLDEST, 0);
  EXPECT_EQ(say(1), THARSIS_OK);
  tharsis_inbox_close(inbox);
  EXPECT_TRUE(h.pump([&] { return tharsis_runtime_wait(h.runtime, 0) == 0; }));
}

TEST(HostInboxEarly, ASubscriptionBeforeTheStartMissesNothing) {
  host h("  openssl_version: {}\n");
  ASSERT_TRUE(h.create());
  tharsis_inbox* inbox = nullptr;
  ASSERT_EQ(tharsis_runtime_subscribe(h.runtime, "openssl_version.*", THARSIS_DROP_OLDEST, 0, &inbox, nullptr), THARSIS_OK);
  ASSERT_EQ(tharsis_runtime_start(h.runtime, nullptr), THARSIS_OK);
  const tharsis_event* first = nullptr;
  ASSERT_TRUE(h.pump([&] { return (first = tharsis_inbox_next(inbox)) != nullptr; }));
  EXPECT_STREQ(first->topic->name, "openssl_version.loaded");
  EXPECT_EQ(first->snapshot, 0u);
}

TEST(HostVersion, IsThreeNumbers) {
  int major = -1, minor = -1, patch = -1;
  EXPECT_EQ(std::sscanf(tharsis_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}
