// Host threads that call at the wrong moment: before the start, while it starts and stops, after the stop. What
// is tagged [any thread] answers, and nothing crashes; sanitizers watch.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/fixtures/parrot/parrot.h"
#include "tests/hosts/service.h"

using namespace tharsis::test;

namespace {

// Everything that any thread may call, once.
void call_everything(tharsis_runtime* r) {
  tharsis_error why = no_reason();
  text(tharsis_runtime_report(r));
  text(tharsis_runtime_metrics_json(r));
  tharsis_runtime_metrics(r, [](void*, const tharsis_metric_value*) {}, nullptr);
  tharsis_runtime_settled(r);
  tharsis_runtime_wake_descriptor(r);
  tharsis_inbox* inbox = nullptr;
  if (tharsis_runtime_subscribe(r, "parrot.*", THARSIS_DROP_OLDEST, 4, &inbox, &why) == THARSIS_OK) {
    while (tharsis_inbox_next(inbox) != nullptr) {
    }
    tharsis_inbox_dropped(inbox);
    tharsis_inbox_close(inbox);
  }
  tharsis_guard* guard = nullptr;
  if (tharsis_runtime_bind(r, PARROT_ID, &guard, &why) != THARSIS_OK) return;
  if (const auto* service = static_cast<const parrot*>(tharsis_guard_enter(guard))) {
    service->say(service->self, 3);
    tharsis_guard_leave(guard);
  }
  tharsis_guard_unbind(guard);
}

}  // namespace

TEST(WrongMoment, BeforeTheStartAndAfterTheStopEverythingAnswers) {
  host h("  parrot: {}\n");
  ASSERT_TRUE(h.create());
  std::thread([&] { call_everything(h.runtime); }).join();
  ASSERT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_OK) << h.why.text;
  ASSERT_TRUE(h.pump([&] { return tharsis_runtime_settled(h.runtime) == 1; }));
  ASSERT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK);
  std::thread([&] { call_everything(h.runtime); }).join();
  EXPECT_TRUE(h.reports(R"({"state":"stopped")")) << h.report();
}

TEST(WrongMoment, ThreadsCallThroughAWholeLife) {
  for (int round = 0; round < 5; ++round) {
    host h("  parrot: {}\n  quiet: {}\n");
    ASSERT_TRUE(h.create());
    std::atomic<bool> over = false;
    std::atomic<int> calls = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i)
      callers.emplace_back([&] {
        while (!over) call_everything(h.runtime), ++calls;
      });
    while (calls < 3) std::this_thread::yield();  // They call before the start,
    EXPECT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_OK) << h.why.text;
    EXPECT_TRUE(until(h, [&, before = calls.load()] { return tharsis_runtime_settled(h.runtime) == 1 && calls > before + 10; }));
    EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK) << h.report();
    const int before = calls;
    while (calls < before + 3) std::this_thread::yield();  // and after the stop.
    over = true;
    for (std::thread& t : callers) t.join();
  }
}

TEST(WrongMoment, AnotherThreadNeitherPumpsNorStops) {
  host h("  quiet: {}\n");
  ASSERT_TRUE(h.settle());
  std::thread([&] {
    EXPECT_EQ(tharsis_runtime_run_once(h.runtime, 0), THARSIS_E_INVALID);
    EXPECT_EQ(tharsis_runtime_stop(h.runtime, 0), THARSIS_E_INVALID);
    tharsis_error why = no_reason();
    EXPECT_EQ(tharsis_runtime_start(h.runtime, &why), THARSIS_E_INVALID) << "it was started before";
  }).join();
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK);
}
