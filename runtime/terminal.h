// The person or pipe in front of the program: tharsis.console/1 over stdout and stderr.
//
// With --json the result is one line of JSON on stdout, printed last; everything else is stderr's.
#pragma once
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "sdk/abi/console.h"

namespace tharsis::runtime {

class terminal {
 public:
  struct options {
    bool json = false;
    std::function<int64_t()> now;             // Monotonic ns; paces progress in a pipe.
    std::function<void(int code)> on_finish;  // The first finish(). [any thread]
  };
  explicit terminal(options o);
  terminal(const terminal&) = delete;

  const tharsis_console* table() const { return &table_; }

  // Names and contents of others get into progress and complaints, and a terminal obeys some characters: these become '?', colours
  // where there are any stay. What is printed is the command's own affair: it may be a file.
  //
  // When stdout takes no more, the work is ended: there is nobody to do it for.
  void print(std::string_view text);
  void progress(std::string_view line);
  bool live(std::string_view line);
  void complain(std::string_view text);
  void json(std::string_view object);
  bool colours() const { return colours_; }
  // Ends the live line and prints the JSON; nothing but complaints is printed after it.
  void close();

 private:
  void clear_live_line();
  void show_live_line(FILE* on, std::string_view line);
  static terminal& of(void* self) { return *static_cast<terminal*>(self); }

  options options_;
  FILE* const out_;  // Where people's lines go.
  const bool live_;
  const bool live_complaints_;
  const bool colours_;
  const bool complaint_colours_;
  tharsis_console table_{};
  std::mutex mutex_;
  FILE* live_line_ = nullptr;  // Where there is one.
  int64_t last_progress_ = 0;
  std::string json_;
  bool finished_ = false;
  bool closed_ = false;
  bool deaf_ = false;  // Nobody hears what is printed.
};

}  // namespace tharsis::runtime
