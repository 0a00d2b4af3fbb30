#include "plugins/stn/ping_proof.h"

#include <array>

#include "sdk/pure/address.h"
#include "sdk/pure/mars_frame.h"

namespace tharsis::stn {
namespace {

uint32_t number_at(std::span<const uint8_t> head, size_t at) {
  return uint32_t{head[at]} << 24 | uint32_t{head[at + 1]} << 16 | uint32_t{head[at + 2]} << 8 | head[at + 3];
}

// One frame, and not a byte behind it: they belong to whoever gets the stream.
class single_frame {
 public:
  explicit single_frame(uint32_t client_version) : reader_(client_version) {}

  // OK: it is whole.
  tharsis_status read(stream& wire) {
    std::array<uint8_t, 4096> piece;
    while (read_ < size_) {
      size_t count = 0;
      const tharsis_status s = wire.read(std::span(piece).first(std::min(piece.size(), size_ - read_)), count);
      if (s != THARSIS_OK) return s;
      if (count == 0) return THARSIS_E_RESET;
      if (reader_.on_bytes(std::span<const uint8_t>(piece).first(count)) != THARSIS_OK) return THARSIS_E_PROTOCOL;
      for (size_t i = 0; i < count && read_ + i < mars::head_size; ++i) head_[read_ + i] = piece[i];
      read_ += count;
      // The reader has looked at the head: its lengths are honest.
      if (read_ == mars::head_size) size_ = size_t{number_at(head_, 0)} + number_at(head_, 16);
    }
    return THARSIS_OK;
  }
  const std::string& failure() const { return reader_.failure().text; }

 private:
  mars::frame_reader reader_;
  std::array<uint8_t, mars::head_size> head_{};
  size_t read_ = 0, size_ = mars::head_size;
};

error unproved(const stream& wire, tharsis_status status, const std::string& why) {
  const std::string who = "the server at " + to_text(wire.peer());
  if (status == THARSIS_E_PROTOCOL) return {status, who + " answered a ping with bytes that are no frame: " + why};
  const std::string text = wire.failure();
  return {status, text.empty() ? who + " did not answer a ping: the connection ended" : text};
}

}  // namespace

task<result<std::unique_ptr<stream>>> prove_by_ping(strand& place, std::unique_ptr<stream> wire, uint32_t client_version,
                                                    instant deadline) {
  std::vector<uint8_t> ping;
  mars::append_frame(ping, mars::frame{mars::command_noop, mars::sequence_noop, {}, {}, {}}, client_version);
  single_frame answer(client_version);
  tharsis_status status = wire->write(ping);
  if (status == THARSIS_OK) status = answer.read(*wire);
  while (status == THARSIS_PENDING) {
    co_await wire->events().wait(deadline);
    status = answer.read(*wire);
    if (status == THARSIS_PENDING && place.now() >= deadline)
      co_return error{THARSIS_E_TIMEOUT, "the server at " + to_text(wire->peer()) + " took the connection and did not answer a ping in time"};
  }
  if (status != THARSIS_OK) co_return unproved(*wire, status, answer.failure());
  wire->events().raise(stream::readable);  // More may have come with it.
  co_return std::move(wire);
}

}  // namespace tharsis::stn
