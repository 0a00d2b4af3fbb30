// Goal: the stack of another thread can be had while it waits and while it computes, and asking harms
// neither the thread nor the program.
#include "runtime/os_stack.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/os_thread.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

// ThreadSanitizer makes a thread ready for signals at its first wait, and loses one that comes meanwhile.
void be_ready_for_signals() { poll(nullptr, 0, 0); }

// A thread that stays in a function with a name until it is let go.
class held_thread {
 public:
  held_thread() : thread_([this] { stay_until_let_go(); }) {
    while (number_ == 0) std::this_thread::yield();
  }
  ~held_thread() {
    leaves_ = true;
    thread_.join();
  }
  uint64_t number() const { return number_; }

 private:
  __attribute__((noinline)) void stay_until_let_go() {
    be_ready_for_signals();
    number_ = thread_number();
    while (!leaves_) poll(nullptr, 0, 1);
  }

  std::atomic<uint64_t> number_ = 0;
  std::atomic<bool> leaves_ = false;
  std::thread thread_;
};

void nothing(int) {}

}  // namespace

TEST(Stack, OfAThreadNamesItsFunctions) {
  const held_thread other;
  const auto stack = stack_of(other.number(), 5s);
  ASSERT_TRUE(stack) << stack.failure().text;
  EXPECT_NE(stack_text(*stack).find("held_thread::stay_until_let_go in "), std::string::npos) << stack_text(*stack);
}

TEST(Stack, CanBeAskedForManyTimes) {
  const held_thread one, two;
  for (int i = 0; i < 200; ++i) {
    const auto stack = stack_of((i % 2 == 0 ? one : two).number(), 5s);
    ASSERT_TRUE(stack) << stack.failure().text;
    EXPECT_GT(stack->size(), 1u);
  }
}

TEST(Stack, OfAThreadThatHasEndedIsGone) {
  uint64_t number = 0;
  std::thread([&] { number = thread_number(); }).join();
  // The system may take some time to forget a thread that was joined.
  result<stack_addresses> stack = stack_of(number, 5s);
  for (int i = 0; i < 30 && stack.status() == THARSIS_E_TIMEOUT; ++i) stack = stack_of(number, 5s);
  EXPECT_EQ(stack.status(), THARSIS_E_GONE);
}

TEST(Stack, OfAThreadThatBlocksSignalsIsNotToBeHadAndSaysWhy) {
  std::atomic<uint64_t> number = 0;
  std::atomic<bool> leaves = false;
  std::thread deaf([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    number = thread_number();
    while (!leaves) poll(nullptr, 0, 1);
  });
  while (number == 0) std::this_thread::yield();
  const auto stack = stack_of(number, 100ms);
  leaves = true;
  deaf.join();
  EXPECT_EQ(stack.status(), THARSIS_E_TIMEOUT);
  EXPECT_NE(stack.failure().text.find("blocks signals"), std::string::npos);
}

TEST(Stack, IsNotTakenFromAnApplicationThatUsesTheSignalItself) {
  const held_thread other;
  ASSERT_NE(stack_signal(), 0);
  struct sigaction ours {}, before {};
  ours.sa_handler = nothing;
  ASSERT_EQ(sigaction(stack_signal(), &ours, &before), 0);
  const auto stack = stack_of(other.number(), 5s);
  sigaction(stack_signal(), &before, nullptr);
  EXPECT_EQ(stack.status(), THARSIS_E_UNSUPPORTED);
  EXPECT_TRUE(stack_of(other.number(), 5s)) << "and afterwards it works again";
}

TEST(Stack, TheThreadsOfTheRuntimeLeaveTheSignalOpen) {
  runtime::thread worker;
  std::atomic<uint64_t> number = 0;
  std::atomic<bool> leaves = false;
  ASSERT_TRUE(worker.start("worker", [&] {
    be_ready_for_signals();
    number = thread_number();
    while (!leaves) poll(nullptr, 0, 1);
  }));
  while (number == 0) std::this_thread::yield();
  const auto stack = stack_of(number, 5s);
  leaves = true;
  EXPECT_TRUE(stack) << stack.failure().text;
}

TEST(Stack, AddressesOfNothingAreStillTold) {
  EXPECT_EQ(call_name(nullptr), "0x0");
  EXPECT_EQ(module_of(nullptr), "");
  EXPECT_NE(call_name(reinterpret_cast<const void*>(&poll)).find("poll in "), std::string::npos);
}
