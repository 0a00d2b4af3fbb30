// From a URL to what the HTTP client speaks over: proxy, name, addresses in a race, TCP, TLS.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/breakers.h"
#include "plugins/stn/core/http_settings.h"
#include "plugins/stn/core/proxy_choice.h"
#include "plugins/stn/http_wire.h"
#include "plugins/stn/path_book.h"
#include "sdk/async/host.h"
#include "sdk/async/resolver.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::stn {

// What all that dial for HTTP share.
struct http_surroundings {
  resolver& names;
  proxy_choice& proxies;
  tls_sessions& sessions;
  path_book& paths;
  breakers& servers;
};

class http_dialler_of {
 public:
  // All of them outlive it. `setting`: where the profile says it, "http", for sentences.
  http_dialler_of(strand& place, const host& tables, http_surroundings around, const http_settings& s, std::string setting)
      : place_(place), host_(tables), around_(around), settings_(s), setting_(std::move(setting)), booked_(around.paths) {}

  // To the URL's host, which has proved to be it, or to the proxy that hands http:// on; or why not by the deadline.
  //   THARSIS_E_DENIED     http:// would leave this machine, and the profile does not allow that; or a proxy says no.
  //   THARSIS_E_UNTRUSTED  the certificate is not for this host, or nobody vouches for it.
  task<result<http_wire>> dial(url to, instant deadline);

  // As http_connections takes it; refers to this object.
  http_wire_dialler as_function() {
    return [this](url to, instant deadline) { return dial(std::move(to), deadline); };
  }

 private:
  task<result<http_wire>> reach_by(url to, std::optional<proxy> through, instant deadline);
  task<result<race_plan>> plan_of(url to, std::optional<proxy> through, instant deadline);
  // They, and what is usual here, go into the plan.
  task<error> find_roads(race_plan* p, url to, instant deadline);
  task<result<tls_context>> trust();
  error unencrypted(const url& to, const std::string& where) const;

  strand& place_;
  const host host_;
  const http_surroundings around_;
  const http_settings& settings_;
  const std::string setting_;
  booked_race booked_;
  std::optional<tls_context> trusted_;  // As it was read last,
  instant trusted_until_{};             // and until when that holds.
};

}  // namespace tharsis::stn
