#include "tests/bench/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

namespace tharsis::bench {

child::child(const std::vector<std::string>& words) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no more descriptors");
  keep_ = in[1];
  said_ = out[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  for (const int descriptor : {1, 2}) posix_spawn_file_actions_adddup2(&actions, out[1], descriptor);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int failure = posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (failure != 0) throw std::runtime_error("cannot start " + words[0]);
}

child::~child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    await_end();
  }
  ::close(keep_);
  ::close(said_);
}

bool child::await(const std::string& text) {
  std::string said;
  char part[4096];
  for (ssize_t n; (n = ::read(said_, part, sizeof part)) > 0;) {
    said.append(part, static_cast<size_t>(n));
    if (said.find(text) != std::string::npos) return true;
  }
  return false;
}

std::string child::line() {
  std::string said;
  for (char c; ::read(said_, &c, 1) == 1 && c != '\n';) said += c;
  return said;
}

std::string child::rest() {
  std::string said;
  char part[4096];
  for (ssize_t n; (n = ::read(said_, part, sizeof part)) > 0;) said.append(part, static_cast<size_t>(n));
  return said;
}

void child::say(const std::string& text) {
  if (::write(keep_, text.data(), text.size()) < 0) throw std::runtime_error("the program does not listen");
}

int child::await_end() {
  ::close(std::exchange(keep_, -1));
  int status = 0;
  rusage used{};
  if (wait4(std::exchange(pid_, -1), &status, 0, &used) < 0 || !WIFEXITED(status)) return -1;
  for (const timeval& t : {used.ru_utime, used.ru_stime})
    cpu_ += static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  return WEXITSTATUS(status);
}

double child::resident_megabytes() const { return status_megabytes("VmRSS:"); }
double child::private_megabytes() const { return status_megabytes("RssAnon:"); }

double child::status_megabytes(const std::string& key) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;)
    if (word == key) {
      double kilobytes = 0;
      status >> kilobytes;
      return kilobytes / 1024;
    }
  return 0;
}

}  // namespace tharsis::bench
