#include "runtime/os_child_linux.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tharsis::runtime {
namespace {

void write_line(int pipe, const std::string& line) {
  const std::string whole = line + "\n";
  for (size_t sent = 0; sent < whole.size();) {
    const ssize_t n = write(pipe, whole.data() + sent, whole.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);  // Nobody listens any more.
    sent += static_cast<size_t>(n);
  }
}

}  // namespace

result<std::unique_ptr<child>> child::start(const std::function<void(const teller& tell)>& job) {
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return error{THARSIS_E_BUSY, std::string("no pipe: ") + std::strerror(errno)};
  std::fflush(nullptr);  // Else both would print what waits in the buffers.
  const pid_t process = fork();
  if (process < 0) {
    const int reason = errno;
    close(pipe[0]);
    close(pipe[1]);
    return error{THARSIS_E_BUSY, std::string("no process: ") + std::strerror(reason)};
  }
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(pipe[0]);
    job([to = pipe[1]](const std::string& line) { write_line(to, line); });
    std::fflush(nullptr);
    _exit(0);
  }
  close(pipe[1]);
  fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<child>(new child(process, pipe[0]));
}

child::~child() {
  kill();
  if (process_ > 0) waitpid(process_, nullptr, 0);
  close(pipe_);
}

void child::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
}

void child::read() {
  char chunk[4096];
  for (;;) {
    const ssize_t n = ::read(pipe_, chunk, sizeof chunk);
    if (n > 0) told_.append(chunk, static_cast<size_t>(n));
    else if (n < 0 && errno == EINTR) continue;
    else return void(silent_ = silent_ || n == 0);
  }
}

std::optional<std::string> child::take_line() {
  read();
  const size_t end = told_.find('\n');
  if (end == std::string::npos) return {};
  std::string line = told_.substr(0, end);
  told_.erase(0, end + 1);
  return line;
}

std::optional<std::string> child::ended() {
  if (!silent_) return {};
  int status = 0;
  if (process_ > 0) waitpid(process_, &status, 0);
  process_ = 0;
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  return WEXITSTATUS(status) == 0 ? "" : "it ended the process with code " + std::to_string(WEXITSTATUS(status));
}

bool child::wait_for_any(const std::vector<child*>& children, std::chrono::milliseconds limit) {
  std::vector<pollfd> waits;
  for (const child* c : children) waits.push_back({c->pipe_, POLLIN, 0});
  const int n = poll(waits.data(), waits.size(), static_cast<int>(limit.count()));
  return n != 0;
}

unsigned processors() {
  cpu_set_t mine;
  CPU_ZERO(&mine);
  return sched_getaffinity(0, sizeof mine, &mine) == 0 ? static_cast<unsigned>(CPU_COUNT(&mine)) : 1;
}

}  // namespace tharsis::runtime
