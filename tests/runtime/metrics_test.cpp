// Cells: the same ones for the same name, for as long as the runtime lives; and what is refused.
#include "runtime/metrics.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "sdk/pure/error.h"
#include "tests/runtime/counted.h"

using namespace tharsis;
using test::counted;

namespace {

constexpr tharsis_metric metric(const char* name, uint32_t kind = THARSIS_METRIC_COUNTER, const char* unit = "1") {
  return {sizeof(tharsis_metric), kind, name, unit, "Of the test"};
}

struct Metrics : testing::Test {
  uint64_t* lend(const tharsis_metric& wanted, const std::string& plugin = "stn") {
    uint64_t* cells = nullptr;
    why = no_error();
    status = all.lend(plugin, &wanted, &cells, &why);
    return cells;
  }
  tharsis_status refused(const tharsis_metric& wanted) { return lend(wanted), status; }

  runtime::metrics all;
  tharsis_status status = THARSIS_OK;
  tharsis_error why = no_error();
};

}  // namespace

TEST_F(Metrics, ThePluginChangesItsCellsAndAnybodyReadsThem) {
  counter(lend(metric("tasks"))).add(3);
  gauge(lend(metric("open", THARSIS_METRIC_GAUGE))).set(-4);
  const histogram times(lend(metric("time", THARSIS_METRIC_HISTOGRAM, "ns")));
  times.record(10);
  times.record(30);
  EXPECT_EQ(counted(all, "stn", "tasks"), 3);
  EXPECT_EQ(counted(all, "stn", "open"), -4);
  const auto time = test::reading(all, "stn", "time");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->count, 2u);
  EXPECT_EQ(time->sum, 40u);
  EXPECT_EQ(time->unit, "ns");
  EXPECT_EQ(time->help, "Of the test");
}

TEST_F(Metrics, TheSameNameIsTheSameCellOfThisPluginOnly) {
  uint64_t* const first = lend(metric("tasks"));
  EXPECT_EQ(lend(metric("tasks")), first);
  EXPECT_NE(lend(metric("tasks"), "dns"), first);
}

TEST_F(Metrics, WhatIsRefusedSaysWhy) {
  for (const char* name : {"", "Tasks", "9lives", "_x", "a.b", "a-b", "a b", "a\xC3\xA4"})
    EXPECT_EQ(refused(metric(name)), THARSIS_E_INVALID) << name;
  EXPECT_EQ(refused(metric(std::string(65, 'a').c_str())), THARSIS_E_INVALID);
  EXPECT_EQ(refused(metric("kind", 0)), THARSIS_E_INVALID);
  EXPECT_EQ(refused(metric("kind", 4)), THARSIS_E_INVALID);
  EXPECT_EQ(refused(metric("unit", 1, nullptr)), THARSIS_E_INVALID);
  lend(metric("tasks"));
  EXPECT_EQ(refused(metric("tasks", THARSIS_METRIC_GAUGE)), THARSIS_E_INVALID);
  EXPECT_EQ(refused(metric("tasks", THARSIS_METRIC_COUNTER, "ns")), THARSIS_E_INVALID);
  EXPECT_STREQ(why.text, "metric 'tasks' was of another kind or unit when it was asked for the first time");
  EXPECT_EQ(all.lend("stn", nullptr, nullptr, nullptr), THARSIS_E_INVALID);
}

TEST_F(Metrics, TheRuntimesOwnAreNotLent) {
  const auto wakes = all.own<counter>("stn", "strand_wakes", "1", "Callbacks");
  EXPECT_EQ(refused(metric("strand_wakes")), THARSIS_E_IN_USE);
  wakes.add();
  all.own<counter>("stn", "strand_wakes", "1", "Callbacks").add();
  EXPECT_EQ(counted(all, "stn", "strand_wakes"), 2) << "the one of a second strand counts on";
}

TEST_F(Metrics, APluginThatAsksWithoutEndIsStopped) {
  for (int i = 0; i < 1024; ++i) ASSERT_NE(lend(metric(("m" + std::to_string(i)).c_str())), nullptr);
  EXPECT_EQ(refused(metric("one_more")), THARSIS_E_BUSY);
  EXPECT_NE(lend(metric("m7")), nullptr) << "what it has it keeps";
  EXPECT_NE(lend(metric("one_more"), "dns"), nullptr) << "others are not concerned";
}

TEST_F(Metrics, AfterAPluginsEndItsGaugesAreZeroAndItsCountersStay) {
  counter(lend(metric("tasks"))).add(3);
  gauge(lend(metric("open", THARSIS_METRIC_GAUGE))).set(5);
  gauge(lend(metric("open", THARSIS_METRIC_GAUGE), "stn.other")).set(6);
  all.own<gauge>("stn", "queue_high", "1", "").set(7);
  all.clear_gauges("stn");
  EXPECT_EQ(counted(all, "stn", "tasks"), 3);
  EXPECT_EQ(counted(all, "stn", "open"), 0);
  EXPECT_EQ(counted(all, "stn.other", "open"), 6);
  EXPECT_EQ(counted(all, "stn", "queue_high"), 7) << "a highest mark stays";
}

