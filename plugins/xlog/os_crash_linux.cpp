#include "plugins/xlog/os_crash_linux.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "plugins/xlog/core/crash_record.h"
#include "sdk/pure/logger.h"

namespace tharsis::xlog {
namespace {

constexpr int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
constexpr size_t watches_max = 64;  // Runtimes with a crash handler in one process.

struct watched {
  std::atomic<int> file{-1};
  std::atomic<uint64_t> offset{0};
  std::atomic<pid_t> process{0};  // A child has the parent's watches, but not its files.
};

// Never destroyed: a process may crash while it ends.
std::mutex watch_mutex;
watched all_watched[watches_max];
size_t watched_count = 0;
// Who had each signal before us. What is ours stays so where somebody has come after us: they may call us, and whom we call
// must not be them.
struct sigaction before_us[std::size(fatal_signals)];
bool is_taken[std::size(fatal_signals)];

// What the handler, which may interrupt anything, shares with the rest.
std::atomic<int> writing{0};
std::atomic<bool> noted{false};  // The first crash is the one that matters.
static_assert(std::atomic<uint64_t>::is_always_lock_free);

struct sigaction& earlier(int signal) {
  return before_us[std::find(std::begin(fatal_signals), std::end(fatal_signals), signal) - std::begin(fatal_signals)];
}

uint64_t program_counter_of(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<uint64_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#endif
}

// Reads /proc/self/maps a piece at a time: the stack may be nearly used up, and no memory may be taken.
//   7f00-7f10 r-xp 00001000 08:01 4711   /usr/lib/libc.so.6
class maps_reader {
 public:
  maps_reader(uint64_t wanted, crash_record& into) : wanted_(wanted), into_(into) {}

  // False: found.
  bool on(char c) {
    if (c == '\n') return end_line();
    if (field_ < 2) {
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0) ++field_;
      else range_[field_] = range_[field_] << 4 | static_cast<uint64_t>(digit);
    } else if (c == '/' || length_ > 0) {
      hash_ = (hash_ ^ static_cast<uint8_t>(c)) * 1099511628211u;
      length_ = c == '/' ? 1 : length_ + 1;
      if (c != '/' && length_ - 2 < name_.size()) name_[length_ - 2] = c;
      if (c == '/') name_.fill('\0');
    }
    return true;
  }

 private:
  bool end_line() {
    if (hash_ != last_hash_) begin_ = range_[0];
    last_hash_ = hash_;
    if (wanted_ >= range_[0] && wanted_ < range_[1]) {
      into_.library = name_;
      into_.offset = wanted_ - begin_;
      return false;
    }
    field_ = length_ = range_[0] = range_[1] = 0;
    hash_ = 0;
    name_.fill('\0');
    return true;
  }

