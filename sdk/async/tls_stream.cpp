#include "sdk/async/tls_stream.h"

#include <array>

#include "sdk/pure/address.h"

namespace tharsis {
namespace {

constexpr size_t record_max = 16 * 1024;
constexpr size_t written_max = 4 * record_max;  // More than this leaves before the turn ends.
constexpr size_t chunk_size = 32 * 1024;
static_assert(chunk_size <= tls_machine::unread_max);

}  // namespace

tls_stream::tls_stream(strand& place, std::unique_ptr<stream> under, const tls_context& context, std::string peer,
                       tls_resumption again)
    : place_(place),
      under_(std::move(under)),
      machine_(context, std::move(peer), std::chrono::floor<std::chrono::seconds>(duration(place.wall())).count(), std::move(again)) {}

tls_stream::~tls_stream() {
  place_.disarm(turn_end_);
  if (!written_.empty()) flush();
}

tharsis_status tls_stream::shake_hands() {
  tharsis_status more = forward();
  while (more == THARSIS_OK && machine_.handshake_status() == THARSIS_PENDING && !machine_.early()) more = pull();
  return more < 0 && machine_.handshake_status() == THARSIS_PENDING ? more : machine_.handshake_status();
}

tharsis_status tls_stream::read(std::span<uint8_t> into, size_t& count) {
  count = 0;
  for (;;) {
    const tharsis_status status = machine_.read(into, count);
    forward();  // An alert that tells the peer, or the answer to its new keys.
    if (status != THARSIS_PENDING) return status;
    if (const tharsis_status more = pull(); more != THARSIS_OK) return more;
  }
}

// Feeds the machine once from below. PENDING: nothing has come.
tharsis_status tls_stream::pull() {
  if (dead_ != THARSIS_OK) return dead_;
  std::array<uint8_t, chunk_size> chunk;
  size_t count = 0;
  const tharsis_status status = under_->read(chunk, count);
  if (status < 0) return dead_ = status;
  if (status == THARSIS_PENDING) return THARSIS_PENDING;
  if (count == 0) {
    machine_.on_end();
  } else {
    machine_.on_bytes(std::span<const uint8_t>(chunk).first(count));  // It asked, so it takes them all, or dies.
  }
  forward();  // Where that fails, the stream below says so once it has been read empty.
  return THARSIS_OK;
}

tharsis_status tls_stream::write(std::span<const uint8_t> bytes) {
  if (dead_ != THARSIS_OK || unwritable_ != THARSIS_OK) return dead_ != THARSIS_OK ? dead_ : unwritable_;
  if (machine_.failure().status != THARSIS_OK) return machine_.failure().status;
  if (ended_ || (machine_.handshake_status() != THARSIS_OK && !machine_.early())) return THARSIS_E_INVALID;
  while (!bytes.empty()) {
    const size_t fits = std::min(bytes.size(), written_max - written_.size());
    written_.insert(written_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(fits));
    bytes = bytes.subspan(fits);
    if (written_.size() < written_max) break;
    if (const tharsis_status status = flush(); status != THARSIS_OK) return status;
  }
  if (!written_.empty()) flush_later();
  return THARSIS_OK;
}

void tls_stream::flush_later() {
  if (turn_end_ != 0) return;
  turn_end_ = place_.arm(&tls_stream::on_turn_end, this);
  place_.ready(turn_end_);
}

void tls_stream::on_turn_end(void* context) {
  auto* self = static_cast<tls_stream*>(context);
  self->turn_end_ = 0;
  if (!self->written_.empty() && self->flush() != THARSIS_OK) return self->events().raise(failed | readable);
  if (std::exchange(self->watched_, false)) self->events().raise(writable);
}

tharsis_status tls_stream::flush() {
  const tharsis_status status = machine_.write(written_);
  written_.clear();
  const tharsis_status sent = forward();
  return status != THARSIS_OK ? status : sent;
}

// What the machine wants to say goes below.
tharsis_status tls_stream::forward() {
  const std::span<const uint8_t> bytes = machine_.take_output();
  if (dead_ != THARSIS_OK) return dead_;
  if (unwritable_ != THARSIS_OK || ended_ || bytes.empty()) return unwritable_;
  return unwritable_ = under_->write(bytes);
}

size_t tls_stream::unsent() const {
  watched_ = watched_ || !written_.empty();
  return written_.size() + under_->unsent();
}

void tls_stream::end() {
  if (ended_) return;
  if (!written_.empty()) flush();
  machine_.close_notify();
  forward();
  ended_ = true;
  under_->end();
}

std::string tls_stream::failure() const {
  if (machine_.failure().status != THARSIS_OK) return machine_.failure().text;
  return dead_ != THARSIS_OK || unwritable_ != THARSIS_OK ? under_->failure() : std::string();
}

namespace {

task<result<std::unique_ptr<stream>>> shake(strand& place, std::unique_ptr<tls_stream> wire, std::string with,
                                            instant deadline) {
  tharsis_status status = wire->shake_hands();
  while (status == THARSIS_PENDING && !wire->early()) {
    co_await wire->events().wait(deadline);
    status = wire->shake_hands();
    if (status == THARSIS_PENDING && !wire->early() && place.now() >= deadline)
      co_return error{THARSIS_E_TIMEOUT, "the TLS handshake with " + with + " was not finished before the deadline"};
  }
  if (status == THARSIS_OK || wire->early()) {
    wire->events().raise(stream::readable);  // The first message may have come with the handshake.
    co_return std::unique_ptr<stream>(std::move(wire));
  }
  std::string why = wire->failure();
  if (why.empty()) why = "the TLS handshake with " + with + " failed: " + std::string(status_name(status));
  co_return error{status, std::move(why)};
}

}  // namespace

task<result<std::unique_ptr<stream>>> tls_connect(strand& place, std::unique_ptr<stream> under,
                                                  tls_context context, std::string server_name,
                                                  instant deadline, tls_resumption again) {
  again.early_data = false;
  auto wire = std::make_unique<tls_stream>(place, std::move(under), context, server_name, std::move(again));
  return shake(place, std::move(wire), std::move(server_name), deadline);
}

task<result<std::unique_ptr<stream>>> tls_connect(strand& place, std::unique_ptr<stream> under,
                                                  tls_context context, std::string server_name,
                                                  instant deadline) {
  return tls_connect(place, std::move(under), std::move(context), std::move(server_name), deadline, tls_resumption());
}

std::unique_ptr<stream> tls_connect_early(strand& place, std::unique_ptr<stream> under, const tls_context& context,
                                          std::string server_name, tls_resumption again) {
  again.early_data = true;
  return std::make_unique<tls_stream>(place, std::move(under), context, std::move(server_name), std::move(again));
}

task<result<std::unique_ptr<stream>>> tls_accept(strand& place, std::unique_ptr<stream> under,
                                                 tls_context context, instant deadline) {
  std::string with = to_text(under->peer());
  auto wire = std::make_unique<tls_stream>(place, std::move(under), context, with);
  return shake(place, std::move(wire), std::move(with), deadline);
}

}  // namespace tharsis
