#include "plugins/xlog/core/mars_keystream.h"

#include <algorithm>
#include <vector>

#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr std::string_view mark = "MARS";
constexpr size_t point_at = 4, key_at = 68, envelope_at = 100;

// Both ways: the secret covers the key, and uncovers it.
secret combine(const secret& key, const secret& agreed, const mars_point& made_for_this) {
  secret cover = hkdf_sha256(made_for_this, agreed.open(), as_bytes("tharsis xlog ring for mars 1"));
  for (size_t i = 0; i < key_size; ++i) cover.open()[i] = static_cast<uint8_t>(cover.open()[i] ^ key.open()[i]);
  return cover;
}

}  // namespace

result<new_keystream> make_mars_keystream(const mars_point& recipient, const tharsis_random& random, const unique_id& id) {
  const auto pair = make_private_key(random);
  if (!pair) return pair.failure();
  const auto once = make_mars_keys(random);
  if (!once) return once.failure();
  const auto agreed = mars_agree(once->mine, recipient);
  if (!agreed) return error{THARSIS_E_INVALID, "the public key for Mars' encryption is no point of its curve"};
  auto made = make_keystream(std::span(&pair->open, 1), random, id);
  if (!made) return made.failure();
  const secret covered = combine(pair->scalar, *agreed, once->open);
  std::vector<uint8_t> wrapped(mark.begin(), mark.end());
  wrapped.insert(wrapped.end(), once->open.begin(), once->open.end());
  wrapped.insert(wrapped.end(), covered.open().begin(), covered.open().end());
  wrapped.insert(wrapped.end(), made->wrapped.begin(), made->wrapped.end());
  made->wrapped = std::move(wrapped);
  return std::move(*made);
}

bool is_wrapped_for_mars(byte_view wrapped) {
  return wrapped.size() >= envelope_at && std::equal(mark.begin(), mark.end(), wrapped.begin());
}

result<keystream> unwrap_mars_keystream(byte_view wrapped, const private_key& key) {
  const error denied{THARSIS_E_DENIED, "it is sealed for another key of Mars'"};
  if (!key.of_mars) return error{THARSIS_E_DENIED, "it is sealed for a key of Mars', 64 hexadecimal digits, and the one that was given is none"};
  mars_point made_for_this{};
  std::copy_n(wrapped.begin() + point_at, made_for_this.size(), made_for_this.begin());
  const auto agreed = mars_agree(key.scalar, made_for_this);
  if (!agreed) return denied;
  private_key inner{combine(secret(wrapped.subspan<key_at, key_size>()), *agreed, made_for_this), {}};
  const auto point = x25519_public(inner.scalar);
  if (!point) return denied;
  inner.open.point = *point;
  auto stream = unwrap_keystream(wrapped.subspan(envelope_at), inner);
  return !stream && stream.status() == THARSIS_E_DENIED ? result<keystream>(denied) : std::move(stream);
}

}  // namespace tharsis::xlog