  const uint64_t wanted_;
  crash_record& into_;
  uint64_t range_[2] = {0, 0};
  size_t field_ = 0, length_ = 0;    // Of what stands behind the last '/', and that.
  uint64_t hash_ = 0, last_hash_ = 0;
  uint64_t begin_ = 0;               // Where the first mapping of this file is.
  std::array<char, 64> name_{};
};

void name_library(crash_record& c) {
  const int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return;
  maps_reader reader(c.program_counter, c);
  char piece[256];
  bool more = true;
  while (more) {
    const ssize_t n = read(maps, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (ssize_t i = 0; more && i < n; ++i) more = reader.on(piece[i]);
  }
  close(maps);
}

// Past the mapping of the file: a page that cannot be had is an error here, and not one more signal.
void write_everywhere(const crash_record& c) {
  ++writing;
  for (watched& w : all_watched) {
    const int file = w.file;
    if (file < 0 || w.process != getpid()) continue;
    ssize_t n = 0;
    do n = pwrite(file, &c, sizeof c, static_cast<off_t>(w.offset.load()));
    while (n < 0 && errno == EINTR);
  }
  --writing;
}

void note(int signal, const siginfo_t& info, const void* context) {
  crash_record c;
  c.whole = 1;
  c.signal = signal;
  c.code = info.si_code;
  c.address = reinterpret_cast<uintptr_t>(info.si_addr);
  c.program_counter = program_counter_of(context);
  c.thread = static_cast<uint64_t>(syscall(SYS_gettid));
  c.tick = log_detail::tick(tharsis_log_ring{});
  prctl(PR_GET_NAME, c.thread_name.data());
  name_library(c);
  write_everywhere(c);
}

bool is_default(const struct sigaction& a) { return (a.sa_flags & SA_SIGINFO) == 0 && a.sa_handler == SIG_DFL; }
bool is_ignored(const struct sigaction& a) { return (a.sa_flags & SA_SIGINFO) == 0 && a.sa_handler == SIG_IGN; }

// It waits until we have come back, and strikes where it struck before, with all that it brought.
void leave_to_system(int signal, siginfo_t& info) {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  sigaction(signal, &by_default, nullptr);
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, &info) != 0) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

// With the signals blocked that it asked for, as the system would have called it.
void call(const struct sigaction& a, int signal, siginfo_t& info, void* context) {
  sigset_t mask = a.sa_mask, ours;
  if ((a.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  pthread_sigmask(SIG_BLOCK, &mask, &ours);
  if ((a.sa_flags & SA_NODEFER) != 0) {
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, signal);
    pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
  }
  if ((static_cast<unsigned>(a.sa_flags) & SA_RESETHAND) != 0) {
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    sigaction(signal, &by_default, nullptr);
  }
  if ((a.sa_flags & SA_SIGINFO) != 0) a.sa_sigaction(signal, &info, context);
  else a.sa_handler(signal);
  pthread_sigmask(SIG_SETMASK, &ours, nullptr);
}

// Whoever handles a signal and lets the process go on has not died of it.
void take_back_if_it_lives(int signal) {
  struct sigaction now {};
  sigaction(signal, nullptr, &now);
  if (is_default(now)) return;
  write_everywhere({});
  noted = false;
}

void on_signal(int signal, siginfo_t* info, void* context) {
  const int number = errno;
  const struct sigaction next = earlier(signal);
  const bool sent = info->si_code <= 0;
  if (is_ignored(next) && sent) return;
  const bool first = !noted.exchange(true);
  if (first) note(signal, *info, context);
  if (is_default(next) || is_ignored(next)) {
    leave_to_system(signal, *info);
  } else {
    errno = number;
    call(next, signal, *info, context);
    if (first) take_back_if_it_lives(signal);
  }
  errno = number;
}

bool is_ours(const struct sigaction& a) { return (a.sa_flags & SA_SIGINFO) != 0 && a.sa_sigaction == on_signal; }

void take_signals() {
  for (size_t i = 0; i < std::size(fatal_signals); ++i) {
    struct sigaction now {}, ours {};
    sigaction(fatal_signals[i], nullptr, &now);
    if (std::exchange(is_taken[i], true)) continue;
    ours.sa_sigaction = on_signal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | (now.sa_flags & SA_RESTART);
    sigemptyset(&ours.sa_mask);
    before_us[i] = now;
    sigaction(fatal_signals[i], &ours, nullptr);
  }
}

void give_signals_back() {
  for (size_t i = 0; i < std::size(fatal_signals); ++i) {
    struct sigaction now {};
    sigaction(fatal_signals[i], nullptr, &now);
    if (!is_ours(now)) continue;
    sigaction(fatal_signals[i], &before_us[i], nullptr);
    is_taken[i] = false;
  }
}

}  // namespace

void crash_watch::hold() { watch_mutex.lock(); }
void crash_watch::let_go() { watch_mutex.unlock(); }

crash_watch::crash_watch(int file, uint64_t offset) {
  const std::lock_guard hold(watch_mutex);
  for (size_t i = 0; i < watches_max && place_ < 0; ++i)
    if (all_watched[i].file < 0) place_ = static_cast<int>(i);
  if (place_ < 0) return;
  watched& w = all_watched[place_];
  w.offset = offset;
  w.process = getpid();
  w.file = file;
  if (watched_count++ == 0) take_signals();
}

crash_watch::~crash_watch() {
  if (place_ < 0) return;
  const std::lock_guard hold(watch_mutex);
  all_watched[place_].file = -1;
  if (--watched_count == 0) give_signals_back();
  while (writing != 0) sched_yield();  // A thread that crashes now; it does not take long.
}

}  // namespace tharsis::xlog
