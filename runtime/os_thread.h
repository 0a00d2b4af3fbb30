// Threads of ours. They take none of the application's signals, so its handlers run where it expects.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tharsis::runtime {

class thread {
 public:
  thread();
  ~thread();  // Joins.
  thread(const thread&) = delete;

  // `name` is what tools show, cut to what the system allows. False: the system has no more threads.
  bool start(const std::string& name, std::function<void()> body);
  bool started() const;
  void join();

 private:
  struct running;
  std::unique_ptr<running> running_;
};

// The system's number of this process.
int process_number();

// The system's number of the calling thread.
uint64_t thread_number();

// The threads of this process that were not started by `thread`.
std::vector<uint64_t> foreign_threads();
// What tools show; empty: it has ended.
std::string thread_name(uint64_t number);

}  // namespace tharsis::runtime
