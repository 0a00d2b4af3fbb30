// From an endpoint to a stream that the server has proved to be its own: name, addresses, TCP, TLS.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/dial_race.h"
#include "plugins/stn/core/phase_clock.h"
#include "sdk/async/host.h"
#include "sdk/async/resolver.h"
#include "sdk/async/stream.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::stn {

class dialer {
 public:
  // `phases` are told of resolving, dialling and TLS; all of them outlive the dialer.
  dialer(strand& place, const host& tables, resolver& names, const link_settings& s, phase_clock& phases)
      : place_(place), host_(tables), names_(names), settings_(s), phases_(phases) {}

  // A stream, or why there is none by the deadline.
  task<result<std::unique_ptr<stream>>> reach(endpoint to, instant deadline);

  // The attempt that is under way leads nowhere: the network has changed.
  void give_up();

  // Of the stream; after a failure of the address that failed last. Family 0: it did not come so far.
  const tharsis_address& address() const { return address_; }

 private:
  struct board;
  task<result<tls_context>> load_trust();
  task<result<std::unique_ptr<stream>>> race(std::vector<tharsis_address> addresses,
                                             std::optional<tls_context> trust, endpoint to, instant deadline);
  task<void> try_address(board* results, tharsis_address to, std::optional<tls_context> trust,
                         std::string name, instant deadline);

  strand& place_;
  host host_;
  resolver& names_;
  const link_settings& settings_;
  phase_clock& phases_;
  board* under_way_ = nullptr;
  tharsis_address address_{};
};

}  // namespace tharsis::stn
