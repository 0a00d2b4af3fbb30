// What was typed behind `tharsis xlog push`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/ship_plan.h"
#include "plugins/xlog/core/ship_settings.h"
#include "sdk/pure/error.h"
#include "sdk/pure/url.h"

namespace tharsis::xlog {

struct push_arguments {
  url to;
  std::vector<std::string> paths;  // As typed.
  ship_selection wanted;
  std::string source;              // Empty: the machine's name.
  std::string ca, token_file;      // As typed.
  std::optional<uint64_t> rate;
  std::optional<duration> deadline;
  bool plain = false;              // http:// to other machines is allowed.
  bool json = false;
  bool dry = false;
  bool help = false;
};

// `now` is the wall time, for "--since 10m".
result<push_arguments> parse_push_arguments(const std::vector<std::string>& words, int64_t now);

extern const std::string_view push_help;

// http:// says everything to whoever listens: only to the machine itself, unless it is allowed. THARSIS_E_DENIED, or THARSIS_OK.
error may_ship_to(const url& to, bool plain_allowed);

}  // namespace tharsis::xlog
