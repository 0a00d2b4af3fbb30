// Datagrams, and what is said of them: whether a host is alive, which way leads there, how much fits.
#pragma once
#include "plugins/sdt/bench.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

// One datagram to a port on which most likely nobody listens: whoever refuses it is alive, and so is UDP on the way.
task<void> knock(bench& b, probe_role role, tharsis_address to, duration most);
// The same at our gateway, which must have been resolved for it.
task<void> knock_at_gateway(bench& b, tharsis_address gateway);

// Which routers pass a datagram on, all asked at once.
task<void> trace(bench& b, probe_role role, tharsis_address to, duration most);

// The largest datagram that somebody refuses.
task<void> measure_datagrams(bench& b, tharsis_address to);

// Echoes, small ones and (of `large` bytes; 0: none) large ones in turns: what is lost, late, doubled or out of order, by size. Where this user
// may send none, that is noted with what would let him.
task<void> measure_echo(bench& b, tharsis_address to, uint32_t large);

// Port 443, as QUIC begins.
task<void> try_quic(bench& b, tharsis_address to);

}  // namespace tharsis::sdt
