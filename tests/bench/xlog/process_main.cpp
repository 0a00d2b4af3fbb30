// A host application with xlog that logs as it is told, see load.h. WHAT is
//   write    all lines, as fast as it goes
//   pace     a line each 2 us, stretches of which go into a raw ring instead
//   rate     500,000 lines a second and thread: are calls blocked?
//   memory   all lines; what the process has in memory then; SETTINGS "without": of a runtime
//            without xlog; "nothing": of a process that does nothing
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "sdk/abi/runtime.h"
#include "tests/bench/figure.h"
#include "tests/bench/xlog/load.h"
#include "tests/bench/xlog/rings.h"

using namespace tharsis;
using namespace tharsis::bench;

namespace {

void expect(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

// xlog in a runtime of its own.
class live_log {
 public:
  explicit live_log(const load& l) {
    const std::string xlog = "xlog: { directory: " + l.folder + "/log, level: verbose, " + l.settings + " }";
    const std::string text = "tharsis: 1\nplugins: { " + (l.settings == "without" ? "parrot: {}" : xlog) + " }\n";
    const char* const folders[] = {THARSIS_PLUGINS, THARSIS_FIXTURES};
    tharsis_runtime_options o{};
    o.size = sizeof o;
    o.profile = "bench.yaml";
    o.text = text.c_str();
    o.plugin_folders = folders;
    o.plugin_folders_count = 2;
    o.state = l.folder.c_str();
    tharsis_error why = no_error();
    tharsis_status status = tharsis_runtime_create(&o, &runtime_, &why);
    if (status == THARSIS_OK) status = tharsis_runtime_start(runtime_, &why);
    expect(status == THARSIS_OK, why.text);
    while (tharsis_runtime_settled(runtime_) == 0) tharsis_runtime_wait(runtime_, 1'000'000);
    table_ = tharsis_runtime_log(runtime_);
    expect(table_ != nullptr, "there is no log");
  }
  ~live_log() {
    tharsis_runtime_stop(runtime_, 60'000'000'000);
    tharsis_runtime_destroy(runtime_);
  }

  const tharsis_log& table() const { return *table_; }
  uint64_t written() const { return count("lines_written"); }
  uint64_t lost() const { return count("lines_lost"); }
  // Until so many more lines than `before` are in the file, or known to be lost.
  void await(uint64_t before, uint64_t lines) const {
    table_->write(table_->self, THARSIS_LOG_ERROR, text_of("the last one"));  // An error is not kept waiting.
    while (written() + lost() < before + lines + 1) std::this_thread::sleep_for(std::chrono::microseconds(500));
  }

 private:
  uint64_t count(const char* name) const {
    struct search {
      std::string_view name;
      uint64_t count = 0;
    } s{name, 0};
    tharsis_runtime_metrics(runtime_, [](void* context, const tharsis_metric_value* v) {
      auto& wanted = *static_cast<search*>(context);
      if (view(v->plugin) == "xlog" && view(v->name) == wanted.name) wanted.count = v->count;
    }, &s);
    return s.count;
  }

  tharsis_runtime* runtime_ = nullptr;
  const tharsis_log* table_ = nullptr;
};

void write(const load& l) {
  live_log live(l);
  const logger log(&live.table(), "bench");
  log.info("a first line");
  live.await(0, 1);
  const uint64_t before = live.written();
  write_all(l, log, [&] { live.await(before, l.lines * l.threads); });
  print("lost", static_cast<double>(live.lost()));
}

// One thread. Stretches of xlog and of the raw ring take turns; the clock is read before and after each line.
class pacer {
 public:
  pacer(kind k, const logger& log) : kind_(k), corpus_(make_corpus(k)), log_(log) {}

  void run(uint64_t lines) {
    for (uint64_t done = 0; done < lines; done += stretch) {
      measure(xlog_, [this] { say_lines(log_, kind_, corpus_, at_, 1); });
      measure(raw_, [this] { raw_at_ = write_raw(ring_, corpus_, raw_at_); });
    }
    print("mean", xlog_.mean());
    print("raw_mean", raw_.mean());
    print("tail", xlog_.tail());
    print("raw_tail", raw_.tail());
  }

 private:
  static constexpr size_t stretch = 5'000;
  struct times {
    std::vector<double> all, means;
    double tail() {
      const auto at = all.begin() + static_cast<ptrdiff_t>(all.size() * 999 / 1000);
      std::nth_element(all.begin(), at, all.end());
      return *at;
    }
    // The median of the stretches' means: one in which another program had the processor says nothing of a line.
    double mean() { return quartiles_of(means).median; }
  };

  template <class Line>
  void measure(times& to, const Line& line) {
    const double per_ns = ticks_per_nanosecond();
    const auto apart = static_cast<uint64_t>(2'000 * per_ns);
    double sum = 0;
    uint64_t next = now_ticks();
    for (size_t i = 0; i < stretch; ++i) {
      while (now_ticks() < next) {}
      const uint64_t begin = now_ticks();
      line();
      const uint64_t end = now_ticks();
      next = std::max(next + apart, end);
      to.all.push_back(static_cast<double>(end - begin) / per_ns);
      sum += to.all.back();
    }
    to.means.push_back(sum / stretch);
  }

  const kind kind_;
  const log_corpus corpus_;
  const logger& log_;
  raw_ring ring_;
  size_t at_ = 0, raw_at_ = 0;
  times xlog_, raw_;
};

void pace(const load& l) {
  live_log live(l);
  const logger log(&live.table(), "bench");
  pacer(l.corpus, log).run(l.lines);
}

// The threads of this process that do not log: how long they were ready to run and did not.
class lost_time {
 public:
  lost_time() {
    DIR* const tasks = opendir("/proc/self/task");
    while (const dirent* entry = readdir(tasks)) {
      if (entry->d_name[0] == '.' || std::atoi(entry->d_name) == getpid()) continue;
      files_.push_back(open(("/proc/self/task/" + std::string(entry->d_name) + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC));
    }
    closedir(tasks);
  }
  double milliseconds() const {
    double sum = 0;
    for (const int file : files_) {
      char text[64] = {};
      unsigned long long ran = 0, waited = 0;
      if (pread(file, text, sizeof text - 1, 0) > 0 && std::sscanf(text, "%llu %llu", &ran, &waited) == 2) sum += static_cast<double>(waited) / 1e6;
    }
    return sum;
  }

 private:
  std::vector<int> files_;
};

// Stands before room(), which a line calls for each quarter of a ring: whether the call slept there, and whether
// the other threads were kept from the processor while the ring filled.
struct room_watch {
  explicit room_watch(const tharsis_log& log) : inner(log.room), table(log) {
    watch = this;
    table.room = [](void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site) {
      rusage before, after;
      getrusage(RUSAGE_THREAD, &before);
      const int32_t answer = watch->inner(self, ring, bytes, site);
      getrusage(RUSAGE_THREAD, &after);
      watch->note(after.ru_nvcsw != before.ru_nvcsw);
      return answer;
    };
  }
  void note(bool was_blocked) {
    static thread_local std::array<double, 4> earlier{};  // One ring ago and since.
    const double now = lost.milliseconds();
    if (was_blocked) ++blocked;
    if (was_blocked && now - earlier[0] < 20) ++unexcused;
    std::rotate(earlier.begin(), earlier.begin() + 1, earlier.end());
    earlier.back() = now;
  }
  static inline room_watch* watch = nullptr;
  int32_t (*const inner)(void*, tharsis_log_ring*, uint64_t, uint32_t);
  tharsis_log table;
  lost_time lost;
  std::atomic<uint64_t> blocked{0}, unexcused{0};
};

void rate(const load& l) {
  constexpr uint64_t a_millisecond = 500;
  const log_corpus corpus = make_corpus(l.corpus);
  live_log live(l);
  {
    const logger log(&live.table(), "bench");
    log.info("a first line");  // All threads that will be are there afterwards.
    live.await(0, 1);
  }
  room_watch watch(live.table());
  const logger log(&watch.table, "bench");
  const double lost = watch.lost.milliseconds();
  together(l.threads, [] {}, [&](uint32_t) {
    size_t at = 0;
    auto next = std::chrono::steady_clock::now();
    for (uint64_t done = 0; done < l.lines; done += a_millisecond) {
      say_lines(log, l.corpus, corpus, at, a_millisecond);
      std::this_thread::sleep_until(next += std::chrono::milliseconds(1));
    }
  });
  print("blocked", static_cast<double>(watch.blocked));
  print("unexcused", static_cast<double>(watch.unexcused));
  print("lost_ms", watch.lost.milliseconds() - lost);
}

double resident_megabytes() {
  std::ifstream status("/proc/self/status");
  double kilobytes = 0;
  for (std::string word; status >> word;)
    if (word == "VmRSS:") status >> kilobytes;
  return kilobytes / 1024;
}

void memory(const load& l) {
  if (l.settings == "nothing") return print("resident", resident_megabytes());
  live_log live(l);
  if (l.settings != "without") {
    const log_corpus corpus = im_corpus(1, 2'000);
    const logger log(&live.table(), "bench");
    size_t at = 0;
    say_lines(log, kind::messenger, corpus, at, l.lines);
    live.await(0, l.lines);
  }
  print("resident", resident_megabytes());
}

}  // namespace

int main(int count, char** words) {
  const load l = load_of(count, words);
  if (l.what == "write") write(l);
  else if (l.what == "pace") pace(l);
  else if (l.what == "rate") rate(l);
  else if (l.what == "memory") memory(l);
  else return 2;
  return 0;
}
