// Goal: what a process dies of is noted, and nothing else about its death is changed: its signal, whoever else handles
// it, how often. Method: children that die, each in its own way.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "plugins/xlog/core/crash_record.h"
#include "plugins/xlog/os_crash_linux.h"
#include "tests/plugins/xlog/ring_line.h"

using namespace tharsis::xlog;

namespace {

constexpr int all_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
constexpr uint64_t place = 1024;

struct death {
  int status = 0;
  crash_record noted;
  pid_t process = 0;
};

// Shared with the children; what they count.
std::atomic<int>& calls() {
  static auto* const shared = new (mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<int>;
  return *shared;
}

class XlogCrash : public testing::Test {
 protected:
  // What becomes of a child that does this, with a file to note it in.
  death of(const std::function<void(int file)>& life) {
    const int file = open(folder_.path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    EXPECT_EQ(ftruncate(file, 4096), 0);
    calls() = 0;
    death d;
    d.process = fork();
    if (d.process == 0) {
      const rlimit none{0, 0};
      setrlimit(RLIMIT_CORE, &none);
      for (const int s : all_signals) signal(s, SIG_DFL);  // A sanitizer's.
      life(file);
      _exit(77);
    }
    waitpid(d.process, &d.status, 0);
    EXPECT_EQ(pread(file, &d.noted, sizeof d.noted, place), static_cast<ssize_t>(sizeof d.noted));
    close(file);
    return d;
  }
  static bool died_of(const death& d, int signal) { return WIFSIGNALED(d.status) && WTERMSIG(d.status) == signal; }

  own_folder folder_;
};

[[gnu::noinline]] void write_to(uintptr_t address) {
  volatile int* const there = reinterpret_cast<volatile int*>(address);
  *there = 1;
}
constexpr uintptr_t nowhere = 0x10;

[[gnu::noinline]] int deeper(volatile char* above) {
  volatile char here[4096];
  here[0] = above != nullptr ? above[0] : 0;
  if (here[0] != 0) return 0;  // Never.
  return deeper(here) + here[0];
}

void handle(int number, void (*handler)(int, siginfo_t*, void*), int flags = 0) {
  struct sigaction a {};
  a.sa_sigaction = handler;
  a.sa_flags = SA_SIGINFO | flags;
  sigaction(number, &a, nullptr);
}

}  // namespace

TEST_F(XlogCrash, WhatItDiedOfIsNotedAndItDiesOfIt) {
  for (const int s : all_signals) {
    const death d = of([s](int file) {
      const crash_watch watch(file, place);
      prctl(PR_SET_NAME, "loop-1");
      raise(s);
    });
    EXPECT_TRUE(died_of(d, s)) << s << " " << d.status;
    EXPECT_EQ(d.noted.whole, 1u);
    EXPECT_EQ(d.noted.signal, s);
    EXPECT_EQ(d.noted.thread, static_cast<uint64_t>(d.process));
    EXPECT_STREQ(d.noted.thread_name.data(), "loop-1");
  }
}

TEST_F(XlogCrash, AFaultIsNotedWithItsPlace) {
  const death d = of([](int file) {
    const crash_watch watch(file, place);
    std::thread([] { write_to(nowhere); }).join();
  });
  EXPECT_TRUE(died_of(d, SIGSEGV)) << d.status;
  EXPECT_EQ(d.noted.address, nowhere);
  EXPECT_EQ(d.noted.code, SEGV_MAPERR);
  EXPECT_NE(d.noted.thread, static_cast<uint64_t>(d.process));
  EXPECT_EQ(std::string(d.noted.library.data()).find("xlog_tests"), 0u) << d.noted.library.data();
  EXPECT_LT(d.noted.offset, d.noted.program_counter);
  const std::string said = crash_sentence(d.noted, 4711);
  EXPECT_EQ(said.find("process 4711 died of SIGSEGV at address 0x10, in thread "), 0u) << said;
}

TEST_F(XlogCrash, AnAbortEndsAsAnAbort) {
  const death d = of([](int file) {
    const crash_watch watch(file, place);
    std::abort();
  });
  EXPECT_TRUE(died_of(d, SIGABRT)) << d.status;
  EXPECT_EQ(crash_sentence(d.noted, 1).find("at address"), std::string::npos);
}

TEST_F(XlogCrash, AnEarlierHandlerIsCalledOnceWithWhatTheSystemSaid) {
  const death d = of([](int file) {
    handle(SIGSEGV, [](int s, siginfo_t* info, void* context) {
      ++calls();
      _exit(s == SIGSEGV && info->si_addr == reinterpret_cast<void*>(nowhere) && context != nullptr ? 5 : 6);
    });
    const crash_watch watch(file, place);
    write_to(nowhere);
  });
  EXPECT_TRUE(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 5) << d.status;
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(d.noted.whole, 1u);
}

TEST_F(XlogCrash, AHandlerThatLeavesTheRestToTheSystemIsCalledOnce) {
  const death d = of([](int file) {
    handle(SIGSEGV, [](int s, siginfo_t*, void*) {
      ++calls();
      signal(s, SIG_DFL);
    });
    const crash_watch watch(file, place);
    write_to(nowhere);
  });
  EXPECT_TRUE(died_of(d, SIGSEGV)) << d.status;
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(d.noted.whole, 1u);
}

TEST_F(XlogCrash, WhoHandlesASignalAndLivesHasNotDied) {
  const death d = of([](int file) {
    static sigjmp_buf back;
    handle(SIGTRAP, [](int, siginfo_t*, void*) { ++calls(); });
    handle(SIGSEGV, [](int, siginfo_t*, void*) { siglongjmp(back, 1); });
    const crash_watch watch(file, place);
    raise(SIGTRAP);
    raise(SIGTRAP);
    crash_record r;
    if (pread(file, &r, sizeof r, place) != sizeof r || r.whole != 0) _exit(1);
    if (sigsetjmp(back, 1) == 0) write_to(nowhere);
    _exit(0);
  });
  EXPECT_EQ(d.status, 0);
  EXPECT_EQ(calls(), 2);
}

TEST_F(XlogCrash, ASignalThatIsIgnoredStaysSo) {
  const death d = of([](int file) {
    signal(SIGTRAP, SIG_IGN);
    const crash_watch watch(file, place);
    raise(SIGTRAP);
    _exit(0);
  });
  EXPECT_EQ(d.status, 0);
  EXPECT_EQ(d.noted.whole, 0u);
}

TEST_F(XlogCrash, AStackThatOverflowsIsNotedOnTheStackForSignals) {
  const death d = of([](int file) {
    static char other[64 << 10];
    stack_t stack{};
    stack.ss_sp = other;
    stack.ss_size = sizeof other;
    sigaltstack(&stack, nullptr);
    handle(SIGSEGV, [](int s, siginfo_t*, void*) {
      ++calls();
      signal(s, SIG_DFL);
    }, SA_ONSTACK);
    const crash_watch watch(file, place);
    deeper(nullptr);
  });
  EXPECT_TRUE(died_of(d, SIGSEGV)) << d.status;
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(d.noted.signal, SIGSEGV);
}

TEST_F(XlogCrash, ACrashInsideAHandlerEndsIt) {
  const death d = of([](int file) {
    handle(SIGABRT, [](int, siginfo_t*, void*) {
      ++calls();
      write_to(nowhere);
    });
    const crash_watch watch(file, place);
    raise(SIGABRT);
  });
  EXPECT_TRUE(died_of(d, SIGSEGV)) << d.status;
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(d.noted.signal, SIGABRT) << "the first is the cause";
}

TEST_F(XlogCrash, AllWhoWatchNoteItAndTheLastOneGivesTheSignalsBack) {
  const death d = of([](int file) {
    handle(SIGSEGV, [](int, siginfo_t*, void*) { _exit(9); });
    {
      const crash_watch first(file, 0);
      auto second = std::make_unique<crash_watch>(file, 2048);
      second.reset();
      const crash_watch third(file, place);
      const pid_t child = fork();
      if (child == 0) write_to(nowhere);  // Not the process whose file it is.
      int status = 0;
      waitpid(child, &status, 0);
      crash_record r;
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 9 || pread(file, &r, sizeof r, place) != sizeof r || r.whole != 0) _exit(1);
    }
    struct sigaction now {};
    sigaction(SIGBUS, nullptr, &now);
    if (now.sa_handler != SIG_DFL) _exit(2);
    const crash_watch first(file, 0), second(file, place);
    write_to(nowhere);
  });
  EXPECT_TRUE(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 9) << d.status;
  EXPECT_EQ(d.noted.whole, 1u);
}

// Who chains to us and stays when we go must not be called by us when we come again.
TEST_F(XlogCrash, WhoCameAfterUsIsCalledOnceAlsoWhenWeComeAgain) {
  const death d = of([](int file) {
    static struct sigaction before {};
    auto watch = std::make_unique<crash_watch>(file, place);
    sigaction(SIGSEGV, nullptr, &before);
    handle(SIGSEGV, [](int s, siginfo_t* info, void* context) {
      if (++calls() > 1) _exit(1);
      before.sa_sigaction(s, info, context);
    });
    watch.reset();
    watch = std::make_unique<crash_watch>(file, place);
    write_to(nowhere);
  });
  EXPECT_TRUE(died_of(d, SIGSEGV)) << d.status;
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(d.noted.whole, 1u);
}

TEST(XlogCrashSentence, SaysWhatIsKnown) {
  crash_record c;
  c.signal = SIGSEGV;
  c.code = 1;
  c.address = 0x10;
  c.thread = 4712;
  c.program_counter = 0x7f001234;
  EXPECT_EQ(crash_sentence(c, 4711), "process 4711 died of SIGSEGV at address 0x10, in thread 4712, pc 0x7f001234");
  c.thread_name.fill('a');
  std::strcpy(c.library.data(), "library.so");
  c.offset = 0x1234;
  EXPECT_EQ(crash_sentence(c, 4711), "process 4711 died of SIGSEGV at address 0x10, in thread 4712 'aaaaaaaaaaaaaaaa', pc library.so+0x1234");
  c.signal = 99;
  c.code = 0;
  EXPECT_EQ(crash_sentence(c, 1), "process 1 died of signal 99, in thread 4712 'aaaaaaaaaaaaaaaa', pc library.so+0x1234");
}
