#include "sdk/async/http1_wire.h"

namespace tharsis {

http1::event http1_wire::next() {
  for (;;) {
    std::span<const uint8_t> bytes = std::span<const uint8_t>(chunk_).subspan(from_, unread());
    const size_t before = bytes.size();
    const http1::event e = reader_.next(bytes);
    from_ += before - bytes.size();
    if (e != http1::event::more) return e;
    if (ended_) return reader_.on_end();
    const tharsis_status status = fill();
    if (status == THARSIS_PENDING) return http1::event::more;
    if (status < 0) return http1::event::failed;
    if (ended_) return reader_.on_end();
  }
}

// PENDING: nothing has come.
tharsis_status http1_wire::fill() {
  size_t count = 0;
  const tharsis_status status = stream_->read(chunk_, count);
  if (status < 0) break_with(status);
  if (status != THARSIS_OK) return status;
  from_ = 0;
  to_ = count;
  heard_ = heard_ || count > 0;
  ended_ = count == 0;
  return THARSIS_OK;
}

void http1_wire::break_with(tharsis_status status) {
  if (broken_.status != THARSIS_OK) return;
  const std::string why = stream_->failure();
  broken_ = {status, why.empty() ? std::string(status_name(status)) : why};
}

bool http1_wire::write(std::span<const uint8_t> bytes) {
  const tharsis_status status = stream_->write(bytes);
  if (status < 0) break_with(status);
  return status == THARSIS_OK;
}

bool http1_wire::idle_and_quiet() {
  if (broken_.status != THARSIS_OK || ended_ || reader_.in_message() || unread() > 0) return false;
  return fill() == THARSIS_PENDING;
}

bool http1_wire::discard(size_t& count) {
  count = unread();
  from_ = to_ = 0;
  if (count > 0) return true;
  if (ended_ || fill() < 0) return false;
  count = unread();
  from_ = to_ = 0;
  return !ended_;
}

}  // namespace tharsis
