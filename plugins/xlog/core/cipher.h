// The cryptography that sealing stands on. Only cipher_openssl.cpp knows the library behind it; another one
// takes its place with -D THARSIS_XLOG_CIPHER=file.cpp. Bytes in, bytes out: randomness is an argument.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sdk/abi/host_facts.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

inline constexpr size_t key_size = 32;
inline constexpr size_t tag_size = 16;
inline constexpr size_t nonce_size = 12;

using byte_view = std::span<const uint8_t>;
using key_bytes = std::array<uint8_t, key_size>;
using nonce = std::array<uint8_t, nonce_size>;

// Overwrites, also where the compiler thinks that nobody looks any more.
void wipe(std::span<uint8_t> what);

// 32 bytes that leave nothing behind. Copies are wiped too, each at its own end.
class secret {
 public:
  secret() = default;
  explicit secret(std::span<const uint8_t, key_size> from) { std::copy(from.begin(), from.end(), bytes_.begin()); }
  explicit secret(const tharsis_random& random) { random.fill(random.self, bytes_.data(), bytes_.size()); }
  ~secret() { wipe(bytes_); }
  secret(const secret&) = default;
  secret& operator=(const secret&) = default;
  secret(secret&& from) noexcept : bytes_(from.bytes_) { wipe(from.bytes_); }
  secret& operator=(secret&& from) noexcept {
    if (this == &from) return *this;
    bytes_ = from.bytes_;
    wipe(from.bytes_);
    return *this;
  }

  std::span<uint8_t, key_size> open() { return bytes_; }
  std::span<const uint8_t, key_size> open() const { return bytes_; }

 private:
  key_bytes bytes_{};
};

// Which ciphers a file or a ring is sealed with; the number stands in it.
enum class cipher_suite : uint8_t {
  aes = 1,     // AES-256-GCM, AES-256-CTR
  chacha = 2,  // ChaCha20-Poly1305, ChaCha20
};
constexpr bool is_suite(uint8_t number) { return number == 1 || number == 2; }
constexpr std::string_view suite_name(cipher_suite suite) {
  return suite == cipher_suite::aes ? "AES-256-GCM" : "ChaCha20-Poly1305";
}
// AES where the processor has instructions for it; else ChaCha20 is faster, and takes the same time for every key.
cipher_suite fastest_suite();

key_bytes sha256(byte_view data);
secret hmac_sha256(byte_view key, byte_view data);
// RFC 5869, 32 bytes of it.
secret hkdf_sha256(byte_view salt, byte_view key, byte_view info);

// RFC 7748. Nothing: the library cannot, or `theirs` is a point that gives everybody the same secret, zero.
std::optional<key_bytes> x25519_public(const secret& mine);
std::optional<secret> x25519(const secret& mine, const key_bytes& theirs);

struct cipher_context_free {
  void operator()(void* context) const;
};
using cipher_context = std::unique_ptr<void, cipher_context_free>;

// Seals and opens in place. A key and a nonce together serve once. [one thread at a time]
class aead {
 public:
  static result<aead> make(cipher_suite suite);

  // False: the library failed, and `data` is worth nothing.
  [[nodiscard]] bool seal(const secret& key, const nonce& once, byte_view associated, std::span<uint8_t> data,
                          std::span<uint8_t, tag_size> tag);
  // False: not what was sealed with these, or the library failed; `data` is then zeros.
  [[nodiscard]] bool open(const secret& key, const nonce& once, byte_view associated, std::span<uint8_t> data,
                          std::span<const uint8_t, tag_size> tag);
  // The key used last stays in the cipher's memory; after this it does not.
  void forget_key();

 private:
  explicit aead(cipher_context context) : context_(std::move(context)) {}
  cipher_context context_;
};

// A stream of bytes that can be entered anywhere. [one thread at a time]
class stream_cipher {
 public:
  static result<stream_cipher> make(cipher_suite suite, const secret& key);

  // data ^= the stream's byte_view from `position` on. False: the library failed, and `data` is worth nothing.
  [[nodiscard]] bool apply(uint64_t position, std::span<uint8_t> data);

  // Of the same key, for another thread.
  result<stream_cipher> copy() const;

 private:
  stream_cipher(cipher_suite suite, cipher_context context) : suite_(suite), context_(std::move(context)) {}
  cipher_suite suite_;
  cipher_context context_;
};

}  // namespace tharsis::xlog
