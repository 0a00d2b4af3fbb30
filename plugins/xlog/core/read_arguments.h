// What was typed behind the commands that read: `tharsis xlog cat`, tail, grep, stat, verify, export, import.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/query.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct read_arguments {
  std::vector<std::string> paths;  // As typed.
  query wanted;
  std::string key;                 // The private key's file, as typed; empty: none.
  bool json = false;
  bool local = false;              // Times in the machine's zone.
  bool follow = false;             // tail -f
  uint64_t lines = 10;             // tail -n
  bool count = false;              // grep -c
  std::string to = "text";         // export
  std::string output;              // export and import -o, as typed.
  std::string name = "imported";   // import
  bool help = false;
};

// `command`: one of those above. `now` is the wall time, for "--since 10m".
result<read_arguments> parse_read_arguments(std::string_view command, const std::vector<std::string>& words, int64_t now);

// What it does, its options, and examples; empty: it is none of them.
std::string read_help(std::string_view command);

}  // namespace tharsis::xlog
