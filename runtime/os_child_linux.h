// A child process that does one job and tells of it in lines: what it breaks, it breaks alone.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

class child {
 public:
  using teller = std::function<void(const std::string& line)>;

  // Only while this process has one thread. The child ends when the job does, or when we do.
  static result<std::unique_ptr<child>> start(const std::function<void(const teller& tell)>& job);
  ~child();  // Kills it.
  child(const child&) = delete;

  // The next whole line it has told.
  std::optional<std::string> take_line();
  // After it has ended, once all lines are taken: "" when the job was done, else how it died.
  std::optional<std::string> ended();
  void kill();

  // Waits until one of them has something to tell or has ended. False: the time is over.
  static bool wait_for_any(const std::vector<child*>& children, std::chrono::milliseconds limit);

 private:
  child(pid_t process, int pipe) : process_(process), pipe_(pipe) {}
  void read();

  pid_t process_;
  int pipe_;
  std::string told_;
  bool silent_ = false;  // Nothing will come any more.
};

// Processors that this process may use.
unsigned processors();

}  // namespace tharsis::runtime
