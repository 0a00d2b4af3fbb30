// libtharsis as a host application uses it, and misuses it: order of calls, threads, ends.
#include <poll.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/fixtures/parrot/parrot.h"
#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

bool readable(int descriptor) {
  pollfd watched{descriptor, POLLIN, 0};
  return poll(&watched, 1, 0) == 1;
}

const auto count = [](void* context, tharsis_handle number) { *static_cast<uint64_t*>(context) += number; };

}  // namespace

TEST(HostRuntime, StartsReportsAndStops) {
  host h("  quiet: {}\n  parrot: {}\n");
  ASSERT_TRUE(h.create());
  EXPECT_TRUE(h.reports(R"({"state":"created","plugins":[{"id":"quiet","state":"resolved","since":0,"reason":"","stuck":false,"retry":0,"leaks":[]})")) << h.report();
  ASSERT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_OK) << h.why.text;
  ASSERT_TRUE(h.pump([&] { return tharsis_runtime_settled(h.runtime) == 1; }));
  EXPECT_TRUE(h.reports(R"({"state":"running")") && h.reports(R"("id":"parrot","state":"running")")) << h.report();
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 10 * host::second), THARSIS_OK);
  EXPECT_TRUE(h.reports(R"({"state":"stopped")") && h.reports(R"("id":"parrot","state":"stopped")")) << h.report();
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 0), THARSIS_OK) << "once more does no harm";
}

TEST(HostRuntime, AProfileWithProblemsIsRefusedWithTheFirstAndAllAreTold) {
  host h("  parot: {}\n  quiet: { loud: yes }\n");
  EXPECT_EQ(tharsis_runtime_create(&h.options, &h.runtime, &h.why), THARSIS_E_INVALID);
  EXPECT_EQ(h.runtime, nullptr);
  EXPECT_NE(std::string(h.why.text).find("host.yaml:3:3: "), std::string::npos) << h.why.text;
  const std::string all = text(tharsis_runtime_problems(&h.options));
  EXPECT_NE(all.find("did you mean 'parrot'?"), std::string::npos) << all;
  EXPECT_NE(all.find("host.yaml:4:12: error: "), std::string::npos) << all;
  EXPECT_NE(all.find("quiet: { loud: yes }\n"), std::string::npos) << "the line is shown: " << all;
}

TEST(HostRuntime, ASoundProfileHasNoProblemsAndOverridesCount) {
  host h("  quiet: {}\n");
  EXPECT_EQ(text(tharsis_runtime_problems(&h.options)), "");
  const char* const sets[] = {"quiet.volume=11"};
  h.options.sets = sets;
  h.options.sets_count = 1;
  const std::string all = text(tharsis_runtime_problems(&h.options));
  EXPECT_NE(all.find("quiet.volume"), std::string::npos) << all;
}

