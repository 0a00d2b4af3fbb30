#include "plugins/gateway/core/session.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

// A connection that was quiet may send so much at once.
constexpr duration burst = 100ms;

std::vector<uint8_t> copy(tharsis_bytes b) {
  const auto bytes = view(b);
  return {bytes.begin(), bytes.end()};
}

mars::frame request_of(const tharsis_stn_frame& f) {
  mars::frame request{f.command, f.sequence, copy(f.body), copy(f.key), {}};
  if (f.kind == THARSIS_STN_FRAME_PING) request.command = mars::command_noop;
  if (f.kind == THARSIS_STN_FRAME_HELLO) request.command = mars::command_hello, request.sequence = mars::sequence_identify;
  return request;
}

uint32_t kind_of(const mars::frame& f) {
  if (!f.move.empty()) return THARSIS_STN_FRAME_MOVE;
  if (f.command == mars::command_noop) return THARSIS_STN_FRAME_PONG;
  if (f.sequence == mars::sequence_push) return THARSIS_STN_FRAME_PUSH;
  return f.sequence == mars::sequence_identify ? THARSIS_STN_FRAME_WELCOME : THARSIS_STN_FRAME_ANSWER;
}

}  // namespace

session::session(const limits& l, framing frames, instant now)
    : limits_(l),
      frames_(std::move(frames)),
      gap_(duration(1s) / l.requests_per_second),
      next_at_(now),
      quiet_deadline_(later(now, l.first_frame_timeout)) {}

tharsis_status session::on_bytes(std::span<const uint8_t> bytes, instant now) {
  frames_.on_bytes(bytes);
  return next_ ? tharsis_status{THARSIS_OK} : fetch(now);
}

// Moves one whole frame up; the clock of the next one runs from the moment it began.
tharsis_status session::fetch(instant now) {
  tharsis_stn_frame f;
  const tharsis_status status = frames_.take(f);
  if (status == THARSIS_OK) {
    next_ = request_of(f);
    frame_deadline_ = never;
    quiet_deadline_ = later(now, limits_.idle_timeout);
  } else if (status == THARSIS_PENDING && frames_.pending() > 0 && frame_deadline_ == never) {
    frame_deadline_ = later(now, limits_.frame_timeout);
  }
  return status < 0 ? status : tharsis_status{THARSIS_OK};
}

std::optional<mars::frame> session::take_request(instant now) {
  if (!has_request(now)) return std::nullopt;
  std::optional<mars::frame> request = std::exchange(next_, std::nullopt);
  next_at_ = std::max(next_at_, now - burst) + gap_;
  ++requests_;
  fetch(now);
  return request;
}

// An answer that does not fit is refused; a push that does not is nothing that anybody waits for.
void session::send(const mars::frame& f) {
  tharsis_stn_frame said = frame_of(kind_of(f));
  said.command = f.command;
  said.sequence = f.sequence;
  said.body = bytes_of(f.move.empty() ? f.body : f.move);
  said.refusal = text_of(f.refusal);
  said.retry_after_ms = f.retry_after_ms;
  error why;
  if (frames_.append(output_, said, why) == THARSIS_OK || said.kind != THARSIS_STN_FRAME_ANSWER || said.refusal.size > 0) return;
  said.body = {};
  said.refusal = text_of(why.text);
  error silence;
  frames_.append(output_, said, silence);
}

std::vector<uint8_t> session::take_output() {
  given_ += static_cast<int64_t>(output_.size());
  return std::exchange(output_, {});
}

void session::on_unsent(size_t unsent, instant now) {
  const int64_t left = given_ - static_cast<int64_t>(unsent);  // About: TLS adds a little to what it is given.
  if (unsent == 0) {
    stall_deadline_ = never;
  } else if (left > left_ || stall_deadline_ == never) {
    stall_deadline_ = later(now, limits_.stall_timeout);
  }
  left_ = left;
  unsent_ = unsent;
  // While it is behind it is not read, so the frame it has begun cannot come.
  if (behind() && frame_deadline_ != never) frame_deadline_ = later(now, limits_.frame_timeout);
}

instant session::deadline() const {
  const instant judged = std::min({frame_deadline_, quiet_deadline_, stall_deadline_});
  return next_ && !behind() ? std::min(judged, next_at_) : judged;
}

std::optional<error> session::judge(instant now) const {
  if (waiting() > static_cast<size_t>(limits_.unsent))
    return error{THARSIS_E_BUSY, "it reads too slowly: " + std::to_string(waiting()) + " bytes wait for it"};
  if (now >= stall_deadline_)
    return error{THARSIS_E_TIMEOUT, "it has read nothing for " +
                                        std::to_string(milliseconds(limits_.stall_timeout)) + " ms while bytes wait for it"};
  if (now >= frame_deadline_)
    return error{THARSIS_E_TIMEOUT, "a frame was not whole within " +
                                        std::to_string(milliseconds(limits_.frame_timeout)) + " ms"};
  if (now >= quiet_deadline_)
    return error{THARSIS_E_TIMEOUT, greeted() ? "it has been silent for too long" : "it has not said anything in time"};
  return std::nullopt;
}

}  // namespace tharsis::gateway
