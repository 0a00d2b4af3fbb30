// Mars' long-link frame: 20 fixed bytes, options, body. All numbers are 32-bit big-endian.
//
//     0 head_length (20 + options)   4 client_version   8 command   12 sequence   16 body_length
//
// Options stand between byte 20 and head_length, where Mars' own receivers skip them. Ours: any
// number of { u16 type, u16 length, bytes }, big-endian. Unknown types are skipped; options that do
// not fit their area, or a known one that is empty or stands twice, are a malformed frame.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::mars {

inline constexpr uint32_t head_size = 20;
inline constexpr uint32_t client_version_default = 200;  // What Mars' sample client and server use.
inline constexpr uint32_t frame_size_max = 1u << 20;     // Head and body; Mars refuses larger ones.
inline constexpr size_t key_size_max = 64;
// Of a request with the longest key.
inline constexpr size_t body_size_max = frame_size_max - head_size - 4 - key_size_max;

enum command : uint32_t {
  command_hello = 1,
  command_send_message = 3,
  command_join_topic = 5,
  command_noop = 6,
  command_hello2 = 8,
  command_keep = 243,          // Keeps the radio awake; nobody answers it.
  command_echo = 100,          // Ours: the answer has the request's body, whatever it is.
  command_push = 10001,
  command_statistics = 10101,  // Ours: what the gateway counted for this client.
};

// A request's sequence is its task's number, an answer repeats it.
inline constexpr uint32_t sequence_push = 0;
inline constexpr uint32_t sequence_task_max = 0xFFFFFFEF;
inline constexpr uint32_t sequence_keep = 0xFFFFFFFD;  // On the link; in a datagram 0.
inline constexpr uint32_t sequence_identify = 0xFFFFFFFE;  // Of the hello.
inline constexpr uint32_t sequence_noop = 0xFFFFFFFF;

enum option : uint16_t {
  option_key = 1,      // Request: the idempotency key, 1 to key_size_max bytes.
  option_refusal = 2,  // Answer: the request was refused; one sentence. The body is empty.
  option_retry_after = 3,  // Answer with a refusal: the server has too much to do; after so many ms (u32) it may be asked again.
  option_move = 4,     // Of the server, on a pong that nobody has asked for: where clients are to go (mars::server_move), move_size_max bytes at most.
};
inline constexpr size_t move_size_max = 16 * 1024;

struct frame {
  uint32_t command = 0;
  uint32_t sequence = 0;
  std::vector<uint8_t> body;
  std::vector<uint8_t> key;  // option_key
  std::string refusal;       // option_refusal
  uint32_t retry_after_ms = 0;  // option_retry_after; 0: it says nothing of that.
  std::vector<uint8_t> move{};  // option_move
};

// The same where it stands.
struct frame_view {
  frame_view() = default;
  explicit frame_view(const frame& f) : command(f.command), sequence(f.sequence), body(f.body), key(f.key), refusal(f.refusal), retry_after_ms(f.retry_after_ms), move(f.move) {}

  uint32_t command = 0;
  uint32_t sequence = 0;
  std::span<const uint8_t> body, key;
  std::string_view refusal;
  uint32_t retry_after_ms = 0;
  std::span<const uint8_t> move;
};

// Appends the frame's bytes. The frame must be within frame_size_max, key_size_max and move_size_max.
void append_frame(std::vector<uint8_t>& out, const frame_view& f, uint32_t client_version = client_version_default);
inline void append_frame(std::vector<uint8_t>& out, const frame& f, uint32_t client_version = client_version_default) {
  append_frame(out, frame_view(f), client_version);
}

// The same, piece by piece: `put(to, data, size)`.
void write_frame(const frame_view& f, uint32_t client_version, void (*put)(void* to, const uint8_t* data, size_t size), void* to);

// Looks for a frame at the begin of `bytes`: THARSIS_OK, then `size` bytes are `f`; THARSIS_PENDING, then it has so many
// bytes, or its head is not there yet (0) and `f` is empty; else `f` has its sequence and command;
// THARSIS_E_PROTOCOL with the complaint.
tharsis_status read_frame(std::span<const uint8_t> bytes, uint32_t client_version, frame_view& f, size_t& size, std::string& complaint);

// How many bytes the frame takes on the wire.
size_t frame_size(const frame_view& f);
inline size_t frame_size(const frame& f) { return frame_size(frame_view(f)); }

// Takes bytes as they come, in pieces of any size, and gives whole frames. Memory stays below
// frame_size_max plus one piece and the frames that are not taken. After a failure it stays failed: the
// peer's bytes have no meaning any more.
class frame_reader {
 public:
  explicit frame_reader(uint32_t client_version = client_version_default) : client_version_(client_version) {}

  // Where `size` bytes more may be put; then on_received() says how many were.
  std::span<uint8_t> room(size_t size);
  // OK, or THARSIS_E_PROTOCOL for good; failure() has the sentence. Frames that were whole before
  // the damage can still be taken.
  tharsis_status on_received(size_t count);
  // Both in one, from elsewhere.
  tharsis_status on_bytes(std::span<const uint8_t> bytes);

  // The next whole frame, where it stands until the next call of room() or on_bytes().
  bool take(frame_view& f);
  std::optional<frame> take_frame();  // The same, to keep.

  // Bytes of a frame that is not whole yet.
  size_t pending() const { return filled_ - whole_; }
  // The sequence of that frame, once its head is there.
  std::optional<uint32_t> pending_sequence() const;
  const error& failure() const { return failure_; }

 private:
  void look();

  uint32_t client_version_;
  std::vector<uint8_t> buffer_;  // [taken_, whole_) are frames to take, [whole_, filled_) the begin of one.
  size_t taken_ = 0, whole_ = 0, filled_ = 0;
  error failure_{THARSIS_OK, {}};
};

}  // namespace tharsis::mars
