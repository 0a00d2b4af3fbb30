// A DNS message to a server and one back, as a request of HTTP (RFC 8484): over HTTP/2, or 1.1 where the server has settled
// on that.
#pragma once
#include <memory>
#include <string>

#include "plugins/dns/core/server.h"
#include "sdk/async/http_line.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"
#include "sdk/pure/url.h"

namespace tharsis::dns {

// The answer's bytes, at most 64 KiB, or why there are none: another status than 200, another type, what HTTP died of.
// `wire` is used up.
task<result<std::string>> doh_exchange(strand& place, std::unique_ptr<stream> wire, server to, std::string question, instant deadline);
// The same over a line that is there, which outlives the task.
task<result<std::string>> doh_exchange(http_line& line, server to, std::string question, instant deadline);

url url_of(const server& s);

// The same for another path, and no more than `most` bytes of whatever type.
task<result<std::string>> web_exchange(strand& place, std::unique_ptr<stream> wire, server to, std::string target, size_t most, instant deadline);

}  // namespace tharsis::dns
