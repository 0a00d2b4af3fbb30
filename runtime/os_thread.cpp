#include "runtime/os_thread.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "runtime/os_stack.h"

namespace tharsis::runtime {
namespace {

// Of all runtimes of the process.
struct own_threads {
  std::mutex mutex;
  std::set<uint64_t> numbers;
};
own_threads& ours() {
  static auto* const all = new own_threads;  // Threads may run until the very end.
  return *all;
}

}  // namespace

struct thread::running {
  pthread_t id{};
  std::string name;
  std::function<void()> body;

  static void* run(void* self) {
    auto* mine = static_cast<running*>(self);
    pthread_setname_np(pthread_self(), mine->name.c_str());
    {
      const std::lock_guard lock(ours().mutex);
      ours().numbers.insert(thread_number());
    }
    mine->body();
    const std::lock_guard lock(ours().mutex);
    ours().numbers.erase(thread_number());
    return nullptr;
  }
};

thread::thread() = default;
thread::~thread() { join(); }

bool thread::start(const std::string& name, std::function<void()> body) {
  auto made = std::make_unique<running>();
  made->name = name.substr(0, 15);
  made->body = std::move(body);
  // A new thread inherits the mask. The signals of a fault stay open: blocked, they end the process
  // without a word. So does the one by which a stack is asked for.
  sigset_t mask, before;
  sigfillset(&mask);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF})
    sigdelset(&mask, fault);
  if (const int asks = stack_signal(); asks != 0) sigdelset(&mask, asks);
  pthread_sigmask(SIG_SETMASK, &mask, &before);
  const int failure = pthread_create(&made->id, nullptr, &running::run, made.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure != 0) return false;
  running_ = std::move(made);
  return true;
}

bool thread::started() const { return running_ != nullptr; }

void thread::join() {
  if (!running_) return;
  pthread_join(running_->id, nullptr);
  running_ = nullptr;
}

int process_number() { return getpid(); }

uint64_t thread_number() { return static_cast<uint64_t>(gettid()); }

std::vector<uint64_t> foreign_threads() {
  std::vector<uint64_t> all;
  std::error_code failure;
  const std::lock_guard lock(ours().mutex);
  for (std::filesystem::directory_iterator at("/proc/self/task", failure), end; !failure && at != end; at.increment(failure)) {
    const uint64_t number = std::strtoull(at->path().filename().c_str(), nullptr, 10);
    if (!ours().numbers.contains(number)) all.push_back(number);
  }
  return all;
}

std::string thread_name(uint64_t number) {
  std::ifstream file("/proc/self/task/" + std::to_string(number) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace tharsis::runtime
