// A stream to a server of names; over TLS it has proved its name.
#pragma once
#include <memory>

#include "plugins/dns/ask.h"
#include "sdk/async/stream.h"

namespace tharsis::dns {

task<result<std::unique_ptr<stream>>> open_stream(const means& m, server to, instant deadline);

}  // namespace tharsis::dns
