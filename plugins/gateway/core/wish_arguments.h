// What was typed behind `tharsis gateway wish`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::gateway {

struct wish_arguments {
  std::string source;
  std::optional<int64_t> since, until;
  std::string level;   // A level's name, or empty.
  std::string cancel;  // The id of a wish that is to go.
  std::string folder;  // As typed; empty: the gateway's.
  bool list = false;
  bool help = false;

  // As a line of a list, with times that mean the same whenever it is read.
  std::string line() const;
};

// `now` is the wall time, for "--last 2h".
result<wish_arguments> parse_wish_arguments(const std::vector<std::string>& words, int64_t now);

extern const std::string_view wish_help;

}  // namespace tharsis::gateway
