#include "plugins/stn/ping_proof.h"

#include <algorithm>
#include <array>

#include "sdk/pure/address.h"
#include "sdk/pure/mars_frame.h"

namespace tharsis::stn {
namespace {

// One frame, and not a byte behind it: they belong to whoever gets the stream. OK: it is whole.
tharsis_status read_one(framing& frames, stream& wire) {
  std::array<uint8_t, 4096> piece;
  for (;;) {
    size_t count = 0;
    const tharsis_status s = wire.read(std::span(piece).first(std::min(piece.size(), frames.wants())), count);
    if (s != THARSIS_OK) return s;
    if (count == 0) return THARSIS_E_RESET;
    frames.on_bytes(std::span<const uint8_t>(piece).first(count));
    tharsis_stn_frame f{};
    const tharsis_status taken = frames.take(f);
    if (taken != THARSIS_PENDING) return taken == THARSIS_OK ? THARSIS_OK : THARSIS_E_PROTOCOL;
  }
}

error unproved(const stream& wire, tharsis_status status, const std::string& why) {
  const std::string who = "the server at " + to_text(wire.peer());
  if (status == THARSIS_E_PROTOCOL) return {status, who + " answered a ping with bytes that are no frame: " + why};
  const std::string text = wire.failure();
  return {status, text.empty() ? who + " did not answer a ping: the connection ended" : text};
}

}  // namespace

task<result<std::unique_ptr<stream>>> prove_by_ping(strand& place, std::unique_ptr<stream> wire, framing frames, instant deadline) {
  std::vector<uint8_t> ping;
  tharsis_stn_frame asked = frame_of(THARSIS_STN_FRAME_PING);
  asked.sequence = mars::sequence_noop;
  error wrong;
  if (frames.append(ping, asked, wrong) != THARSIS_OK) co_return wrong;
  tharsis_status status = wire->write(ping);
  if (status == THARSIS_OK) status = read_one(frames, *wire);
  while (status == THARSIS_PENDING) {
    co_await wire->events().wait(deadline);
    status = read_one(frames, *wire);
    if (status == THARSIS_PENDING && place.now() >= deadline)
      co_return error{THARSIS_E_TIMEOUT, "the server at " + to_text(wire->peer()) + " took the connection and did not answer a ping in time"};
  }
  if (status != THARSIS_OK) co_return unproved(*wire, status, frames.failure().text);
  wire->events().raise(stream::readable);  // More may have come with it.
  co_return std::move(wire);
}

}  // namespace tharsis::stn
