// From a URL to a stream for the HTTP client: name, addresses in a race, TCP, TLS.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/dial_race.h"
#include "plugins/stn/core/http_settings.h"
#include "sdk/async/host.h"
#include "sdk/async/http_dial.h"
#include "sdk/async/resolver.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::stn {

class http_dialler_of {
 public:
  // All of them outlive it. `setting`: where the profile says it, "http", for sentences.
  http_dialler_of(strand& place, const host& tables, resolver& names, const http_settings& s, std::string setting)
      : place_(place), host_(tables), names_(names), settings_(s), setting_(std::move(setting)) {}

  // A stream to the URL's host that has proved to be it, or why there is none by the deadline.
  //   THARSIS_E_DENIED     http:// would leave this machine, and the profile does not allow that.
  //   THARSIS_E_UNTRUSTED  the certificate is not for this host, or nobody vouches for it.
  task<result<std::unique_ptr<stream>>> dial(url to, instant deadline);

  // As http_connections takes it; refers to this object.
  http_dialler as_function() {
    return [this](url to, instant deadline) { return dial(std::move(to), deadline); };
  }

 private:
  struct board;
  task<result<tls_context>> trust();
  std::optional<error> refusal_of(const url& to, const std::vector<tharsis_address>& addresses) const;
  task<result<std::unique_ptr<stream>>> race(std::vector<tharsis_address> addresses, std::optional<tls_context> trusted,
                                             url to, instant deadline);
  task<void> try_address(board* results, tharsis_address to, std::optional<tls_context> trusted, std::string name, instant deadline);

  strand& place_;
  const host host_;
  resolver& names_;
  const http_settings& settings_;
  const std::string setting_;
  std::optional<tls_context> trusted_;  // As it was read last,
  instant trusted_until_{};             // and until when that holds.
};

}  // namespace tharsis::stn
