// How a link proves whose it is, beyond the hello: the application's own proof on each connection (core/auth_exchange.h), told
// when it has ended; and the pause of who was refused.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "plugins/stn/auth_hook.h"
#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/link_events.h"
#include "sdk/async/strand.h"

namespace tharsis::stn {

class link_proof {
 public:
  // All of them outlive it. `user`: who it is now.
  link_proof(strand& place, const auth_hook& hook, const link_events& events, const link_settings& s, reconnect& pace,
             std::function<const std::string&()> user)
      : place_(place), hook_(hook), events_(events), settings_(s), pace_(pace), user_(std::move(user)) {}

  // The profile requires a proof that nobody provides: there is no use in a connection.
  bool missing() const { return settings_.auth.when == auth_settings::use::required && !hook_.there(); }
  // Somebody provides one now, and the connection goes without.
  bool wanted() const { return hook_.there() && !exchange_; }

  // There is a connection; null: the application proves nothing on it.
  void on_connection(std::shared_ptr<const auth_exchange> exchange) {
    exchange_ = std::move(exchange);
    told_ = false;
  }
  bool there() const { return exchange_ != nullptr; }
  // After each turn in which it may have gone on.
  void look();
  // The connection has ended.
  void on_down(const loss& why);

 private:
  void tell(uint32_t outcome, const std::string& sentence) const;

  strand& place_;
  const auth_hook& hook_;
  const link_events& events_;
  const link_settings& settings_;
  reconnect& pace_;
  const std::function<const std::string&()> user_;
  std::shared_ptr<const auth_exchange> exchange_;  // Of this connection, or the last.
  bool told_ = false;                              // How it ended.
};

}  // namespace tharsis::stn
