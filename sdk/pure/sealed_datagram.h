// A datagram beside a TLS connection, which nobody but its two ends can read or make: how it stands on the
// wire, and which ones have been seen already. sdk/async/datagram_seal.h seals and opens.
//
//   byte  0      version: 0x71
//   bytes 1-8    the connection's id, as the server gave it
//   bytes 9-12   number, big-endian, from 1 on; each serves once in a direction, and none follows the last
//   then         the content, AES-128-GCM under the direction's key, and the tag of 16 bytes
//
// The nonce is the direction's own 12 bytes, the last 4 of them xor the number; the first 13 bytes are associated.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tharsis::datagram {

// What every path carries, also one through tunnels (IPv6 promises 1,280 with its 48 bytes of heads).
inline constexpr size_t size_max = 1200;
inline constexpr uint8_t version = 0x71;
inline constexpr size_t id_size = 8;
inline constexpr size_t head_size = 1 + id_size + 4;
inline constexpr size_t tag_size = 16;
inline constexpr size_t content_max = size_max - head_size - tag_size;
inline constexpr size_t key_size = 16;
inline constexpr size_t nonce_size = 12;

using connection_id = std::array<uint8_t, id_size>;

struct head {
  connection_id id{};
  uint32_t number = 0;
};
// Nothing: it is none of ours, or too short or too long to be one.
std::optional<head> read_head(std::span<const uint8_t> datagram);
void write_head(const head& h, std::span<uint8_t, head_size> into);

// Of one direction.
struct direction_keys {
  std::array<uint8_t, key_size> key{};
  std::array<uint8_t, nonce_size> base{};

  std::array<uint8_t, nonce_size> nonce(uint32_t number) const;
};

// Both, from what TLS exports (RFC 5705, RFC 8446 7.5) under this label, with the connection's id as its context.
inline constexpr const char* exporter_label = "EXPORTER-tharsis-datagram";
inline constexpr size_t exported_size = 2 * (key_size + nonce_size);
struct keys {
  direction_keys to_server, to_client;
};
keys keys_of(std::span<const uint8_t, exported_size> exported);

// Which numbers have come. What is older than the window counts as seen.
class replay_window {
 public:
  static constexpr uint32_t size = 1024;

  bool is_new(uint32_t number) const;
  // Only after the datagram has proved to be genuine.
  void take(uint32_t number);
  uint32_t highest() const { return highest_; }  // 0: none has come.

 private:
  bool seen(uint32_t number) const { return (bits_[number % size / 64] >> number % 64 & 1) != 0; }

  uint32_t highest_ = 0;
  std::array<uint64_t, size / 64> bits_{};
};

}  // namespace tharsis::datagram
