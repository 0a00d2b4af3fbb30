// What the main thread waits for while the runtime works: a ring from within, Ctrl-C, a request to read the
// profile again, or a time.
#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace tharsis::runtime {

// Make one before any other thread: it blocks SIGINT, SIGTERM and SIGHUP in the whole process and
// takes them here. A pipe that nobody reads any more fails the write instead of killing the process.
class main_wait {
 public:
  // A SIGHUP that somebody sends asks for a reload; one that the system sends, because the terminal is gone,
  // interrupts like Ctrl-C.
  enum class woken { rung, interrupted, reload, deadline };

  main_wait();
  ~main_wait();
  main_wait(const main_wait&) = delete;

  // Wake wait(). [any thread]
  void ring();
  woken wait(std::optional<std::chrono::nanoseconds> limit);

 private:
  int bell_[2];
  int signals_;
};

// End the process now, without destructors, with last words on stderr: for a second Ctrl-C, and for code
// that never returns. Waits for no lock.
[[noreturn]] void exit_at_once(int code, const std::string& words);

// The same, silently, unless the process has ended by itself within the limit.
void exit_no_later_than(std::chrono::nanoseconds limit, int code);

}  // namespace tharsis::runtime
