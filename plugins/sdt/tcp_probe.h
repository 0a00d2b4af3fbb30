// Connections: whether they stand, what both systems agreed on, and what becomes of long and of many segments.
#pragma once
#include <memory>

#include "plugins/sdt/bench.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

struct connected {
  std::unique_ptr<tcp_stream> wire;  // Null: there is no connection.
  failure failed = failure::none;
  std::string id;  // Of the observation.
};

// What the system knows of it, by the name that sdk/abi/net.h has for that. -1: it does not tell.
int64_t fact(bench& b, const tcp_stream& wire, const char* name);

// Dials, and notes how that went.
task<connected> connect(bench& b, probe_role role, tharsis_address to, duration most, uint32_t mss = 0);

// Bytes that a server has to wait behind for more: it takes them, confirms them and says nothing.
enum class opening : uint8_t { tls_hello, http_head };

// Does what is sent in segments of at most `mss` arrive? Ends when it is confirmed, or nothing has been for `patience`.
task<segment_probe> try_up(bench& b, tharsis_address to, opening how, uint32_t mss, size_t bytes, duration patience);
// What a server is made to send much for.
struct download {
  std::string host;
  bool tls = false;
  bool http = false;   // Pages, many questions at once: behind the first answers segments get full. Else what it says to a ClientHello.
  size_t pages = 0;    // How many.
  size_t expected = 0;  // Bytes that come where all arrives; 0: not known, all there is until it is quiet.
};
// Does what the server sends arrive, in segments of at most `mss`? What we send is short either way.
task<segment_probe> try_down(bench& b, tharsis_address to, download what, uint32_t mss, duration patience);

// The largest segments that arrive, found by some at once, twice. Notes each.
task<void> measure_segments(bench& b, tharsis_address to, opening how, way_direction way, download what);

// Many small segments on few connections, and how many of them had to be sent again.
task<void> measure_loss(bench& b, tharsis_address to, opening how);

// A port of one's own host on which nobody listens.
task<void> try_closed_port(bench& b, tharsis_address to);

}  // namespace tharsis::sdt
