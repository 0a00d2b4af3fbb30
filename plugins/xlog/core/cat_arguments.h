// What was typed behind `tharsis xlog cat`.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/query.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct cat_arguments {
  std::vector<std::string> paths;  // As typed.
  query wanted;
  std::string key;                 // The private key's file, as typed; empty: none.
  bool json = false;
  bool help = false;
};

// `now` is the wall time, for "--since 10m".
result<cat_arguments> parse_cat_arguments(const std::vector<std::string>& words, int64_t now);

extern const std::string_view cat_help;

}  // namespace tharsis::xlog
