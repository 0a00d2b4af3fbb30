#include "plugins/dns/open_stream.h"

#include <utility>

#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"

namespace tharsis::dns {

task<result<std::unique_ptr<stream>>> open_stream(const means& m, server to, instant deadline) {
  auto wire = co_await dial_tcp(m.place, *m.tables.net, to.at, deadline);
  if (!wire) co_return wire.failure();
  std::unique_ptr<stream> opened = std::move(*wire);
  if (!to.secured()) co_return std::move(opened);
  const auto& trusted = to.is_web() ? m.web : m.bare;
  if (!trusted) co_return m.untrusted;
  co_return co_await tls_connect(m.place, std::move(opened), *trusted, to.name, deadline);
}

}  // namespace tharsis::dns
