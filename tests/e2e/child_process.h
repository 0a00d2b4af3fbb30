// A program run by a test: what it prints, how it ends, and never longer than its limit.
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tharsis::test {

class child_process {
 public:
  // A program that works needs a small part of this; what is looked at by a sanitizer on a busy machine takes more than a
  // minute.
  static constexpr auto limit = std::chrono::seconds(120);

  explicit child_process(std::vector<std::string> words) {
    int from_out[2], from_err[2];
    EXPECT_EQ(pipe2(from_out, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(from_err, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, from_out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, from_err[1], 2);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ), 0) << words[0];
    posix_spawn_file_actions_destroy(&actions);
    close(from_out[1]);
    close(from_err[1]);
    read_[0] = from_out[0];
    read_[1] = from_err[0];
  }
  ~child_process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(read_[0]);
    close(read_[1]);
  }
  child_process(const child_process&) = delete;

  void signal(int number) const { kill(pid_, number); }
  void interrupt() const { signal(SIGINT); }

  // Reads until `out` or `err` holds the text. False: the child ended, or the limit passed, before.
  bool wait_for(const std::string& text) {
    return read_until([&] { return out.find(text) != std::string::npos || err.find(text) != std::string::npos; });
  }

  // Reads to the end and answers the exit code, -1 when it hung or was killed by a signal.
  int wait() {
    const bool ended = read_until([&] { return open_ == 0; });
    if (!ended) {
      ADD_FAILURE() << "the child has not ended within its limit; it printed:\n" << out << err;
      kill(pid_, SIGKILL);
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string out, err;

 private:
  template <class Condition>
  bool read_until(Condition met) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!met()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      pollfd watched[2] = {{done_[0] ? -1 : read_[0], POLLIN, 0}, {done_[1] ? -1 : read_[1], POLLIN, 0}};
      if (open_ == 0 || left.count() <= 0 || poll(watched, 2, static_cast<int>(left.count())) == 0) return false;
      for (int i = 0; i < 2; ++i)
        if (watched[i].revents != 0) read_some(i, i == 0 ? out : err);
    }
    return true;
  }

  void read_some(int i, std::string& into) {
    char block[4096];
    const ssize_t n = read(read_[i], block, sizeof block);
    if (n > 0) return void(into.append(block, static_cast<size_t>(n)));
    done_[i] = true;
    --open_;
  }

  pid_t pid_ = 0;
  int read_[2] = {-1, -1};
  bool done_[2] = {false, false};
  int open_ = 2;
};

}  // namespace tharsis::test
