#include "plugins/gateway/core/session.h"

#include <algorithm>
#include <utility>

namespace tharsis::gateway {
namespace {

// A connection that was quiet may send so much at once.
constexpr duration burst = 100ms;

}  // namespace

session::session(const limits& l, instant now)
    : limits_(l),
      gap_(duration(1s) / l.requests_per_second),
      next_at_(now),
      quiet_deadline_(later(now, l.first_frame_timeout)) {}

tharsis_status session::on_bytes(std::span<const uint8_t> bytes, instant now) {
  const tharsis_status status = reader_.on_bytes(bytes);
  if (!next_) fetch(now);
  return status;
}

// Moves one whole frame up; the clock of the next one runs from the moment it began.
void session::fetch(instant now) {
  next_ = reader_.take_frame();
  if (next_) {
    frame_deadline_ = never;
    quiet_deadline_ = later(now, limits_.idle_timeout);
  } else if (reader_.pending() > 0 && frame_deadline_ == never) {
    frame_deadline_ = later(now, limits_.frame_timeout);
  }
}

std::optional<mars::frame> session::take_request(instant now) {
  if (!has_request(now)) return std::nullopt;
  std::optional<mars::frame> request = std::exchange(next_, std::nullopt);
  next_at_ = std::max(next_at_, now - burst) + gap_;
  ++requests_;
  fetch(now);
  return request;
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
