// What is known of networks' weakness, by link and network, for the next start: those that were of use last. As text a line
// each: a name, how many of a thousand tasks were late, and, where datagrams came through, how many of a thousand did not.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/stn/core/udp_memory.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

class lane_memory {
 public:
  struct network {
    double need = 0;  // The share of tasks that were late here.
    udp_memory::network datagrams{};
  };

  // Stays as long as anybody has it.
  std::shared_ptr<network> of(const std::string& name);

  std::string text() const;
  // What a file says; what was learned meanwhile is newer. A sentence with the line that means nothing.
  error read(std::string_view text);

 private:
  static constexpr size_t kept_max = 64;
  struct entry {
    std::string name;
    std::shared_ptr<network> what;
  };
  std::list<entry> known_;  // Used last first.
};

}  // namespace tharsis::stn
