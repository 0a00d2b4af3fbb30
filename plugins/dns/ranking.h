// In which order the addresses of a name are tried, by what their users tell of them; kept for the next start.
#pragma once
#include <string>
#include <vector>

#include "plugins/dns/core/settings.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/network.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/pure/address_score.h"

namespace tharsis::dns {

// As tharsis_dns_feedback.
struct dial_outcome {
  tharsis_status status;
  tharsis_address address;
  std::string network;
  duration connect;
  // Of TLS: see tharsis_dns_feedback.
  int32_t proved = THARSIS_DNS_NOT_ASKED;
  std::string name{};
};

class ranking {
 public:
  // `path` of the file; empty: what is learned is forgotten with this instance. [own strand]
  ranking(strand& place, const host& tables, const settings& s, std::string path);
  ranking(const ranking&) = delete;

  void open() { file_.open(); }
  task<void> close(instant deadline) { return file_.close(deadline); }
  void on_network(const tharsis_network_state& now);
  void on_outcome(const dial_outcome& o);

  // The same addresses, or those of them that are not banned.
  std::vector<tharsis_address> order(std::vector<tharsis_address> list);

 private:
  int64_t wall_seconds() const { return place_.wall() / 1'000'000'000; }
  bool note(const dial_outcome& o);

  strand& place_;
  const bool used_;
  const counter heard_;
  address_score score_;
  std::string network_;
  kept_file file_;
};

}  // namespace tharsis::dns
