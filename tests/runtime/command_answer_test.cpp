#include "runtime/command_answer.h"

#include <csignal>
#include <cstdio>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

using namespace tharsis::runtime;

namespace {

struct said {
  int code = -1;
  std::string complaint;
};
// In a process of its own, whose stdout leads there.
said say_into(const char* path, int closed_reader = -1) {
  int pipe_ends[2];
  EXPECT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGPIPE, SIG_IGN);
    dup2(pipe_ends[1], STDERR_FILENO);
    if (closed_reader >= 0) dup2(closed_reader, STDOUT_FILENO);
    else if (std::freopen(path, "w", stdout) == nullptr) _exit(99);
    const int code = say("much\n");
    _exit(code + (said_in_vain() ? 10 : 0));
  }
  close(pipe_ends[1]);
  said s;
  char piece[256];
  for (ssize_t n = 0; (n = read(pipe_ends[0], piece, sizeof piece)) > 0;) s.complaint.append(piece, static_cast<size_t>(n));
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  s.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return s;
}

}  // namespace

TEST(CommandAnswer, WhatAFullDiskDoesNotTakeIsNoSuccess) {
  const said s = say_into("/dev/full");
  EXPECT_EQ(s.code, exit_work_failed + 10);
  EXPECT_NE(s.complaint.find("cannot be written"), std::string::npos) << s.complaint;
  EXPECT_EQ(say_into("/dev/null").code, exit_done);
}

TEST(CommandAnswer, AReaderThatHasEnoughIsNoFailure) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const said s = say_into("", ends[1]);
  close(ends[1]);
  EXPECT_EQ(s.code, exit_done + 10);
  EXPECT_EQ(s.complaint, "");
}
