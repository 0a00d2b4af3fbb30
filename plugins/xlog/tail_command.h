// `tharsis xlog tail`: the last lines, and what comes then.
#pragma once
#include <deque>
#include <memory>
#include <string>

#include "plugins/xlog/read_run.h"

namespace tharsis::xlog {

// [may block]
class tail_command {
 public:
  explicit tail_command(const reading& r) : reading_(r) {}

  // Prints the last lines that are there. False: it is over, see code().
  bool begin();
  // Prints what came since. False: it is over.
  bool go_on();
  int code() const { return code_; }

 private:
  const reading& reading_;
  query from_then_on_;
  std::unique_ptr<read_run> run_;
  int code_ = 0;
};

}  // namespace tharsis::xlog