TEST_F(Metrics, ManyThreadsCountTogetherWhileOthersReadAndAsk) {
  constexpr int threads = 4, rounds = 20'000;
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t)
    running.emplace_back([&, t] {
      uint64_t* cells = nullptr;
      const std::string name = std::string("of_") + static_cast<char>('a' + t);
      const tharsis_metric mine = metric("tasks"), other = metric(name.c_str());
      all.lend("stn", &mine, &cells, nullptr);
      const shared_counter tasks(cells);
      for (int i = 0; i < rounds; ++i) {
        tasks.add();
        if (i % 1000 == 0) all.lend("stn", &other, &cells, nullptr), runtime::read_metrics(all);
      }
    });
  for (auto& t : running) t.join();
  EXPECT_EQ(counted(all, "stn", "tasks"), threads * rounds);
}

// Readings: what programs and people see.

namespace {

struct MetricsReport : Metrics {
  MetricsReport() {
    counter(lend(metric("bytes_sent", THARSIS_METRIC_COUNTER, "bytes"))).add(3 << 20);
    counter(lend(metric("tasks"))).add(12);
    gauge(lend(metric("open", THARSIS_METRIC_GAUGE), "dns")).set(-2);
    lend(metric("never"), "dns");
    const histogram times(lend(metric("time", THARSIS_METRIC_HISTOGRAM, "ns"), "dns"));
    for (const uint64_t ms : {1u, 2u, 2u, 3u, 40u}) times.record(ms * 1'000'000);
  }
};

}  // namespace

TEST_F(MetricsReport, JsonIsReadBackAsItWas) {
  const auto before = runtime::read_metrics(all);
  const std::string json = runtime::metrics_json(before);
  EXPECT_NE(json.find(R"({"plugin":"dns","name":"time","kind":"histogram","unit":"ns","help":"Of the test","count":5,"sum":48000000,"mean":9600000,"p50":)"), std::string::npos) << json;
  runtime::diagnostics problems;
  const auto tree = runtime::parse_yaml(std::make_shared<runtime::source>(runtime::source{"json", json, runtime::source::kind::profile, {}}), problems);
  ASSERT_TRUE(tree && problems.empty()) << render(problems);
  std::vector<runtime::metric_reading> after;
  ASSERT_TRUE(read_metrics_json(*tree, after));
  EXPECT_EQ(runtime::metrics_json(after), json);
  EXPECT_EQ(runtime::metrics_table(after, {}), runtime::metrics_table(before, {}));
}

TEST_F(MetricsReport, WhatIsNoListOfMetricsIsRefused) {
  for (const char* wrong : {"3", "[{kind: meter}]", "[{kind: histogram}]", "[{kind: histogram, buckets: [[1]]}]"}) {
    runtime::diagnostics problems;
    const auto tree = runtime::parse_yaml(std::make_shared<runtime::source>(runtime::source{"json", wrong, runtime::source::kind::profile, {}}), problems);
    std::vector<runtime::metric_reading> none;
    EXPECT_FALSE(read_metrics_json(*tree, none)) << wrong;
  }
}

TEST_F(MetricsReport, TheTableIsForPeople) {
  EXPECT_EQ(runtime::metrics_table(runtime::read_metrics(all), {false, true}),
            "  METRIC      VALUE  MEAN    P50      P95      P99      MAX      MEANING\n"
            "dns\n"
            "  open        -2                                                 Of the test\n"
            "  time        5      9.6 ms  1.97 ms  41.9 ms  41.9 ms  50.3 ms  Of the test\n"
            "stn\n"
            "  bytes_sent  3 MiB                                              Of the test\n"
            "  tasks       12                                                 Of the test\n"
            "1 more of value 0\n");
  const std::string bare = runtime::metrics_table(runtime::read_metrics(all), {true, false});
  EXPECT_NE(bare.find("MAX\n\x1b[1mdns\x1b[0m\n  open        -2\n"), std::string::npos) << bare;
}

TEST_F(MetricsReport, PrometheusGetsBaseUnitsAndOneFamilyForAllPlugins) {
  counter(lend(metric("tasks"), "dns")).add(1);
  const std::string text = runtime::metrics_prometheus(runtime::read_metrics(all));
  EXPECT_NE(text.find("# HELP tharsis_tasks_total Of the test\n# TYPE tharsis_tasks_total counter\n"
                      "tharsis_tasks_total{plugin=\"dns\"} 1\ntharsis_tasks_total{plugin=\"stn\"} 12\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tharsis_bytes_sent_total{plugin=\"stn\"} 3145728\n"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE tharsis_time_seconds histogram\n"
                      "tharsis_time_seconds_bucket{plugin=\"dns\",le=\"0.001048575\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tharsis_time_seconds_bucket{plugin=\"dns\",le=\"+Inf\"} 5\n"
                      "tharsis_time_seconds_sum{plugin=\"dns\"} 0.048\ntharsis_time_seconds_count{plugin=\"dns\"} 5\n"), std::string::npos) << text;
}
