#include "runtime/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

using tharsis::runtime::terminal;

namespace {

// Prints where `descriptor` leads, twice, and exits as finish() said, or with 7.
void print_into(int descriptor) {
  std::signal(SIGPIPE, SIG_IGN);
  dup2(descriptor, STDOUT_FILENO);
  int code = 7;
  terminal t({false, [] { return int64_t{0}; }, [&code](int first) { code = first; }});
  t.print("one");
  t.print("two");
  std::_Exit(code);
}

}  // namespace

TEST(Terminal, WorkWhoseReaderHasGoneIsEndedWithoutAWord) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EXIT(print_into(ends[1]), testing::ExitedWithCode(1), "^$");
  close(ends[1]);
}

TEST(Terminal, AFullDiskUnderStdoutIsSaidOnce) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  EXPECT_EXIT(print_into(full), testing::ExitedWithCode(1), "^tharsis: what is printed cannot be written: No space left on device\n$");
  close(full);
}

TEST(Terminal, WorkWithAReaderGoesOn) {
  const int nowhere = open("/dev/null", O_WRONLY);
  ASSERT_GE(nowhere, 0);
  EXPECT_EXIT(print_into(nowhere), testing::ExitedWithCode(7), "^$");
  close(nowhere);
}

TEST(Terminal, WhatATerminalWouldObeyDoesNotReachOneInComplaints) {
  const auto complain = [](const char* text) {
    terminal t({false, [] { return int64_t{0}; }, [](int) {}});
    t.complain(text);
    std::_Exit(0);
  };
  EXPECT_EXIT(complain("a \x1b[2J\x1b[31mname\u202e\xff\nand a line"), testing::ExitedWithCode(0), "^a \\?\\[2J\\?\\[31mname\\?\\?\nand a line\n$");
}
