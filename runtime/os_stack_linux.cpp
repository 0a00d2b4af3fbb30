#include <execinfo.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>

#include "runtime/os_clock.h"
#include "runtime/os_stack.h"

namespace tharsis::runtime {
namespace {

constexpr size_t frames_max = 96;  // Coroutines and parsers nest some thirty deep.

// One question at a time, for the whole process. A signal that comes when nobody waits for it any more
// carries an old ticket.
struct question {
  enum phase : uint64_t { none, asked, writing, written };
  static constexpr uint64_t with(uint64_t ticket, phase p) { return ticket << 2 | p; }

  std::mutex one_at_a_time;
  std::atomic<uint64_t> state{0};
  sem_t answered{};
  std::array<void*, frames_max> frames{};
  int count = 0;
  const void* interrupted = nullptr;
  uint32_t last_ticket = 0;
};
question& the_question() {
  static auto* const only = new question;  // Signals may come until the very end.
  return *only;
}

const void* interrupted_at(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<const void*>(machine.pc);
#else
  static_cast<void>(machine);
  return nullptr;
#endif
}

// Only what may be done in a signal's handler: backtrace() has been called before, so that it finds all
// it needs loaded.
void answer(int signal, siginfo_t* info, void* context) {
  if (info->si_code != SI_QUEUE || info->si_pid != getpid()) {  // Somebody else's: as if we were not here.
    ::signal(signal, SIG_DFL);
    raise(signal);
    return;
  }
  const int error_before = errno;
  question& q = the_question();
  const auto ticket = static_cast<uint32_t>(info->si_value.sival_int);
  uint64_t expected = question::with(ticket, question::asked);
  if (q.state.compare_exchange_strong(expected, question::with(ticket, question::writing))) {
    q.count = backtrace(q.frames.data(), static_cast<int>(frames_max));
    q.interrupted = interrupted_at(context);
    q.state.store(question::with(ticket, question::written));
    sem_post(&q.answered);
  }
  errno = error_before;
}

int choose_signal() {
  void* warm_up[1];
  backtrace(warm_up, 1);  // Loads what it needs.
  sem_init(&the_question().answered, 0, 0);
  for (int signal = SIGRTMAX - 1; signal > SIGRTMIN; --signal) {
    struct sigaction before {};
    if (sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
    struct sigaction ours {};
    ours.sa_sigaction = answer;
    ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigfillset(&ours.sa_mask);
    if (sigaction(signal, &ours, nullptr) == 0) return signal;
  }
  return 0;
}

// A library of the application may have taken the signal after us.
bool still_ours(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == answer;
}

bool send(int signal, uint64_t thread, uint32_t ticket) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = static_cast<int>(ticket);
  return syscall(SYS_rt_tgsigqueueinfo, getpid(), static_cast<pid_t>(thread), signal, &info) == 0;
}

bool wait_for_answer(question& q, uint32_t ticket, duration patience) {
  constexpr int64_t second = 1'000'000'000;
  const int64_t end = monotonic_now() + patience.count();
  timespec until{};
  until.tv_sec = static_cast<time_t>(end / second);
  until.tv_nsec = static_cast<long>(end % second);
  for (;;) {
    // The state, too, is asked: by it all that was written is seen, whatever the semaphore promises.
    if (sem_clockwait(&q.answered, CLOCK_MONOTONIC, &until) == 0)
      return q.state.load(std::memory_order_acquire) == question::with(ticket, question::written);
    if (errno == EINTR) continue;
    uint64_t expected = question::with(ticket, question::asked);
    if (q.state.compare_exchange_strong(expected, question::none)) return false;
    ++until.tv_sec;  // It is writing.
  }
}

// From where the thread was interrupted: what lies above are the handler's own frames. A program that hands signals on late, as
// ThreadSanitizer does, is no longer there: better then a few frames too many than none.
stack_addresses frames_of(const question& q) {
  const auto begin = q.frames.begin(), end = begin + q.count;
  const auto found = std::find(begin, end, q.interrupted);
  stack_addresses stack(found != end ? found : begin, end);
  if (stack.empty()) stack.push_back(q.interrupted);
  return stack;
}

}  // namespace

int stack_signal() {
  static const int chosen = choose_signal();
  return chosen;
}

result<stack_addresses> stack_of(uint64_t thread, duration patience) {
  const int signal = stack_signal();
  if (signal == 0 || !still_ours(signal))
    return error{THARSIS_E_UNSUPPORTED, "no stack: the application uses the signal by which its threads would be asked"};
  question& q = the_question();
  const std::lock_guard lock(q.one_at_a_time);
  const uint32_t ticket = ++q.last_ticket;
  q.state.store(question::with(ticket, question::asked));
  if (!send(signal, thread, ticket)) {
    q.state.store(question::none);
    return error{THARSIS_E_GONE, "no stack: the thread has ended"};
  }
  if (!wait_for_answer(q, ticket, patience))
    return error{THARSIS_E_TIMEOUT, "no stack: the thread does not answer; it waits inside the system, or blocks signals"};
  return frames_of(q);
}

std::string stack_text(const stack_addresses& stack) {
  std::string text;
  for (size_t i = 0; i < stack.size(); ++i)
    text += (i == 0 ? call_name(stack[i]) : caller_name(stack[i])) + "\n";
  return text;
}

}  // namespace tharsis::runtime
