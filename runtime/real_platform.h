// The platform of a real process: epoll loops on threads, sockets, files, the system's clock and
// randomness. See sdk/abi/platform.h for what it must do; sdk/sim has its simulated twin.
#pragma once
#include <memory>
#include <optional>

#include "sdk/abi/platform.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

class real_platform {
 public:
  struct options {
    unsigned threads = 2;           // Of the shared pool: a client's plugins wait far more than they compute.
    unsigned blocking_threads = 8;  // At most so many run_blocking() calls and name questions at once.
    size_t blocking_queue = 4096;   // More than this waiting: THARSIS_E_BUSY.
  };
  real_platform();
  explicit real_platform(options o);
  // Ends the threads: all strands must have been closed. Blocking work that is under way is waited for.
  ~real_platform();
  real_platform(const real_platform&) = delete;

  const tharsis_platform* table() const;

  // For strands of kind MAIN: run what is ready for at most `budget`, or wait up to `wait` (nothing:
  // until something comes) for it. [the thread that made the platform]
  void run_main(duration budget, std::optional<duration> wait);
  // Makes run_main return. [any thread]
  void wake_main();
  // Becomes readable when run_main has something to do.
  int main_descriptor() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace tharsis::runtime
