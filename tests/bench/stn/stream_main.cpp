// `script/bench stn`: a large body goes up as a stream while small tasks go one at a time over the same link.
//
//     stream PORT MIB                  prints {"mib_per_second","p50_ns","p99_ns"}; the times are those of the small tasks
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <optional>

#include "plugins/stn/stream_service.h"
#include "tests/plugins/stn/plugin_host.h"
#include "tests/plugins/stn/real_strand.h"

using namespace tharsis;
using test::on_strand;
using test::shut;
using clock_type = std::chrono::steady_clock;

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "stream: %s\n", why.c_str());
  std::_Exit(1);
}

// One stream from memory, and tasks beside it for as long as it runs. All of it on the strand of its link.
class both {
 public:
  both(stn::dispatcher& tasks, const tharsis_stn_streams& streams, uint64_t size) : tasks_(tasks), streams_(streams), size_(size), piece_(1 << 20, 'x'), body_(64, 'x') {}

  // One task, until the link is up.
  void warm_up() { ask(); }
  void begin() {
    tharsis_stn_stream_order o{};
    o.size = sizeof o;
    o.name = {"bench", 5};
    o.direction = THARSIS_STN_STREAM_UP;
    o.up_size = size_;
    o.context = this;
    o.on_room = [](void* self, tharsis_handle stream, uint64_t offset, size_t room) { static_cast<both*>(self)->on_room(stream, offset, room); };
    o.done = [](void* self, tharsis_handle, const tharsis_stn_stream_result* r) { static_cast<both*>(self)->on_done(*r); };
    since_ = clock_type::now();
    tharsis_handle stream = 0;
    tharsis_error why = no_error();
    if (streams_.open(streams_.self, &o, &stream, &why) != THARSIS_OK) die(why.text);
    runs_ = true;
    ask();
  }

  std::promise<void> warm, over;
  double seconds = 0;
  std::vector<double> took;

 private:
  void on_room(tharsis_handle stream, uint64_t offset, size_t room) {
    const auto size = static_cast<size_t>(std::min<uint64_t>({room, piece_.size(), size_ - offset}));
    streams_.write(streams_.self, stream, offset, {piece_.data(), size}, offset + size == size_);
  }
  void on_done(const tharsis_stn_stream_result& r) {
    if (r.status != THARSIS_OK) die("the stream ended: " + std::string(view(r.reason)));
    seconds = std::chrono::duration<double>(clock_type::now() - since_).count();
    runs_ = false;
  }
  void ask() {
    asked_ = clock_type::now();
    tharsis_stn_task t{};
    t.size = sizeof t;
    t.command = 100;
    t.timeout_ms = 60'000;
    t.body = {body_.data(), body_.size()};
    t.context = this;
    t.done = [](void* self, tharsis_handle, const tharsis_stn_result* r) { static_cast<both*>(self)->on_answer(*r); };
    if (tasks_.submit(t, nullptr, nullptr) != THARSIS_OK) die("a task was refused");
  }
  void on_answer(const tharsis_stn_result& r) {
    if (r.status != THARSIS_OK) die("a task failed: " + std::string(view(r.reason)));
    if (seconds > 0) return over.set_value();
    if (!runs_) return warm.set_value();
    took.push_back(static_cast<double>((clock_type::now() - asked_).count()));
    ask();
  }

  stn::dispatcher& tasks_;
  const tharsis_stn_streams& streams_;
  const uint64_t size_;
  const std::vector<uint8_t> piece_, body_;
  clock_type::time_point since_, asked_;
  bool runs_ = false;
};

}  // namespace

int main(int words_count, char** words) {
  if (words_count != 3) return std::fprintf(stderr, "usage: stream PORT MIB\n"), 2;
  runtime::real_platform platform;
  const tharsis_strand& home = test::open_strand(platform, "stn");
  strand place(home.loop);
  test::plugin_host host(*platform.table(), home);
  const stn::settings settings = test::one_link(static_cast<uint16_t>(std::atoi(words[1])));
  const stn::link_events events(host.tables());
  std::optional<stn::dispatcher> tasks;
  std::optional<stn::stream_service> streams;
  std::optional<both> load;
  std::optional<task_set> closing;
  on_strand(home, [&] {
    tasks.emplace(place, host.tables(), settings, events);
    streams.emplace(place, host.tables(), *tasks, settings.streams);
    load.emplace(*tasks, *streams->table(), std::strtoull(words[2], nullptr, 10) << 20);
    closing.emplace(place);
    tasks->start();
    load->warm_up();
  });
  load->warm.get_future().wait();
  on_strand(home, [&] { load->begin(); });
  load->over.get_future().wait();
  std::sort(load->took.begin(), load->took.end());
  std::printf("{\"mib_per_second\":%.1f,\"p50_ns\":%.0f,\"p99_ns\":%.0f}\n", std::strtod(words[2], nullptr) / load->seconds, load->took[load->took.size() / 2],
              load->took[load->took.size() * 99 / 100]);
  std::promise<void> stopped;
  on_strand(home, [&] {
    streams->stop();
    closing->spawn(shut(&*tasks, &stopped));
  });
  stopped.get_future().wait();
  on_strand(home, [&] {
    closing.reset();
    load.reset();
    streams.reset();
    tasks.reset();
    home.close(home.self);
  });
  return 0;
}
