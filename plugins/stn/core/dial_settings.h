// How a link's server is reached: which addresses, in which order, how many at a time.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/address.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// Addresses that can be compared as a whole: the standard library does not find how, for a C struct.
struct address_list : std::vector<tharsis_address> {
  using std::vector<tharsis_address>::vector;
  address_list(std::vector<tharsis_address> all) : std::vector<tharsis_address>(std::move(all)) {}
  bool operator==(const address_list& other) const {
    return std::equal(begin(), end(), other.begin(), other.end(), [](const auto& a, const auto& b) { return a == b; });
  }
};

struct dial_settings {
  // How long those before are silent until the next one is dialled too. 0: measured, a quarter more than connecting
  // to the last one takes as a rule, so that servers see one dial of a healthy client. Mars: 2.5 s.
  duration stagger{};
  // Measured, it is no less: timers and machines have their moods.
  duration stagger_min = 50ms;
  // Nobody knows how long connecting takes; and it is no more. Most paths are quicker, and a quarter of a second is what a
  // dead first address may cost.
  duration stagger_max = 250ms;
  // Two of each family tell a dead address from a dead network; more only load the servers. Mars: 3.
  int64_t parallel = 4;
  // The first packet and three retransmissions (1 + 2 + 4 s) and an answer.
  duration timeout = 10s;
  // Where a link has another endpoint to try, one whose addresses have all been dialled and are silent is left after this: the
  // first packet may be lost, is sent again after a second, and a second more is time for an answer. The last endpoint gets all of
  // `timeout`, so that a slow network reaches it.
  duration silent_endpoint = 2s;
  // A connection wins only once its server has answered a ping on it: boxes that accept every connection exist.
  bool verify = false;
  // Which family is dialled first: as the addresses come, or always this one. Then they alternate.
  enum class family : uint8_t { given, v4, v6 };
  family first = family::given;
  // own: addresses that a name has, and of which nothing speaks for one, come in an order that each client has for
  // itself: most name servers answer in a ring, so the clients of a server that fails would otherwise all go to the
  // one behind it in the ring. given: as they come.
  enum class order : uint8_t { own, given };
  order ties = order::own;
  // Of one attempt. Sixteen staggered by a quarter of a second take as long as anybody waits. Mars: 5, in the background 4.
  int64_t addresses = 16;
  int64_t addresses_background = 16;
  // So many backup addresses are tried in any case, behind all others. Mars: 1.
  int64_t backups = 1;
  // known: addresses that were good on this network come first, those that failed last. given: as they come.
  enum class rank : uint8_t { known, given };
  rank by = rank::known;
  // 0: what the system takes, and smaller where a network loses larger packets. Else this, always.
  int64_t mss = 0;
  // Where a TLS handshake, or a request of more than one segment, stands still, a connection with small segments is
  // dialled beside it, and small they stay on a network where that helped: core/segment_sizes.h.
  bool small_segments = true;
  bool operator==(const dial_settings&) const = default;
};

struct backup_settings {
  address_list addresses;  // Port 0: the endpoint's.
  // On a backup address one of the server's own is tried so often: at most 30 times an hour, and soon enough that
  // no backup carries the load for long. A fifth more or less, so that clients do not come all at once. 0: never.
  duration return_every = 150s;
  bool operator==(const backup_settings&) const = default;
};

}  // namespace tharsis::stn
