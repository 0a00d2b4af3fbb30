// Which addresses an attempt tries, out of what several sources say, and in which order.
#pragma once
#include <cstdint>
#include <vector>

#include "plugins/stn/core/dial_settings.h"
#include "sdk/pure/address_memory.h"

namespace tharsis::stn {

enum class address_source : uint8_t { resolver, debug, application, backup };

struct candidate {
  tharsis_address address;
  address_source source;
  duration connect{};     // As known_address has it.
  bool avoided = false;
};

// Each in the order to try.
struct address_lists {
  std::vector<known_address> debug;        // If there is one, all others are left out.
  std::vector<known_address> application;  // Instead of the resolver's.
  std::vector<known_address> resolved;
  std::vector<known_address> backup;
};

struct choice_terms {
  bool foreground = true;
  uint64_t random = 0;  // Where the turn of the backup addresses begins.
};

// No address twice. Empty only if all lists are.
std::vector<candidate> choose_addresses(const address_lists& lists, const dial_settings& s, const choice_terms& t);

// The families in turn, each in its order.
std::vector<known_address> interleave(const std::vector<known_address>& list, dial_settings::family first);

// By what chance makes of the client (any number that stays) and each address: from a server that is gone its clients spread evenly
// over all others, and whoever comes back finds the same order. Which family comes where stays.
std::vector<tharsis_address> own_order(const std::vector<tharsis_address>& list, uint64_t client);

}  // namespace tharsis::stn
