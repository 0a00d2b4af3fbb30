// Which addresses an attempt tries, out of what several sources say, and in which order.
#pragma once
#include <cstdint>
#include <vector>

#include "plugins/stn/core/dial_settings.h"
#include "sdk/pure/address_score.h"

namespace tharsis::stn {

enum class address_source : uint8_t { resolver, debug, application, backup };

struct candidate {
  tharsis_address address;
  address_source source;
};

struct address_lists {
  std::vector<tharsis_address> debug;        // If there is one, all others are left out.
  std::vector<tharsis_address> application;  // Instead of the resolver's.
  std::vector<tharsis_address> resolved;
  std::vector<tharsis_address> backup;
};

struct choice_terms {
  bool foreground = true;
  bool ranked = false;      // Whoever resolved has put them in order by experience.
  uint64_t random = 0;      // Where the turn of the backup addresses begins.
  uint64_t client = 0;      // Any number that stays; of another client it is another one. 0: nobody's.
};

// No address twice. Empty only if all lists are.
std::vector<candidate> choose_addresses(const address_lists& lists, const dial_settings& s, address_score& score,
                                        const choice_terms& t, instant now);

// The families in turn, each in its order.
std::vector<tharsis_address> interleave(const std::vector<tharsis_address>& list, dial_settings::family first);

}  // namespace tharsis::stn
