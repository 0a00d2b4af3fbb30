// The words of `tharsis dns resolve`.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/server.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct resolve_line {
  std::vector<std::string> names;
  uint16_t kind = 0;  // A type of records; 0: addresses, of `family` or of both.
  uint32_t family = 0;
  std::optional<trust> mode;
  std::vector<server> servers;
  std::string ca;
  std::string table;                    // A signed table,
  std::vector<std::string> table_keys;  // and files of the keys that are trusted with it.
  std::vector<std::string> hosts;
  std::optional<duration> deadline;
  bool explain = false, json = false, help = false;
};

extern const std::string_view resolve_help, trace_help;

// THARSIS_E_INVALID with a sentence for who typed it.
// `command`: "dns resolve", or another one with the same words.
result<resolve_line> parse_resolve_line(const std::vector<std::string>& words, const std::string& command = "dns resolve");

}  // namespace tharsis::dns
