#include "sdk/async/tcp_stream.h"

#include <string>

#include "sdk/pure/address.h"

namespace tharsis {

tharsis_status tcp_stream::dial(const tharsis_address& to, tharsis_error* error, int64_t mss) {
  peer_ = to;
  if (mss == 0 || !THARSIS_HAS(&net_, dial_with)) return net_.dial(net_.self, &to, &tcp_stream::on_event, this, &handle_, error);
  const tharsis_dial_options options{sizeof(tharsis_dial_options), static_cast<uint32_t>(mss)};
  return net_.dial_with(net_.self, &to, &options, &tcp_stream::on_event, this, &handle_, error);
}

tharsis_status tcp_stream::accept(tharsis_handle listener) {
  const tharsis_status status = net_.accept(net_.self, listener, &tcp_stream::on_event, this, &handle_, &peer_);
  if (status == THARSIS_OK) connected_ = THARSIS_OK;
  return status;
}

void tcp_stream::on_event(void* context, tharsis_handle, uint32_t bits, tharsis_status status) {
  auto* self = static_cast<tcp_stream*>(context);
  uint32_t raise = 0;
  if (bits & THARSIS_NET_CONNECTED) {
    self->connected_ = THARSIS_OK;
    bits |= THARSIS_NET_WRITABLE;  // For what was written, or ended, before.
  }
  if (bits & THARSIS_NET_FAILED) {
    if (self->connected_ == THARSIS_PENDING) self->connected_ = status;
    // What came before the failure can still be read; read() meets the failure after it.
    if (self->dead_ == THARSIS_OK && self->connected_ != THARSIS_OK) self->dead_ = status;
    raise |= failed | readable;
  }
  if (bits & THARSIS_NET_READABLE) raise |= readable;
  if (bits & THARSIS_NET_WRITABLE) {
    const tharsis_status status_now = self->flush();
    if (status_now != THARSIS_PENDING) raise |= writable;
    if (status_now < 0) raise |= failed | readable;
  }
  if (raise != 0) self->events_.raise(raise);
}

tharsis_status tcp_stream::read(std::span<uint8_t> into, size_t& count) {
  count = 0;
  if (dead_ != THARSIS_OK) return dead_;
  const tharsis_status status = net_.read(net_.self, handle_, into.data(), into.size(), &count);
  if (status < 0) dead_ = status;
  // Nothing can be written any more: what the peer said before it closed comes first, then that.
  if (status != THARSIS_OK || count == 0) return unwritable_ != THARSIS_OK ? dead_ = unwritable_ : status;
  return status;
}

tharsis_status tcp_stream::write(std::span<const uint8_t> bytes) {
  if (dead_ != THARSIS_OK || unwritable_ != THARSIS_OK) return dead_ != THARSIS_OK ? dead_ : unwritable_;
  if (end_wanted_) return THARSIS_E_INVALID;
  size_t taken = 0;
  if (unsent() == 0 && !bytes.empty()) {
    const tharsis_status status = net_.write(net_.self, handle_, bytes.data(), bytes.size(), &taken);
    if (status < 0) return unwritable_ = status;
  }
  if (taken < bytes.size()) {
    if (kept_from_ > kept_.size() / 2) {
      kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(kept_from_));
      kept_from_ = 0;
    }
    kept_.insert(kept_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
  }
  return THARSIS_OK;
}

tharsis_status tcp_stream::flush() {
  if (dead_ != THARSIS_OK || unwritable_ != THARSIS_OK) return dead_ != THARSIS_OK ? dead_ : unwritable_;
  while (unsent() > 0) {
    size_t taken = 0;
    const tharsis_status status = net_.write(net_.self, handle_, kept_.data() + kept_from_, unsent(), &taken);
    if (status < 0) return unwritable_ = status;
    kept_from_ += taken;
    if (status == THARSIS_PENDING) return THARSIS_PENDING;
  }
  kept_ = {};  // A burst's memory goes with it.
  kept_from_ = 0;
  if (end_wanted_) net_.shutdown(net_.self, handle_);
  return THARSIS_OK;
}

size_t tcp_stream::unconfirmed() const {
  int64_t bytes = 0;
  const bool known = net_.get(net_.self, handle_, "unacked_bytes", &bytes) == THARSIS_OK;
  return known && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

void tcp_stream::end() {
  if (std::exchange(end_wanted_, true)) return;
  if (unsent() == 0 && connected_ == THARSIS_OK && dead_ == THARSIS_OK) net_.shutdown(net_.self, handle_);
}

void tcp_stream::close() {
  if (handle_ != 0) net_.close(net_.self, std::exchange(handle_, 0));
  dead_ = THARSIS_E_GONE;
}

std::optional<wire_progress> progress_of(const tharsis_net& net, tharsis_handle connection) {
  int64_t confirmed = 0, received = 0, round_trip = 0;
  const auto fact = [&](const char* name, int64_t& value) { return net.get(net.self, connection, name, &value) == THARSIS_OK; };
  if (!fact("acked_bytes", confirmed) || !fact("received_bytes", received)) return std::nullopt;
  fact("rtt_us", round_trip);
  return wire_progress{static_cast<uint64_t>(confirmed), static_cast<uint64_t>(received), round_trip * 1us};
}

task<result<std::unique_ptr<tcp_stream>>> dial_tcp(strand& place, const tharsis_net& net, tharsis_address to,
                                                   instant deadline, int64_t mss) {
  auto wire = std::make_unique<tcp_stream>(place, net);
  tharsis_error reason = no_error();
  if (const tharsis_status s = wire->dial(to, &reason, mss); s != THARSIS_OK) co_return error_from(s, reason);
  while (wire->connected() == THARSIS_PENDING) {
    if (co_await wire->events().wait(deadline) == 0)
      co_return error{THARSIS_E_TIMEOUT, "no connection to " + to_text(to) + " before the deadline"};
  }
  if (const tharsis_status s = wire->connected(); s != THARSIS_OK)
    co_return error{s, "connecting to " + to_text(to) + " failed: " + std::string(status_name(s))};
  co_return std::move(wire);
}

}  // namespace tharsis
