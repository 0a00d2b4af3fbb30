// The words of `tharsis dns serve`.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/serve_settings.h"
#include "plugins/dns/core/server.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct serve_line {
  serve_settings own;  // The files as they were written.
  std::vector<server> servers;
  std::optional<trust> mode;
  std::string ca;
  duration lasts{};  // Zero: until it is interrupted.
  bool json = false, help = false;
};

extern const std::string_view serve_help;

// THARSIS_E_INVALID with a sentence for who typed it.
result<serve_line> parse_serve_line(const std::vector<std::string>& words);

}  // namespace tharsis::dns
