// What HTTP's exchanges go over, and where it comes from.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "sdk/abi/net.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"
#include "sdk/pure/proxy.h"
#include "sdk/pure/url.h"

namespace tharsis::stn {

struct http_wire {
  std::unique_ptr<stream> bytes;
  // It leads to this proxy, which takes requests with the whole URL; else to the server, or a tunnel to it.
  std::optional<proxy> hands_on;
  tharsis_address at{};  // Of the server; family 0: a proxy knows.
  bool others = false;   // It has more addresses that may be tried.
};

using http_wire_dialler = std::function<task<result<http_wire>>(url to, instant deadline)>;

}  // namespace tharsis::stn
