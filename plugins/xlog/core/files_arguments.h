// What was typed behind `tharsis xlog files`.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::xlog {

// Which files somebody wants: those that may have lines of this time.
struct file_span {
  std::optional<int64_t> day;  // That files are named by, since 1970.
  int64_t since = std::numeric_limits<int64_t>::min();
  int64_t until = std::numeric_limits<int64_t>::max();  // Lines at this time are not wanted any more.

  bool is_all() const { return !day && since == std::numeric_limits<int64_t>::min() && until == std::numeric_limits<int64_t>::max(); }
};

struct files_arguments {
  std::vector<std::string> folders;  // As typed.
  file_span wanted;
  bool json = false;
  bool help = false;
};

// `now` is the wall time, for "--since 10m".
result<files_arguments> parse_files_arguments(const std::vector<std::string>& words, int64_t now);

extern const std::string_view files_help;

}  // namespace tharsis::xlog
