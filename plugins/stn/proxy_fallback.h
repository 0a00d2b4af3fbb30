// To a server through the proxy that the settings choose, and, where they allow that, without it when it fails.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "plugins/stn/core/proxy_choice.h"
#include "sdk/async/resolver.h"
#include "sdk/async/task.h"

namespace tharsis::stn {

// How the server is reached through this proxy, or through none.
template <class R>
using proxied_reach = std::function<task<R>(std::optional<proxy> through, instant deadline)>;

// R is a result<...>. `told` hears of a proxy that fails and is left out. `choice` and `s` outlive the task.
//   as proxy_choice::of(), and as `reach` says.
template <class R>
task<R> reach_by_choice(strand& place, proxy_choice& choice, const proxy_settings& s, bool stays_here, proxied_reach<R> reach,
                        std::function<void(const error&)> told, instant deadline) {
  const auto through = choice.of(s, stays_here);
  if (!through && !s.direct) co_return through.failure();
  if (through && *through && (!s.direct || choice.works(**through, place.now()))) {
    // Where there is a way without it, a proxy has half of the time.
    const instant until = s.direct && deadline != never ? place.now() + (deadline - place.now()) / 2 : deadline;
    R reached = co_await reach(*through, until);
    if (reached || !s.direct) co_return std::move(reached);
    choice.on_failed(**through, s.pause, place.now());
    told(reached.failure());
  }
  const std::optional<proxy> none;
  R reached = co_await reach(none, deadline);
  co_return std::move(reached);
}

// The proxy's addresses, with its port. `names` outlives the task.
inline task<result<resolver::known_addresses>> resolve_proxy(resolver& names, proxy through, instant deadline) {
  auto addresses = co_await names.find_ranked(through.host, through.port, deadline);
  if (!addresses) co_return error{addresses.status(), "the proxy " + through.text() + ": " + addresses.failure().text};
  co_return std::move(addresses);
}

}  // namespace tharsis::stn
