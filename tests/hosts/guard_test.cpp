// Services on threads that own no strand: answers, and withdrawal while somebody is inside.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/fixtures/parrot/parrot.h"
#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

void add(void* context, tharsis_handle number) { *static_cast<uint64_t*>(context) += number; }

const parrot* enter(tharsis_guard* guard) { return static_cast<const parrot*>(tharsis_guard_enter(guard)); }

}  // namespace

class HostGuard : public ::testing::Test {
 protected:
  HostGuard() : h("  parrot: {}\n") {
    if (!h.settle()) return;
    EXPECT_EQ(tharsis_runtime_bind(h.runtime, PARROT_ID, &guard, &h.why), THARSIS_OK) << h.why.text;
  }
  host h;
  tharsis_guard* guard = nullptr;
};

TEST_F(HostGuard, AnswersArriveInsideRunOnce) {
  uint64_t sum = 0;
  const parrot* const service = enter(guard);
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->ask(service->self, add, &sum, 7), THARSIS_OK);
  tharsis_guard_leave(guard);
  EXPECT_EQ(sum, 0u) << "never inside the call";
  EXPECT_TRUE(h.pump([&] { return sum == 7; }));
}

TEST_F(HostGuard, OutsideTheGuardAThreadIsNobody) {
  const parrot* const service = enter(guard);
  ASSERT_NE(service, nullptr);
  tharsis_guard_leave(guard);
  uint64_t sum = 0;  // The table outlives this test; a host must not rely on that.
  EXPECT_EQ(service->ask(service->self, add, &sum, 1), THARSIS_E_INVALID);
}

TEST_F(HostGuard, AnUnknownInterfaceIsRefusedWithTheNearest) {
  tharsis_guard* none = nullptr;
  EXPECT_EQ(tharsis_runtime_bind(h.runtime, "test.parot/1", &none, &h.why), THARSIS_E_NOT_FOUND);
  EXPECT_STREQ(h.why.text, "no plugin of the profile provides 'test.parot/1'; did you mean 'test.parrot/1'?");
  EXPECT_EQ(none, nullptr);
}

TEST_F(HostGuard, BeforeStartAndAfterStopThereIsNoTable) {
  host early("  parrot: {}\n");
  ASSERT_TRUE(early.create());
  tharsis_guard* before = nullptr;
  ASSERT_EQ(tharsis_runtime_bind(early.runtime, PARROT_ID, &before, nullptr), THARSIS_OK);
  EXPECT_EQ(enter(before), nullptr);
  ASSERT_EQ(tharsis_runtime_start(early.runtime, nullptr), THARSIS_OK);
  EXPECT_TRUE(early.pump([&] { return enter(before) != nullptr; })) << "it binds by itself";
  tharsis_guard_leave(before);
  EXPECT_EQ(tharsis_runtime_stop(early.runtime, -1), THARSIS_OK);
  EXPECT_EQ(enter(before), nullptr);
}

TEST_F(HostGuard, ALeaveWithoutAnEnterIsNoLeave) {
  tharsis_guard_leave(guard);
  const parrot* const service = enter(guard);
  ASSERT_NE(service, nullptr);
  std::thread([&] { tharsis_guard_leave(guard); }).join();  // Of a thread that is not inside.
  uint64_t sum = 0;
  EXPECT_EQ(service->ask(service->self, add, &sum, 1), THARSIS_OK);
  tharsis_guard_leave(guard);
  EXPECT_TRUE(h.pump([&] { return sum == 1; }));
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK);
}

// Goal: the provider is not stopped under a call. Method: another thread stays inside until the report
// says that the provider is being withdrawn, and calls it then.
TEST_F(HostGuard, WithdrawalWaitsForTheOneInside) {
  std::atomic<bool> in = false;
  bool late_call_answered = false;
  std::atomic<uint64_t> answers = 0;
  const auto note = [](void* context, tharsis_handle) { ++*static_cast<std::atomic<uint64_t>*>(context); };
  std::thread other([&] {
    const parrot* const service = enter(guard);
    in = service != nullptr;
    if (!in) return;
    while (!h.reports(R"("state":"withdrawing")")) std::this_thread::yield();
    while (enter(guard) != nullptr) tharsis_guard_leave(guard);  // Until nobody new comes in.
    late_call_answered = service->ask(service->self, note, &answers, 1) == THARSIS_OK;
    tharsis_guard_leave(guard);
  });
  ASSERT_TRUE(h.pump([&] { return in.load(); }));
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK) << h.report();
  other.join();
  EXPECT_TRUE(late_call_answered);
  EXPECT_EQ(answers, 1u) << "an answer that was on its way is given by stop";
}

TEST(HostGuardHeld, AProviderThatIsNotLetGoOfIsReportedAndNotDestroyed) {
  host h("  parrot: { stop_deadline: 50ms }\n");
  ASSERT_TRUE(h.settle());
  tharsis_guard* guard = nullptr;
  ASSERT_EQ(tharsis_runtime_bind(h.runtime, PARROT_ID, &guard, nullptr), THARSIS_OK);
  const parrot* const service = enter(guard);
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_E_TIMEOUT);
  EXPECT_TRUE(h.reports("withdraw has not finished within 50 ms")) << h.report();
  uint64_t sum = 0;
  EXPECT_EQ(service->ask(service->self, add, &sum, 1), THARSIS_OK) << "its memory is still there";
  tharsis_guard_leave(guard);
  EXPECT_TRUE(h.pump([&] { return sum == 1; }));
}

// Goal: no call reaches a provider that has gone, whatever the interleaving. Method: threads enter and
// call without a pause while the runtime stops; sanitizers watch.
TEST_F(HostGuard, ManyThreadsCallWhileTheRuntimeStops) {
  constexpr int threads = 4;
  std::atomic<uint64_t> asked = 0, answered = 0;
  std::atomic<int> gone = 0;
  const auto note = [](void* context, tharsis_handle) { ++*static_cast<std::atomic<uint64_t>*>(context); };
  std::vector<std::thread> callers;
  for (int i = 0; i < threads; ++i)
    callers.emplace_back([&] {
      while (const parrot* const service = enter(guard)) {
        if (service->ask(service->self, note, &answered, 1) == THARSIS_OK) ++asked;
        tharsis_guard_leave(guard);
      }
      ++gone;
    });
  ASSERT_TRUE(h.pump([&] { return answered > 100; }));
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK) << h.report();
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(gone, threads);
  EXPECT_TRUE(h.pump([&] { return answered == asked; })) << answered << " of " << asked;
}

TEST_F(HostGuard, UnbindAndBindAgain) {
  tharsis_guard_unbind(guard);
  ASSERT_EQ(tharsis_runtime_bind(h.runtime, PARROT_ID, &guard, nullptr), THARSIS_OK);
  EXPECT_NE(enter(guard), nullptr);
  tharsis_guard_leave(guard);
}
