// What a plugin has left behind when it was destroyed, in words for its author.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/abi/platform.h"

namespace tharsis::runtime {

// "left 2 timers open when it was destroyed: hello::tick in hello.so (twice)"; empty when there are none.
std::string leak_sentence(std::vector<std::string> things, const std::string& one, const std::string& many);

class leak_audit {
 public:
  // Before the plugin's first code runs: threads that are there already are not its.
  explicit leak_audit(const tharsis_platform& platform);

  // What the plugin knows how to name beside what its strand and the system know.
  struct others {
    std::vector<std::string> files, subscriptions;
    const void* code;  // Something of its library.
  };
  // One sentence for each kind of thing. [own strand]
  std::vector<std::string> sentences(const tharsis_strand& strand, const others& o) const;

 private:
  std::vector<std::string> threads(const void* code) const;

  const tharsis_platform& platform_;
  std::vector<uint64_t> threads_before_;
};

}  // namespace tharsis::runtime
