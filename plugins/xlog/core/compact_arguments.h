// What was typed behind `tharsis xlog compact`.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct compact_arguments {
  std::vector<std::string> paths;  // As typed: files and folders.
  std::string key;  // Path of a private key, as typed; empty: none.
  bool dry_run = false;
  bool json = false;
  bool help = false;
};
result<compact_arguments> parse_compact_arguments(const std::vector<std::string>& words);

extern const std::string_view compact_help;

}  // namespace tharsis::xlog
