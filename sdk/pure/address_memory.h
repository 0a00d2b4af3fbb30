// All that is known of addresses: what their users told of them, by network (address_score), and what somebody who looked at this
// network has found out, for a while. dns has one for everybody; a program without dns has one for itself (sdk/async/resolver).
//
// Pure.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/abi/dns.h"
#include "sdk/abi/net.h"
#include "sdk/pure/address_score.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis {

struct known_address {
  tharsis_address at{};
  duration connect{};    // How long connecting takes as a rule; 0: nobody knows.
  bool avoided = false;  // Somebody has found out that it is not reached on this network now.
};

// Of which nothing is known.
inline std::vector<known_address> unknown_addresses(const std::vector<tharsis_address>& list) {
  std::vector<known_address> all;
  for (const tharsis_address& a : list) all.push_back({a});
  return all;
}
inline std::vector<tharsis_address> addresses_of(const std::vector<known_address>& list) {
  std::vector<tharsis_address> all;
  for (const known_address& a : list) all.push_back(a.at);
  return all;
}

class address_memory {
 public:
  // As tharsis_dns_feedback.
  struct outcome {
    tharsis_status status = THARSIS_OK;
    tharsis_address address{};
    std::string network;
    duration connect{};
    duration rest{};
  };

  // By its id and its generation, as tharsis.network/1 tells it. What was found out of another one holds no more; one without an id is
  // another one with each generation.
  void on_network(std::string_view id, uint64_t generation, bool reachable, bool metered = false);
  // True: something is to be kept that was not known.
  bool on_outcome(const outcome& o, instant now);

  // What advise() of tharsis.dns/1 has about addresses (THARSIS_DNS_FAMILY, _AVOID) holds so long, 0: no longer: the other family is not
  // reached, or the address is not, without a port at none. False: the code is another one, or it is about nothing that there is.
  static bool makes_sense(uint32_t code, std::string_view about);
  bool advise(uint32_t code, std::string_view about, duration life, instant now);
  // When the next of these ends, for whoever keeps an order that was made before; `never`: none does.
  instant deadline(instant now) const;

  // The list in the order to try, without those that rest; what is avoided stands last. `tried` as of address_score::order().
  std::vector<tharsis_address> order(const std::vector<tharsis_address>& list, instant now, bool tried);
  // Of such a list that is going to be dialled, as address_score::explore(): true, the first is another one for once. Not where bytes cost
  // money, since a race that is won twice is a handshake for nothing, and never one that is avoided.
  bool explore(std::vector<tharsis_address>& ordered, instant now, const address_score::chance& random, const address_score::allowed& may = {});
  // As it is, but what is avoided stands last.
  std::vector<tharsis_address> put_last(std::vector<tharsis_address> list, instant now) const;
  known_address about(const tharsis_address& a, instant now) const;
  // As address_score::usual_latency().
  duration usual() const { return score_.usual_latency(); }

  // For the next start, as address_score has it.
  std::string text(instant now, int64_t wall_seconds) const { return score_.text(now, wall_seconds); }
  error read(std::string_view text, instant now, int64_t wall_seconds) { return score_.read(text, now, wall_seconds); }

  // Whoever repeats himself with other addresses is bounded.
  static constexpr size_t avoided_max = 32;
  // A server that asks for more has lost count, and would never be found again by a program that runs for long.
  static constexpr duration rest_max = 24h;

 private:
  bool avoided(const tharsis_address& a, instant now) const;
  bool note(const outcome& o, instant now);

  address_score score_;
  std::string network_;
  uint64_t generation_ = 0;
  bool metered_ = false;
  uint8_t family_ = 0;
  instant family_until_{};
  std::vector<std::pair<tharsis_address, instant>> avoided_;  // The oldest first.
};

}  // namespace tharsis
