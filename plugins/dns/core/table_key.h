// Keys of signed tables (Ed25519), and as people keep them: text of seven words.
//
//   tharsis dns public key 1
//   9f86d081884c7d65
//   (64 hexadecimal digits)
//
// The words may stand on one line, so that a public key fits into a profile. The second line is the key's id: it names the key
// in tables and in sentences, and shows a digit that was lost on the way. Pure.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sdk/abi/host_facts.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

using table_signature = std::array<uint8_t, 64>;

struct table_key {
  std::array<uint8_t, 32> point{};

  std::string id() const;  // 16 digits: the first bytes of the point's SHA-256.
  bool verifies(std::span<const uint8_t> message, const table_signature& by) const;
  bool operator==(const table_key&) const = default;
};

// Wiped when it goes.
class table_signer {
 public:
  // Nothing where this machine's OpenSSL has no Ed25519.
  static std::optional<table_signer> from_seed(std::span<const uint8_t, 32> seed);
  static std::optional<table_signer> make(const tharsis_random& random);
  table_signer(const table_signer&) = default;
  table_signer& operator=(const table_signer&) = default;
  ~table_signer();

  const table_key& open() const { return open_; }
  std::optional<table_signature> sign(std::span<const uint8_t> message) const;
  // For the caller to wipe.
  std::string text() const;

 private:
  table_signer() = default;
  std::array<uint8_t, 32> seed_{};
  table_key open_;
};

inline constexpr size_t key_text_max = 4096;  // Whoever reads a key's file need not read more of it.

// Whether a setting is a key itself and not the path of its file.
bool is_table_key_text(std::string_view text);

// `what` names the text in errors: a path, or "dns.table.keys.0". No error quotes a digit of a key.
result<table_key> parse_table_key(std::string_view text, const std::string& what);
result<table_signer> parse_table_signer(std::string_view text, const std::string& what);
std::string table_key_text(const table_key& key);

void wipe_text(std::string& text);

}  // namespace tharsis::dns
