// `script/bench stn`: tasks that are started on another thread than the link's, as a host's threads do it.
//
//     other_thread PORT COUNT IN_FLIGHT BODY            prints {"p50_ns","p99_ns","requests_per_second","cpu_ns"}
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <optional>

#include "sdk/pure/views.h"
#include "tests/plugins/stn/plugin_host.h"
#include "tests/plugins/stn/real_strand.h"

using namespace tharsis;
using test::on_strand;
using test::open_strand;
using test::shut;
using clock_type = std::chrono::steady_clock;

namespace {

double cpu_nanoseconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

// So many tasks, so many of them open at a time. All of it on its own strand.
class asker {
 public:
  asker(stn::dispatcher& to, size_t count, size_t in_flight, size_t body) : to_(to), count_(count), body_(body, 'x'), since_(count) {
    for (size_t i = 0; i < in_flight; ++i) slots_.push_back({this, 0});
    took_.reserve(count);
  }
  void begin() {
    for (slot& s : slots_) next(s);
  }
  std::vector<double> took_;
  std::promise<void> finished;

 private:
  struct slot {
    asker* owner;
    size_t number;
  };
  void next(slot& s) {
    if (asked_ == count_) return;
    s.number = asked_++;
    since_[s.number] = clock_type::now();
    tharsis_stn_task t{};
    t.size = sizeof t;
    t.command = 100;
    t.timeout_ms = 60'000;
    t.body = {body_.data(), body_.size()};
    t.context = &s;
    t.done = on_done;
    if (to_.submit(t, nullptr, nullptr) != THARSIS_OK) std::abort();
  }
  static void on_done(void* context, tharsis_handle, const tharsis_stn_result* result) {
    auto& s = *static_cast<slot*>(context);
    asker& self = *s.owner;
    if (result->status != THARSIS_OK) std::abort();
    self.took_.push_back(static_cast<double>((clock_type::now() - self.since_[s.number]).count()));
    if (self.took_.size() == self.count_) return self.finished.set_value();
    self.next(s);
  }

  stn::dispatcher& to_;
  size_t count_, asked_ = 0;
  std::vector<uint8_t> body_;
  std::vector<clock_type::time_point> since_;
  std::vector<slot> slots_;
};

}  // namespace

int main(int words_count, char** words) {
  if (words_count != 5) return std::fprintf(stderr, "usage: other_thread PORT COUNT IN_FLIGHT BODY\n"), 2;
  const size_t count = std::strtoull(words[2], nullptr, 10);
  runtime::real_platform platform;
  const tharsis_strand &home = open_strand(platform, "stn"), &elsewhere = open_strand(platform, "asker");
  strand place(home.loop);
  test::plugin_host host(*platform.table(), home);
  const stn::settings settings = test::one_link(static_cast<uint16_t>(std::atoi(words[1])));
  const stn::link_events events(host.tables());
  std::optional<stn::dispatcher> tasks;
  std::optional<task_set> closing;
  on_strand(home, [&] {
    tasks.emplace(place, host.tables(), settings, events);
    closing.emplace(place);
    tasks->start();
  });
  {
    asker first(*tasks, 1, 1, 1);  // Until the link is up.
    on_strand(elsewhere, [&] { first.begin(); });
    first.finished.get_future().wait();
  }
  asker all(*tasks, count, std::strtoull(words[3], nullptr, 10), std::strtoull(words[4], nullptr, 10));
  const double cpu = cpu_nanoseconds();
  const auto started = clock_type::now();
  on_strand(elsewhere, [&] { all.begin(); });
  all.finished.get_future().wait();
  const double seconds = std::chrono::duration<double>(clock_type::now() - started).count();
  const double used = cpu_nanoseconds() - cpu;
  std::sort(all.took_.begin(), all.took_.end());
  std::printf("{\"p50_ns\":%.0f,\"p99_ns\":%.0f,\"requests_per_second\":%.0f,\"cpu_ns\":%.0f}\n", all.took_[count / 2],
              all.took_[count * 99 / 100], static_cast<double>(count) / seconds, used / static_cast<double>(count));
  std::promise<void> stopped;
  on_strand(home, [&] { closing->spawn(shut(&*tasks, &stopped)); });
  stopped.get_future().wait();
  on_strand(home, [&] {
    closing.reset();
    tasks.reset();
    home.close(home.self);
  });
  on_strand(elsewhere, [&] { elsewhere.close(elsewhere.self); });
  return 0;
}
