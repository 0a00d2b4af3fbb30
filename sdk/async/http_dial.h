// From a URL to a connected stream: the name resolved, the addresses tried in order, the server's name proved.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "sdk/async/resolver.h"
#include "sdk/async/stream.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/proxy.h"
#include "sdk/pure/url.h"

namespace tharsis {

// Where http_endpoint gets its streams from: dial_with() below, or whatever a test or a tunnel needs.
using http_dialler = std::function<task<result<std::unique_ptr<stream>>>(url to, instant deadline)>;

// A stream to the URL's host, or why there is none by the deadline. Each address has an equal share of the time
// that is left, so one that swallows everything does not cost the others theirs. https needs `trust`, a client's
// context: whom it trusts is the caller's choice; set tls_client_settings::http1.
//   THARSIS_E_INVALID    https without `trust`.
//   THARSIS_E_UNTRUSTED  the certificate is not for this host, or nobody vouches for it.
//   or what the resolver, dial_tcp() or tls_connect() say; with several addresses, of the last one.
// Where there is a proxy, its name is resolved and it is dialled instead, and it resolves the URL's host; an https://
// proxy is trusted as the server is.
// `place`, `net` and `names` outlive the task.
task<result<std::unique_ptr<stream>>> dial_url(strand& place, const tharsis_net& net, resolver& names,
                                               std::optional<tls_context> trust, url to, instant deadline,
                                               std::optional<proxy> through = {});

// dial_url() with all but the URL and the deadline filled in.
http_dialler dial_with(strand& place, const tharsis_net& net, resolver& names, std::optional<tls_context> trust,
                        std::optional<proxy> through = {});

}  // namespace tharsis
