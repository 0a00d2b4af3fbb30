// `tharsis xlog keygen`: a new pair of keys in two files. Nothing that exists is touched.
#pragma once
#include <string>
#include <vector>

#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class keygen_command {
 public:
  struct call {
    std::vector<std::string> words;
    std::string folder;  // Of relative paths.
    const tharsis_console* console;
  };
  keygen_command(const host& h, strand& place, call c) : host_(h), place_(place), call_(std::move(c)) {}

  // Writes, prints, and ends the command. Once.
  task<void> run();

 private:
  task<int> work();
  void print(const std::string& text) { call_.console->print(call_.console->self, text_of(text)); }
  void complain(const std::string& text) { call_.console->complain(call_.console->self, text_of(text)); }

  const host host_;
  strand& place_;
  const call call_;
};

}  // namespace tharsis::xlog
