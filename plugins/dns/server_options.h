// Which servers to ask and whom to believe, as commands of dns take it, for option_words.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/server.h"
#include "sdk/pure/option_words.h"

namespace tharsis::dns {

// One more with each.
inline option_words::taker take_server(std::vector<server>& to) {
  return [&to](const std::string& text) -> std::string {
    auto s = parse_server(text);
    if (!s) return s.failure().text;
    to.push_back(std::move(*s));
    return {};
  };
}

inline option_words::taker take_mode(std::optional<trust>& to) {
  return [&to](const std::string& text) -> std::string {
    to = trust_named(text);
    return to ? "" : "is no mode; there are strict, guarded and open";
  };
}

}  // namespace tharsis::dns
