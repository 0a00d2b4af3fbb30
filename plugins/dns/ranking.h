// In which order the addresses of a name are tried, by what their users tell of them; kept for the next start.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plugins/dns/core/settings.h"
#include "plugins/dns/state_folder.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/network.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/signal.h"
#include "sdk/pure/address_memory.h"

namespace tharsis::dns {

// As tharsis_dns_feedback.
struct dial_outcome {
  address_memory::outcome of;
  // Of TLS.
  int32_t proved = THARSIS_DNS_NOT_ASKED;
  std::string name{};
};

class ranking {
 public:
  // [own strand]
  ranking(strand& place, const host& tables, const settings& s, const state_folder& kept);
  ranking(const ranking&) = delete;

  void open();
  // What the file says is there, or a disk lets wait for it longer than a dial would for a lost packet.
  task<void> ready();
  task<void> close(instant deadline) { return file_.close(deadline); }
  void on_network(const tharsis_network_state& now);
  void on_outcome(const address_memory::outcome& o);

  // As address_memory::advise().
  void on_advice(uint32_t code, std::string_view about, duration life) { memory_.advise(code, about, life, place_.now()); }
  // When an order that was made before is another one.
  instant deadline() const { return memory_.deadline(place_.now()); }

  // The same addresses, or those of them that do not rest, for who is going to dial them. `may`: nothing, or which of them may come first
  // though another is known to be good (address_memory::explore()); then `explored` says whether one does.
  struct turn {
    std::vector<tharsis_address> list;
    bool explored = false;
  };
  turn to_dial(std::vector<tharsis_address> list, const address_score::allowed& may);
  // The same, with what is known of each, for what is remembered.
  std::vector<known_address> known(std::vector<tharsis_address> list);
  known_address about(const tharsis_address& a) const { return memory_.about(a, place_.now()); }
  duration usual() const { return memory_.usual(); }

 private:
  std::vector<tharsis_address> order(std::vector<tharsis_address> list, bool tried);
  int64_t wall_seconds() const { return place_.wall() / 1'000'000'000; }

  strand& place_;
  const tharsis_random& random_;
  const bool used_;
  const counter heard_, explored_;
  address_memory memory_;
  bool read_ = false;
  signal is_read_;
  kept_file file_;
};

}  // namespace tharsis::dns