TEST(HostRuntime, NothingIsAskedOfNothing) {
  tharsis_error why = no_reason();
  tharsis_runtime* none = nullptr;
  tharsis_runtime_options o{};
  EXPECT_EQ(tharsis_runtime_create(nullptr, &none, &why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_create(&o, &none, &why), THARSIS_E_INVALID) << "no size";
  o.size = sizeof o;
  EXPECT_EQ(tharsis_runtime_create(&o, &none, &why), THARSIS_E_INVALID) << "no profile";
  EXPECT_STREQ(why.text, "the options need a `profile`, or its `text`");
  o.text = "tharsis: 1\n";
  o.sets_count = 1;
  EXPECT_EQ(tharsis_runtime_create(&o, &none, nullptr), THARSIS_E_INVALID) << "counted, and not there";
  EXPECT_EQ(tharsis_runtime_start(nullptr, &why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_run_once(nullptr, 1), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_wake_descriptor(nullptr), -1);
  EXPECT_EQ(tharsis_runtime_wait(nullptr, -1), 0);
  EXPECT_EQ(tharsis_runtime_bind(nullptr, PARROT_ID, nullptr, &why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_guard_enter(nullptr), nullptr);
  tharsis_guard_leave(nullptr);
  tharsis_guard_unbind(nullptr);
  EXPECT_EQ(tharsis_runtime_subscribe(nullptr, "**", 0, 0, nullptr, &why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_inbox_next(nullptr), nullptr);
  EXPECT_EQ(tharsis_inbox_next_json(nullptr).size, 0u);
  EXPECT_EQ(tharsis_inbox_dropped(nullptr), 0u);
  tharsis_inbox_close(nullptr);
  EXPECT_EQ(text(tharsis_runtime_report(nullptr)), "");
  EXPECT_EQ(tharsis_runtime_stop(nullptr, 0), THARSIS_E_INVALID);
  tharsis_runtime_destroy(nullptr);
}

TEST(HostRuntime, RunsOnceOnly) {
  host h("  quiet: {}\n");
  ASSERT_TRUE(h.settle());
  EXPECT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_E_INVALID);
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK);
  EXPECT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_E_INVALID);
  EXPECT_NE(std::string(h.why.text).find("create another"), std::string::npos) << h.why.text;
}

TEST(HostRuntime, StoppedBeforeItWasStartedItNeverStarts) {
  host h("  quiet: {}\n");
  ASSERT_TRUE(h.create());
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 0), THARSIS_OK);
  EXPECT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_E_INVALID);
  EXPECT_TRUE(h.reports(R"({"state":"stopped")")) << h.report();
}

TEST(HostRuntime, ALibraryThatCannotBeLoadedFailsTheStartAndNothingRuns) {
  host h("  corrupt: {}\n  no_entry: {}\n  quiet: {}\n");
  ASSERT_TRUE(h.create());
  EXPECT_LT(tharsis_runtime_start(h.runtime, &h.why), 0);
  EXPECT_NE(std::string(h.why.text).find("plugin 'corrupt': "), std::string::npos) << h.why.text;
  EXPECT_NE(std::string(h.why.text).find("\nplugin 'no_entry': "), std::string::npos) << h.why.text;
  EXPECT_TRUE(h.reports(R"({"state":"stopped")")) << h.report();
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, host::second), THARSIS_OK);
}

TEST(HostRuntime, AFailedPluginWakesTheHostAndTheReportSaysWhy) {
  host h("  start_fails: {}\n  waits: {}\n");
  ASSERT_TRUE(h.start());
  ASSERT_TRUE(h.pump([&] { return h.reports(R"("id":"waits","state":"waiting")"); })) << h.report();
  EXPECT_TRUE(h.reports(R"("id":"start_fails","state":"failed")")) << h.report();
  EXPECT_TRUE(h.reports(R"(it requires plugin 'start_fails', which has failed: )")) << h.report();
}

TEST(HostRuntime, StopsWhileItIsStarting) {
  for (int i = 0; i < 20; ++i) {
    host h("  parrot: {}\n  quiet: {}\n  openssl_version: {}\n");
    ASSERT_TRUE(h.start());
    EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK);
  }
}

TEST(HostRuntime, DestroyStopsByItself) {
  host h("  parrot: { loop: main }\n");
  ASSERT_TRUE(h.settle());
}

TEST(HostRuntime, APluginOnTheMainLoopRunsInsideRunOnceOnly) {
  host h("  quiet: { loop: main }\n");
  ASSERT_TRUE(h.start());
  EXPECT_EQ(tharsis_runtime_wait(h.runtime, 30 * host::second), 1) << "its create waits for the pump";
  EXPECT_EQ(tharsis_runtime_settled(h.runtime), 0);
  EXPECT_TRUE(h.pump([&] { return tharsis_runtime_settled(h.runtime) == 1; }));
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 10 * host::second), THARSIS_OK) << "stop pumps";
}

