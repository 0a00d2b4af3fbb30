// What publishing costs for each way of listening.
//
// Inline, there are two references. The bare walk calls a vector of C callbacks with an event that was made
// once. The other one does by hand what the bus promises besides: it numbers each event, and asks for the
// wall time.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/bus.h"
#include "tests/bench/runtime/callee.h"
#include "tests/bench/runtime/groups.h"
#include "tests/bench/runtime/stage.h"

namespace tharsis::bench {
namespace {

struct payload {
  uint64_t number;
  uint64_t more[3];
};
constexpr tharsis_field fields[] = {{"number", THARSIS_FIELD_U64, 0, nullptr, 0}};
constexpr tharsis_topic inline_topic = {sizeof(tharsis_topic), THARSIS_TOPIC_EVENT, "bench.inline", fields, 1, sizeof(payload), 0, THARSIS_TOPIC_INLINE};
constexpr tharsis_topic queued_topic = {sizeof(tharsis_topic), THARSIS_TOPIC_EVENT, "bench.queued", fields, 1, sizeof(payload), 0, 0};
const std::string publisher = "publisher";

void expect(tharsis_status status) {
  if (status != THARSIS_OK) throw std::runtime_error("the bus answers " + std::string(status_name(status)));
}

// A bus with one topic, its publisher's strand, and subscribers that add.
class bus_stage {
 public:
  bus_stage(const tharsis_topic& topic, size_t subscribers, bool same_strand, uint32_t depth)
      : own_(platform_.open()), other_(same_strand ? own_ : platform_.open()), sums_(subscribers), depth_(depth) {
    stage::on(own_, [&] { expect(bus_.declare(publisher, own_, &topic, &topic_, nullptr)); });
    stage::on(other_, [&] {
      const std::string who = same_strand ? publisher : "subscriber";
      for (uint64_t& sum : sums_) {
        const tharsis_subscription wanted{sizeof wanted, THARSIS_DROP_OLDEST, depth, add_event, &sum};
        tharsis_handle id = 0;
        expect(bus_.subscribe(who, other_, topic.name, wanted, &id, nullptr));
      }
    });
    table_ = {sizeof table_, &bus_, nullptr, publish, nullptr, nullptr};
  }
  bus_stage(const bus_stage&) = delete;
  ~bus_stage() {
    for (const tharsis_strand* strand : {own_, other_ == own_ ? nullptr : other_})
      if (strand != nullptr)
        stage::on(strand, [&] {
          bus_.remove(strand == own_ ? publisher : "subscriber");
          strand->close(strand->self);
        });
  }

  // Through a table, as plugins do.
  void publish_inline(size_t n) {
    stage::on(own_, [&] {
      payload p{1, {}};
      const tharsis_bus* table = &table_;
      for (size_t i = 0; i < n; ++i) {
        benchmark::DoNotOptimize(table);
        table->publish(table->self, topic_, &p);
      }
    });
  }

  // Bursts that fit the queues; each begins when the one before has been delivered.
  void publish_queued(size_t n) {
    left_ = n;
    stage::post(own_, &bus_stage::on_turn, this);
    done_.wait();
  }

 private:
  static tharsis_status publish(void* self, tharsis_handle topic, const void* p) {
    return static_cast<runtime::bus*>(self)->publish(publisher, topic, p);
  }

  static void on_turn(void* context, tharsis_handle) {
    auto& self = *static_cast<bus_stage*>(context);
    const payload p{1, {}};
    size_t burst = std::min<size_t>(self.left_, self.depth_);
    self.left_ -= burst;
    for (; burst > 0; --burst) self.table_.publish(self.table_.self, self.topic_, &p);
    stage::post(self.other_, &bus_stage::on_delivered, context);  // Comes after what was published.
  }

  static void on_delivered(void* context, tharsis_handle) {
    auto& self = *static_cast<bus_stage*>(context);
    if (self.left_ == 0) return self.done_.tell();
    stage::post(self.own_, &bus_stage::on_turn, context);
  }

  stage platform_;
  runtime::bus bus_{[] { return std::chrono::system_clock::now().time_since_epoch().count(); }};
  const tharsis_strand* own_;
  const tharsis_strand* other_;
  std::vector<uint64_t> sums_;
  tharsis_handle topic_ = 0;
  tharsis_bus table_{};
  const uint32_t depth_;
  size_t left_ = 0;
  signal done_;
};

struct callback {
  tharsis_on_event on_event;
  void* context;
};

struct plain_vector {
  explicit plain_vector(size_t count) : sums(count) {
    for (uint64_t& sum : sums) callbacks.push_back({add_event, &sum});
  }
  void walk(const tharsis_event& event) const {
    for (const callback& c : callbacks) c.on_event(c.context, &event);
  }

  std::vector<uint64_t> sums;
  std::vector<callback> callbacks;
};

sample bare_walk(size_t count) {
  return nanoseconds_each([v = std::make_shared<plain_vector>(count)](size_t n) {
    const payload p{1, {}};
    const tharsis_event event{sizeof event, 0, &inline_topic, 1, 1, &p};
    const plain_vector* by = v.get();
    for (size_t i = 0; i < n; ++i) {
      benchmark::DoNotOptimize(by);
      by->walk(event);
    }
  });
}

sample walk_with_number_and_time(size_t count) {
  return nanoseconds_each([v = std::make_shared<plain_vector>(count)](size_t n) {
    const payload p{1, {}};
    const plain_vector* by = v.get();
    for (size_t i = 0; i < n; ++i) {
      benchmark::DoNotOptimize(by);
      const int64_t wall = std::chrono::system_clock::now().time_since_epoch().count();
      by->walk({sizeof(tharsis_event), 0, &inline_topic, i, wall, &p});
    }
  });
}

figure inline_figure(size_t count, const char* reference, const sample& by) {
  const auto s = std::make_shared<bus_stage>(inline_topic, count, true, 1);
  return {"publish inline to " + std::to_string(count) + " : " + reference, "ns",
          nanoseconds_each([s](size_t n) { s->publish_inline(n); }), by, at_most(1.2), {}};
}

// Of one subscriber. A burst fills a queue of default depth; for one subscriber on another thread it is longer,
// since else the two hand-offs of a burst are what is measured.
figure queued_figure(size_t count, bool same_strand) {
  const uint32_t depth = count == 1 && !same_strand ? 1024 : 256;
  const auto s = std::make_shared<bus_stage>(queued_topic, count, same_strand, depth);
  const auto all = nanoseconds_each([s](size_t n) { s->publish_queued(n); });
  return {"publish queued, " + std::string(same_strand ? "own" : "other") + " thread, each of " + std::to_string(count), "ns",
          [all, count] { return all() / static_cast<double>(count); }, {}, at_most(40), {}};
}

}  // namespace

std::vector<figure> bus_figures() {
  std::vector<figure> all;
  for (const size_t count : {1u, 10u, 1000u}) all.push_back(inline_figure(count, "bare walk", bare_walk(count)));
  for (const size_t count : {1u, 10u, 1000u}) all.push_back(inline_figure(count, "numbered, timed", walk_with_number_and_time(count)));
  for (const bool same : {true, false})
    for (const size_t count : {1u, 10u, 1000u}) all.push_back(queued_figure(count, same));
  return all;
}

}  // namespace tharsis::bench
