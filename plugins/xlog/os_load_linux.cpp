#include "plugins/xlog/os_load_linux.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

namespace tharsis::xlog {
namespace {

// Counts that stay readable when this process is gone.
class shared_counts {
 public:
  ~shared_counts() {
    if (counts_ != nullptr) munmap(counts_, size_);
  }
  error open(const std::string& path, uint32_t threads) {
    const auto failed = [&path](const char* what) { return error{THARSIS_E_IO, std::string(what) + " '" + path + "': " + std::strerror(errno)}; };
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return failed("cannot open");
    size_ = threads * sizeof(uint64_t);
    void* at = ftruncate(file, static_cast<off_t>(size_)) == 0 ? mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
    const error e = at == MAP_FAILED ? failed("cannot map") : error{THARSIS_OK, {}};
    close(file);
    if (e.status == THARSIS_OK) counts_ = static_cast<uint64_t*>(at);
    return e;
  }
  void set(uint32_t thread, uint64_t count) {
    if (counts_ != nullptr) std::atomic_ref<uint64_t>(counts_[thread]).store(count, std::memory_order_release);
  }

 private:
  uint64_t* counts_ = nullptr;
  size_t size_ = 0;
};

timespec at(const timespec& start, double seconds) {
  const double whole = static_cast<double>(static_cast<int64_t>(seconds));
  timespec t{start.tv_sec + static_cast<time_t>(whole), start.tv_nsec + static_cast<long>((seconds - whole) * 1e9)};
  if (t.tv_nsec >= 1'000'000'000) {
    t.tv_nsec -= 1'000'000'000;
    ++t.tv_sec;
  }
  return t;
}

bool is_before(const timespec& a, const timespec& b) { return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec; }

// A few times a second somebody looks whether it is time to stop.
void sleep_until(const timespec& due, const std::atomic<bool>& stop) {
  timespec now{};
  while (!stop && clock_gettime(CLOCK_MONOTONIC, &now) == 0 && is_before(now, due)) {
    const timespec soon = at(now, 0.1);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, is_before(soon, due) ? &soon : &due, nullptr);
  }
}

}  // namespace

error carry_out(const line_load& l, const std::function<void(uint32_t, uint64_t)>& say, const std::atomic<bool>& stop) {
  shared_counts counts;
  if (!l.acked.empty())
    if (error e = counts.open(l.acked, l.threads); e.status != THARSIS_OK) return e;
  const auto one = [&](uint32_t thread) {
    timespec start{};
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t number = 0; number < l.lines; ++number) {
      if (l.rate > 0) sleep_until(at(start, static_cast<double>(number) / l.rate), stop);
      if (stop.load(std::memory_order_relaxed)) return;
      say(thread, number);
      counts.set(thread, number + 1);
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < l.threads; ++thread) threads.emplace_back(one, thread);
  for (std::thread& t : threads) t.join();
  return {THARSIS_OK, {}};
}

}  // namespace tharsis::xlog
