// Through which proxy a link or the HTTP client goes.
#pragma once
#include "sdk/pure/proxy.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct proxy_settings {
  enum class source : uint8_t { none, system, named };
  source from = source::system;  // What the host application reports, which is none where it reports none.
  proxy named;
  // When the proxy fails: without it after all?
  bool direct = false;
  // A proxy that has failed is not asked again for so long, where there is a way without it.
  duration pause = 60s;
  bool operator==(const proxy_settings&) const = default;
};

}  // namespace tharsis::stn
