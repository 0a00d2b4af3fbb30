#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/os_main_wait.h"

namespace tharsis::runtime {

main_wait::main_wait() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (pipe2(bell_, O_CLOEXEC | O_NONBLOCK) != 0) bell_[0] = bell_[1] = -1;
}

main_wait::~main_wait() {
  close(signals_);
  close(bell_[0]);
  close(bell_[1]);
}

void main_wait::ring() {
  const char one = 1;
  [[maybe_unused]] const ssize_t n = write(bell_[1], &one, 1);  // A full pipe rings as well.
}

main_wait::woken main_wait::wait(std::optional<std::chrono::nanoseconds> limit) {
  pollfd watched[2] = {{bell_[0], POLLIN, 0}, {signals_, POLLIN, 0}};
  int timeout = -1;
  if (limit) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::max(*limit, std::chrono::nanoseconds(0)));
    timeout = static_cast<int>(std::min<long long>(ms.count(), 1'000'000'000));
  }
  if (poll(watched, 2, timeout) == 0) return woken::deadline;
  signalfd_siginfo info;
  if (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    return info.ssi_signo == SIGHUP && info.ssi_code == SI_USER ? woken::reload : woken::interrupted;
  char drained[64];
  while (read(bell_[0], drained, sizeof drained) > 0) {
  }
  return woken::rung;
}

void exit_at_once(int code, const std::string& words) {
  [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, words.data(), words.size());
  _exit(code);
}

void exit_no_later_than(std::chrono::nanoseconds limit, int code) {
  static volatile sig_atomic_t at_last = 0;
  at_last = code;
  signal(SIGALRM, [](int) { _exit(at_last); });
  alarm(static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(limit).count()));
}

}  // namespace tharsis::runtime