TEST(HostRuntime, OnlyOneThreadPumps) {
  host h("  quiet: {}\n");
  ASSERT_TRUE(h.settle());
  tharsis_status once = THARSIS_OK, stop = THARSIS_OK;
  std::thread([&] {
    once = tharsis_runtime_run_once(h.runtime, 0);
    stop = tharsis_runtime_stop(h.runtime, 0);
  }).join();
  EXPECT_EQ(once, THARSIS_E_INVALID);
  EXPECT_EQ(stop, THARSIS_E_INVALID);
  EXPECT_TRUE(h.reports(R"({"state":"running")")) << h.report();
}

TEST(HostRuntime, NothingIsPumpedStoppedOrDestroyedInsideAnAnswer) {
  host h("  parrot: {}\n");
  ASSERT_TRUE(h.settle());
  tharsis_guard* guard = nullptr;
  ASSERT_EQ(tharsis_runtime_bind(h.runtime, PARROT_ID, &guard, &h.why), THARSIS_OK) << h.why.text;
  struct inside {
    tharsis_runtime* runtime;
    tharsis_status once, stop;
    bool called;
  } seen{h.runtime, 0, 0, false};
  const auto misbehave = [](void* context, tharsis_handle) {
    auto* const s = static_cast<inside*>(context);
    s->once = tharsis_runtime_run_once(s->runtime, 0);
    s->stop = tharsis_runtime_stop(s->runtime, 0);
    tharsis_runtime_destroy(s->runtime);
    s->called = true;
  };
  const auto* const service = static_cast<const parrot*>(tharsis_guard_enter(guard));
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->ask(service->self, misbehave, &seen, 1), THARSIS_OK);
  tharsis_guard_leave(guard);
  ASSERT_TRUE(h.pump([&] { return seen.called; }));
  EXPECT_EQ(seen.once, THARSIS_E_INVALID);
  EXPECT_EQ(seen.stop, THARSIS_E_INVALID);
  EXPECT_TRUE(h.reports(R"({"state":"running")")) << h.report();
}

TEST(HostRuntime, APluginThatIsStuckIsReportedAndLeftAlone) {
  host h("  blocks_in_stop: { stop_deadline: 50ms }\n  quiet: {}\n");
  ASSERT_TRUE(h.settle());
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 30 * host::second), THARSIS_E_TIMEOUT);
  EXPECT_TRUE(h.reports(R"({"state":"stopped")")) << h.report();
  EXPECT_TRUE(h.reports(R"("id":"blocks_in_stop","state":"failed")") && h.reports(R"("stuck":true)")) << h.report();
  EXPECT_TRUE(h.reports(R"("id":"quiet","state":"stopped")")) << h.report();
}

TEST(HostRuntime, AStopThatTimedOutMayBeAskedAgain) {
  host h("  never_stopped: { stop_deadline: 100ms }\n");
  ASSERT_TRUE(h.settle());
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 0), THARSIS_E_TIMEOUT);
  EXPECT_TRUE(h.reports(R"({"state":"stopping")")) << h.report();
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, -1), THARSIS_OK) << h.report();
}

TEST(HostRuntime, ManyLiveInOneProcessAndDoNotKnowEachOther) {
  constexpr uint64_t many = 64;
  std::vector<std::unique_ptr<host>> hosts;
  std::vector<tharsis_guard*> guards(many);
  std::vector<uint64_t> sums(many);
  for (uint64_t i = 0; i < many; ++i) {
    hosts.push_back(std::make_unique<host>("  parrot: {}\n"));
    ASSERT_TRUE(hosts.back()->start());
    ASSERT_EQ(tharsis_runtime_bind(hosts[i]->runtime, PARROT_ID, &guards[i], nullptr), THARSIS_OK);
  }
  for (uint64_t i = 0; i < many; ++i) {
    host& h = *hosts[i];
    ASSERT_TRUE(h.pump([&] { return tharsis_runtime_settled(h.runtime) == 1; }));
    const parrot* service = nullptr;
    ASSERT_TRUE(h.pump([&] { return (service = static_cast<const parrot*>(tharsis_guard_enter(guards[i]))) != nullptr; }));
    EXPECT_EQ(service->ask(service->self, count, &sums[i], i + 1), THARSIS_OK);
    tharsis_guard_leave(guards[i]);
  }
  for (uint64_t i = 0; i < many; ++i) {
    EXPECT_TRUE(hosts[i]->pump([&] { return sums[i] != 0; }));
    EXPECT_EQ(sums[i], i + 1);
  }
  for (const auto& h : hosts) EXPECT_EQ(tharsis_runtime_stop(h->runtime, -1), THARSIS_OK);
}

