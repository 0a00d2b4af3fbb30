#include "plugins/xlog/core/seal.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr std::string_view file_purpose = "file";

secret root_of(const contents& inside, byte_view head) {
  std::string purpose = "tharsis xlog blocks 1";
  purpose += as_text(head);
  return hkdf_sha256(inside.id, inside.key.open(), as_bytes(purpose));
}

nonce nonce_of(const file_opener::place& where) {
  nonce n{};
  for (size_t i = 0; i < 8; ++i) n[i] = static_cast<uint8_t>(where.number >> (8 * i));
  n[8] = where.payload;
  n[11] = where.last ? 1 : 0;
  return n;
}

std::span<uint8_t, tag_size> tag_of(std::span<uint8_t> payload) { return payload.last<tag_size>(); }
std::span<uint8_t> data_of(std::span<uint8_t> payload) { return payload.first(payload.size() - tag_size); }

}  // namespace

uint32_t chain_of(byte_view tag) {
  return tag[0] | uint32_t{tag[1]} << 8 | uint32_t{tag[2]} << 16 | uint32_t{tag[3]} << 24;
}

result<file_sealer> file_sealer::make(std::span<const public_key> recipients, const tharsis_random& random,
                                      const unique_id& file, byte_view head, cipher_suite suite) {
  const contents inside{suite, file, secret(random)};
  auto envelope = seal_envelope(file_purpose, inside, recipients, random);
  if (!envelope) return envelope.failure();
  auto cipher = aead::make(suite);
  if (!cipher) return cipher.failure();
  return file_sealer(suite, std::move(*cipher), key_tree(root_of(inside, head)), std::move(*envelope));
}

result<file_sealer> file_sealer::again(byte_view envelope, const private_key& key, byte_view head) {
  const auto opened = open_envelope(file_purpose, envelope, key);
  if (!opened) return opened.failure();
  if (!opened->intact) return error{THARSIS_E_PROTOCOL, "the file's head was altered, though not what this key needs of it"};
  auto cipher = aead::make(opened->inside.suite);
  if (!cipher) return cipher.failure();
  return file_sealer(opened->inside.suite, std::move(*cipher), key_tree(root_of(opened->inside, head)), {envelope.begin(), envelope.end()});
}

file_sealer::file_sealer(cipher_suite suite, aead cipher, key_tree keys, std::vector<uint8_t> envelope)
    : suite_(suite),
      cipher_(std::move(cipher)),
      keys_(std::move(keys)),
      envelope_(std::move(envelope)),
      chain_(chain_of(byte_view(envelope_).last(tag_size))) {}

bool file_sealer::seal(uint64_t number, byte_view header, std::span<const std::span<uint8_t>> payloads, bool last) {
  const bool sealed = try_seal(number, header, payloads, last);
  cipher_.forget_key();
  if (sealed) return true;
  for (const auto payload : payloads) wipe(payload);
  return false;
}

bool file_sealer::try_seal(uint64_t number, byte_view header, std::span<const std::span<uint8_t>> payloads, bool last) {
  if (payloads.empty() || payloads.size() > payloads_max) return false;
  const auto key = keys_.take(number);
  if (!key) return false;
  file_opener::place where{number, 0, last};
  for (const auto payload : payloads) {
    if (payload.size() < tag_size) return false;
    if (!cipher_.seal(*key, nonce_of(where), header, data_of(payload), tag_of(payload))) return false;
    ++where.payload;
  }
  chain_ = chain_of(tag_of(payloads.back()));
  if (last) (void)keys_.take(key_tree::keys_count - 1);
  return true;
}

result<file_opener> file_opener::make(byte_view envelope, const private_key& key, byte_view head) {
  const auto opened = open_envelope(file_purpose, envelope, key);
  if (!opened) return opened.failure();
  auto cipher = aead::make(opened->inside.suite);
  if (!cipher) return cipher.failure();
  return file_opener(std::move(*cipher), root_of(opened->inside, head), opened->inside.id, opened->intact);
}

file_opener::file_opener(aead cipher, secret root, const unique_id& file, bool intact)
    : cipher_(std::move(cipher)), root_(std::move(root)), file_(file), intact_(intact), keys_(root_) {}

error file_opener::open(const place& where, byte_view header, std::span<uint8_t> sealed) {
  const auto failed = [&](const char* problem) {
    wipe(sealed);
    return error{THARSIS_E_PROTOCOL, "block " + std::to_string(where.number) + " " + problem};
  };
  if (sealed.size() < tag_size) return failed("is cut: there is no room for a tag");
  const secret* const key = key_of(where.number);
  if (key == nullptr) return failed("has a number that no block can have");
  if (!cipher_.open(*key, nonce_of(where), header, data_of(sealed), tag_of(sealed)))
    return failed("was altered, or belongs elsewhere: its seal does not hold");
  return {THARSIS_OK, {}};
}

const secret* file_opener::key_of(uint64_t number) {
  if (number_ == number) return &key_;
  if (number >= key_tree::keys_count) return nullptr;
  if (number < keys_.next()) keys_ = key_tree(root_);
  auto key = keys_.take(number);
  if (!key) return nullptr;
  key_ = std::move(*key);
  number_ = number;
  return &key_;
}

}  // namespace tharsis::xlog
