// Processes of load.h that figures take turns with: several figures read different numbers of the same run.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/figure.h"

namespace tharsis::bench {

struct run_words {
  std::string program, what;
  size_t corpus;
  unsigned threads;
  uint64_t lines;
  std::string settings;  // "KEY" in it: of a public key.
};

class runs {
 public:
  explicit runs(run_words words) : words_(std::move(words)) {}

  // Round by round this number of the same run.
  static sample number(const std::shared_ptr<runs>& of, const std::string& name);

 private:
  using numbers = std::map<std::string, double>;
  numbers run() const;

  const run_words words_;
  std::vector<numbers> done_;
};

}  // namespace tharsis::bench