TEST(HostRuntime, TheDescriptorIsSilentWhileThereIsNothingToDo) {
  host h("  parrot: {}\n");
  ASSERT_TRUE(h.settle());
  const int descriptor = tharsis_runtime_wake_descriptor(h.runtime);
  ASSERT_TRUE(h.pump([&] { return !readable(descriptor); }));
  EXPECT_EQ(tharsis_runtime_run_once(h.runtime, 0), 0);
  EXPECT_EQ(tharsis_runtime_wait(h.runtime, 0), 0);
  tharsis_inbox* inbox = nullptr;
  ASSERT_EQ(tharsis_runtime_subscribe(h.runtime, "parrot.*", THARSIS_DROP_OLDEST, 0, &inbox, nullptr), THARSIS_OK);
  tharsis_guard* guard = nullptr;
  ASSERT_EQ(tharsis_runtime_bind(h.runtime, PARROT_ID, &guard, nullptr), THARSIS_OK);
  const auto* const service = static_cast<const parrot*>(tharsis_guard_enter(guard));
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->say(service->self, 1), THARSIS_OK);
  tharsis_guard_leave(guard);
  EXPECT_EQ(tharsis_runtime_wait(h.runtime, 0), 1) << "the inbox holds something";
  EXPECT_EQ(tharsis_runtime_run_once(h.runtime, 0), 0);
  EXPECT_TRUE(readable(descriptor)) << "pumping takes nothing out of an inbox";
  while (tharsis_inbox_next(inbox) != nullptr) {
  }
  EXPECT_FALSE(readable(descriptor));
}

TEST(HostRuntime, MetricsAreVisitedAndPrinted) {
  host h("  parrot: {}\n");
  ASSERT_TRUE(h.create());
  ASSERT_EQ(tharsis_runtime_start(h.runtime, &h.why), THARSIS_OK) << h.why.text;
  ASSERT_TRUE(h.pump([&] { return tharsis_runtime_settled(h.runtime) == 1; }));
  const auto note = [](void* context, const tharsis_metric_value* v) {
    if (std::string_view(v->plugin.data, v->plugin.size) == "parrot" && std::string_view(v->name.data, v->name.size) == "strand_wakes")
      *static_cast<uint64_t*>(context) = v->count;
  };
  uint64_t wakes = 0;
  tharsis_runtime_metrics(h.runtime, note, &wakes);
  EXPECT_GT(wakes, 0u);
  const std::string json = text(tharsis_runtime_metrics_json(h.runtime));
  EXPECT_NE(json.find(R"({"plugin":"parrot","name":"strand_wakes","kind":"counter","unit":"1","help":)"), std::string::npos) << json;
  EXPECT_EQ(tharsis_runtime_stop(h.runtime, 10 * host::second), THARSIS_OK);
  uint64_t after = 0;
  tharsis_runtime_metrics(h.runtime, note, &after);
  EXPECT_GE(after, wakes) << "they stay readable until destroy";
}

TEST(HostRuntime, AQuantileOfAMetric) {
  uint64_t buckets[THARSIS_HISTOGRAM_BUCKETS] = {};
  buckets[7] = 100;  // 8 to 11.
  tharsis_metric_value value{};
  EXPECT_EQ(tharsis_metric_quantile(&value, 0.5), 0u) << "no histogram";
  value.buckets = buckets;
  const uint64_t half = tharsis_metric_quantile(&value, 0.5);
  EXPECT_TRUE(half >= 8 && half <= 11) << half;
  EXPECT_EQ(tharsis_metric_quantile(nullptr, 0.5), 0u);
}
