#include "plugins/xlog/core/envelope.h"

#include <algorithm>
#include <string>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr uint8_t envelope_version = 1;
constexpr size_t id_at = 4, point_at = 20, prefix_size = 52;
constexpr size_t part_size = sizeof(key_id) + key_size + tag_size;

// The wrapping key serves once, so its nonce may be anything.
constexpr nonce wrap_nonce{};

secret wrapping_key(std::string_view purpose, byte_view prefix, const secret& shared, const public_key& recipient) {
  const std::string text = "tharsis xlog envelope 1 " + std::string(purpose);
  std::vector<uint8_t> info(text.begin(), text.end());
  info.insert(info.end(), prefix.begin() + point_at, prefix.end());
  info.insert(info.end(), recipient.point.begin(), recipient.point.end());
  return hkdf_sha256(prefix.subspan(id_at, sizeof(unique_id)), shared.open(), info);
}

std::array<uint8_t, tag_size> code_of(const secret& key, byte_view envelope) {
  const secret own = hkdf_sha256({}, key.open(), as_bytes("tharsis xlog envelope 1 code"));
  const secret code = hmac_sha256(own.open(), envelope);
  std::array<uint8_t, tag_size> first;
  std::copy_n(code.open().begin(), tag_size, first.begin());
  return first;
}

error damaged_envelope(const std::string& problem) { return {THARSIS_E_PROTOCOL, "the sealed key " + problem}; }

struct view_of_parts {
  cipher_suite suite;
  byte_view prefix, parts, code, before_code;
  size_t count;
  byte_view part(size_t i) const { return parts.subspan(i * part_size, part_size); }
};

result<view_of_parts> split_envelope(byte_view envelope) {
  if (envelope.size() < envelope_size(1)) return damaged_envelope("was cut: it has " + std::to_string(envelope.size()) + " bytes");
  if (envelope[0] != envelope_version)
    return damaged_envelope("is of version " + std::to_string(envelope[0]) + "; this program reads version 1");
  if (!is_suite(envelope[1])) return damaged_envelope("names an unknown cipher, " + std::to_string(envelope[1]));
  const size_t count = envelope[2] | size_t{envelope[3]} << 8;
  if (count == 0 || count > recipients_max) return damaged_envelope("names " + std::to_string(count) + " recipients");
  const size_t size = envelope_size(count);
  if (envelope.size() != size)
    return damaged_envelope("has " + std::to_string(envelope.size()) + " bytes where " + std::to_string(size) + " belong");
  const byte_view before_code = envelope.first(size - tag_size);
  return view_of_parts{static_cast<cipher_suite>(envelope[1]), envelope.first(prefix_size), before_code.subspan(prefix_size),
                       envelope.last(tag_size), before_code, count};
}

bool is_for(byte_view part, const key_id& id) { return std::equal(id.begin(), id.end(), part.begin()); }

error sealed_for_others(const view_of_parts& v, const key_id& own) {
  std::string text = "sealed for ";
  for (size_t i = 0; i < v.count; ++i) {
    key_id id;
    std::copy_n(v.part(i).begin(), id.size(), id.begin());
    text += (i == 0 ? "" : ", ") + key_id_text(id);
  }
  return {THARSIS_E_DENIED, text + "; the key given is " + key_id_text(own)};
}

}  // namespace

result<std::vector<uint8_t>> seal_envelope(std::string_view purpose, const contents& inside,
                                           std::span<const public_key> recipients, const tharsis_random& random) {
  if (recipients.empty() || recipients.size() > recipients_max)
    return error{THARSIS_E_INVALID, "sealing takes 1 to 32 public keys, not " + std::to_string(recipients.size())};
  auto cipher = aead::make(inside.suite);
  if (!cipher) return cipher.failure();
  const secret scalar(random);
  const auto point = x25519_public(scalar);
  if (!point) return error{THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no X25519"};

  std::vector<uint8_t> out = {envelope_version, static_cast<uint8_t>(inside.suite), static_cast<uint8_t>(recipients.size()), 0};
  out.reserve(envelope_size(recipients.size()));  // The secret passes through here in the clear.
  out.insert(out.end(), inside.id.begin(), inside.id.end());
  out.insert(out.end(), point->begin(), point->end());
  for (const public_key& recipient : recipients) {
    const key_id id = recipient.id();
    const auto shared = x25519(scalar, recipient.point);
    if (!shared) return error{THARSIS_E_INVALID, "the public key " + key_id_text(id) + " is one that anybody could open"};
    const size_t at = out.size() + id.size();
    out.insert(out.end(), id.begin(), id.end());
    out.insert(out.end(), inside.key.open().begin(), inside.key.open().end());
    out.resize(out.size() + tag_size);
    const byte_view prefix = byte_view(out).first(prefix_size);
    const std::span<uint8_t> data(out.data() + at, key_size);
    const std::span<uint8_t, tag_size> tag(out.data() + at + key_size, tag_size);
    if (!cipher->seal(wrapping_key(purpose, prefix, *shared, recipient), wrap_nonce, prefix, data, tag)) {
      wipe(out);
      return error{THARSIS_E_INTERNAL, "OpenSSL could not seal for the key " + key_id_text(id)};
    }
  }
  const auto code = code_of(inside.key, out);
  out.insert(out.end(), code.begin(), code.end());
  return out;
}

result<opened_envelope> open_envelope(std::string_view purpose, byte_view envelope, const private_key& key) {
  const auto v = split_envelope(envelope);
  if (!v) return v.failure();
  auto cipher = aead::make(v->suite);
  if (!cipher) return cipher.failure();
  key_bytes point;
  std::copy_n(v->prefix.begin() + point_at, point.size(), point.begin());
  const auto shared = x25519(key.scalar, point);
  if (!shared) return damaged_envelope("is damaged: nobody made it for a key");

  const key_id own = key.open.id();
  bool found = false;
  for (size_t i = 0; i < v->count; ++i) {
    const byte_view part = v->part(i);
    if (!is_for(part, own)) continue;
    found = true;
    opened_envelope opened;
    opened.inside.suite = v->suite;
    std::copy_n(v->prefix.begin() + id_at, opened.inside.id.size(), opened.inside.id.begin());
    const auto into = opened.inside.key.open();
    std::copy_n(part.begin() + sizeof(key_id), key_size, into.begin());
    if (!cipher->open(wrapping_key(purpose, v->prefix, *shared, key.open), wrap_nonce, v->prefix, into, part.last<tag_size>()))
      continue;
    const auto code = code_of(opened.inside.key, v->before_code);
    opened.intact = std::equal(code.begin(), code.end(), v->code.begin());
    return opened;
  }
  if (!found) return sealed_for_others(*v, own);
  return damaged_envelope("is damaged, or was altered: it is for the key " + key_id_text(own) + ", which does not open it");
}

std::vector<key_id> recipients_of(byte_view envelope) {
  std::vector<key_id> ids;
  const auto v = split_envelope(envelope);
  if (!v) return ids;
  for (size_t i = 0; i < v->count; ++i) std::copy_n(v->part(i).begin(), sizeof(key_id), ids.emplace_back().begin());
  return ids;
}

}  // namespace tharsis::xlog
