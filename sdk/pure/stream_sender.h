// The half of a stream that sends: what its application writes, from the first byte on, goes out as far as the other side
// allows, and is kept until the application there has it. After a loss it goes on where the other side says.
//
// Pure: bytes and instants in, messages out.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>

#include "sdk/pure/sha256.h"
#include "sdk/pure/stream_bytes.h"
#include "sdk/pure/stream_frame.h"
#include "sdk/pure/stream_pool.h"
#include "sdk/pure/time.h"

namespace tharsis::streams {

struct sender_settings {
  size_t own = 64 * 1024;        // It keeps so many bytes whatever others do,
  size_t buffer_max = 4 << 20;   // and at most so many: the flight of 300 Mbit/s over 100 ms.
};

class stream_sender {
 public:
  // `pool` outlives it. `size`: of the whole, where it is known.
  stream_sender(const sender_settings& s, stream_pool& pool, std::optional<uint64_t> size) : settings_(s), pool_(pool), size_(size) {}
  stream_sender(const stream_sender&) = delete;
  ~stream_sender() { pool_.give(from_pool_); }

  // Before all else: of what is written only the bytes from `at` on are wanted, and those before it are added up already.
  void begin_at(uint64_t at, const sha256_sum& so_far) {
    sum_ = so_far;
    start_ = base_ = written_ = at;
  }

  // The application's side. The next byte that it writes belongs to this offset; what the other side has already is
  // only added up, and costs no room.
  uint64_t position() const { return written_; }
  // So many bytes may be written now. Before the first on_opened() none: nobody knows what is wanted.
  size_t room();
  // `last`: nothing comes behind.
  //   THARSIS_E_INVALID  more than there is room for, or not what `size` says.
  //   THARSIS_E_GONE     the bytes differ from those that the other side has under this key.
  error write(std::span<const uint8_t> bytes, bool last);
  bool written_all() const { return last_; }

  // The connection's side. The other one has `has` bytes and allows for more up to `limit`. What it has lost must be
  // written again: position() is 0 then.
  error on_opened(uint64_t has, const sum& of_them, uint64_t limit);
  void on_cut();
  error on_credit(const message& m, instant now);
  error on_done(uint64_t size);

  // DATA of at most `most` bytes, or END; valid until something else is called.
  bool has_more() const { return open_ && (next_ < sendable() || (last_ && !end_sent_ && next_ == written_)); }
  std::optional<message> take(size_t most, instant now);
  uint64_t in_flight() const { return open_ ? next_ - seen_ : 0; }
  // How long a message was on its way there and back, told once.
  std::optional<duration> take_round_trip() { return std::exchange(round_trip_, std::nullopt); }

  bool open() const { return open_; }
  bool finished() const { return finished_; }
  uint64_t confirmed() const { return confirmed_; }
  std::optional<uint64_t> size() const { return size_; }
  size_t buffered() const { return kept_.size(); }
  const sum& sum_of_all() const { return whole_; }  // Once all is written.

 private:
  struct departure {
    uint64_t end;
    instant at;
  };
  uint64_t sendable() const { return written_ < limit_ ? written_ : limit_; }
  void add_up(std::span<const uint8_t> bytes);
  void begin_anew();
  void give_back();
  static error violation(const char* what);

  const sender_settings settings_;
  stream_pool& pool_;
  std::optional<uint64_t> size_;
  sha256_sum sum_;
  std::optional<sum> expected_;  // Of the first start_ bytes.
  uint64_t start_ = 0;           // Those before it are not sent.
  stream_bytes kept_;            // [base_, written_)
  uint64_t base_ = 0, written_ = 0;
  uint64_t next_ = 0, seen_ = 0, confirmed_ = 0, limit_ = 0;
  uint64_t sent_max_ = 0;
  sum whole_{};
  size_t from_pool_ = 0;
  std::deque<departure> departures_;
  std::optional<duration> round_trip_;
  bool known_ = false;  // on_opened() came once.
  bool open_ = false;
  bool last_ = false;
  bool end_sent_ = false;
  bool finished_ = false;
};

}  // namespace tharsis::streams
