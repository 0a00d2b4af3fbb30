// Does whoever took the connection speak as a server of ours does?
#pragma once
#include <memory>

#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"
#include "sdk/pure/framing.h"

namespace tharsis::stn {

// Pings, and gives the stream back once any whole frame has come back; it reads nothing beyond that frame. A part
// of a frame proves nothing, and is no failure either: the rest is waited for. `frames`: a client's, for this alone.
//   THARSIS_E_TIMEOUT   nothing came by the deadline.   THARSIS_E_PROTOCOL  what came is no frame.
//   THARSIS_E_RESET     the connection ended first.
task<result<std::unique_ptr<stream>>> prove_by_ping(strand& place, std::unique_ptr<stream> wire, framing frames, instant deadline);

}  // namespace tharsis::stn
