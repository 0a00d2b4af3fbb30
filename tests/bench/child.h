// A program that is started, watched and ended by a figure.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace tharsis::bench {

class child {
 public:
  // Throws when it cannot be started. Its stdin is a pipe that stays open, what it prints is read here.
  explicit child(const std::vector<std::string>& words);
  child(const child&) = delete;
  ~child();  // Ends it, gently first.

  // Reads what it prints until `text` has come. False: the program ended before.
  bool await(const std::string& text);
  std::string line();  // The next line that it prints, without its end.
  std::string rest();  // All that it prints until its end.
  void say(const std::string& text);  // To its stdin.
  int await_end();  // Answers its exit code, -1 when a signal ended it.
  double cpu_nanoseconds() const { return cpu_; }  // That it used, once it has ended.
  // What of its memory is resident now: all, or only what no file backs.
  double resident_megabytes() const;
  double private_megabytes() const;

 private:
  double status_megabytes(const std::string& key) const;

  pid_t pid_ = -1;
  int keep_ = -1, said_ = -1;
  double cpu_ = 0;
};

}  // namespace tharsis::bench
