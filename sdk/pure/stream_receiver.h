// The half of a stream that receives: bytes in their order, no more than it has room for, each added up; the window grows
// while it is what holds the sender back.
//
// Pure: messages in, bytes and credit out.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "sdk/pure/sha256.h"
#include "sdk/pure/stream_bytes.h"
#include "sdk/pure/stream_frame.h"
#include "sdk/pure/stream_pool.h"

namespace tharsis::streams {

struct receiver_settings {
  uint64_t own = 64 * 1024;       // The window of a stream that has not shown that it needs more; nobody takes it away.
  uint64_t window_max = 4 << 20;  // The flight of 300 Mbit/s over 100 ms.
};

class stream_receiver {
 public:
  // `pool` outlives it.
  stream_receiver(const receiver_settings& s, stream_pool& pool) : settings_(s), pool_(pool), window_(s.own) {}
  stream_receiver(const stream_receiver&) = delete;
  ~stream_receiver() { pool_.give(window_ - settings_.own); }

  // The application has `has` bytes already, added up in `so_far`.
  void begin(uint64_t has, const sha256_sum& so_far);
  // From the first byte again; the sender may go as far as it was allowed to before.
  void begin_anew();
  // Both where it is known; more is a lie of the sender. Behind the end it is what came.
  void expect(std::optional<uint64_t> size) {
    if (!end_) size_ = size;
  }

  // The connection's side. A failure breaks the stream off: THARSIS_E_PROTOCOL.
  error on_data(uint64_t offset, std::span<const uint8_t> bytes);
  // Whether the sum is right is_whole() tells, when all is taken.
  error on_end(uint64_t size, const sum& of_all);
  uint64_t received() const { return received_; }
  sum sum_of_received() const {
    sha256_sum so_far = sum_;
    return so_far.digest();
  }
  // So far the sender may go.
  uint64_t limit();
  // On another connection all that was told counts no more.
  void on_cut() { told_limit_ = told_seen_ = told_confirmed_ = 0; }
  // What is to be told of it, if anything is. Seen from the last question on.
  std::optional<message> take_credit();
  // Of the window: others need the line more. It does not shrink what was allowed.
  void hold_back(uint64_t window) { cap_ = window; }

  // The application's side.
  size_t waiting() const { return kept_.size(); }
  uint64_t taken() const { return taken_; }
  std::vector<uint8_t> take(size_t most);
  // It has so many more of those that were taken.
  void on_confirmed(uint64_t bytes) { confirmed_ += bytes; }
  uint64_t confirmed() const { return confirmed_; }

  bool ended() const { return end_.has_value(); }
  // All of it came, and the application has it.
  bool complete() const { return end_ && confirmed_ == *size_; }
  // What came is what was sent; once it has ended.
  bool is_whole() const { return end_ && *end_ == sum_of_received(); }
  const std::optional<uint64_t>& size() const { return size_; }

 private:
  void grow();

  const receiver_settings settings_;
  stream_pool& pool_;
  uint64_t window_;
  uint64_t cap_ = UINT64_MAX;
  std::optional<uint64_t> size_;
  sha256_sum sum_;
  std::optional<sum> end_;
  stream_bytes kept_;  // [taken_, received_)
  uint64_t received_ = 0, taken_ = 0, confirmed_ = 0;
  uint64_t limit_ = 0;      // As it was allowed,
  uint64_t grown_at_ = 0;   // and how far it was when the window grew last.
  uint64_t told_limit_ = 0, told_seen_ = 0, told_confirmed_ = 0;
};

}  // namespace tharsis::streams
