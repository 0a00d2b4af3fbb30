// What was typed behind `tharsis stn serve`, and what it makes of the settings.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/gateway/core/settings.h"
#include "sdk/pure/error.h"

namespace tharsis::gateway {

struct serve_arguments {
  std::optional<std::string> listen, http, codec, identity, streams;  // `identity` and `streams` as typed: folders.
  std::vector<std::string> names;
  duration lasts{};  // 0: until it is stopped.
  bool open = false, plain = false, json = false, help = false;

  // What is said here is stronger than `s`.
  void apply(settings& s) const;
};

// A failure is a sentence for the person who typed it.
result<serve_arguments> parse_serve_arguments(const std::vector<std::string>& words);

extern const std::string_view serve_help;

}  // namespace tharsis::gateway
