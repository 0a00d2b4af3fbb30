#include "plugins/xlog/core/keystream.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/core/mars_keystream.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr std::string_view ring_purpose = "ring";
// Zeros to encrypt are made just before, while they are in the nearest cache.
constexpr size_t step_size = 16 << 10;

}  // namespace

result<keystream> keystream::make(const contents& ring) {
  const secret key = hkdf_sha256(ring.id, ring.key.open(), as_bytes("tharsis xlog ring 1"));
  auto cipher = stream_cipher::make(ring.suite, key);
  if (!cipher) return cipher.failure();
  return keystream(std::move(*cipher));
}

result<keystream> keystream::copy() const {
  auto cipher = cipher_.copy();
  if (!cipher) return cipher.failure();
  return keystream(std::move(*cipher));
}

bool keystream::fill(uint64_t position, std::span<uint8_t> into) {
  while (!into.empty()) {
    const auto step = into.first(std::min(into.size(), step_size));
    std::fill(step.begin(), step.end(), uint8_t{0});
    if (!cipher_.apply(position, step)) return false;
    position += step.size();
    into = into.subspan(step.size());
  }
  return true;
}

result<ring_streams> ring_streams::make(const keystream& of, uint32_t rings) {
  ring_streams made;
  for (uint32_t i = 0; i <= rings; ++i) {
    auto copy = of.copy();
    if (!copy) return copy.failure();
    made.streams_.push_back(std::move(*copy));
  }
  return made;
}

bool ring_streams::fill(uint64_t position, std::span<uint8_t> into) {
  return streams_[std::min<size_t>(position >> 48, streams_.size() - 1)].fill(position, into);
}

result<new_keystream> make_keystream(std::span<const public_key> recipients, const tharsis_random& random, const unique_id& id,
                                     cipher_suite suite) {
  const contents ring{suite, id, secret(random)};
  auto wrapped = seal_envelope(ring_purpose, ring, recipients, random);
  if (!wrapped) return wrapped.failure();
  auto stream = keystream::make(ring);
  if (!stream) return stream.failure();
  return new_keystream{std::move(*stream), std::move(*wrapped)};
}

result<keystream> unwrap_keystream(byte_view wrapped, const private_key& key) {
  if (is_wrapped_for_mars(wrapped)) return unwrap_mars_keystream(wrapped, key);
  if (key.of_mars) return error{THARSIS_E_DENIED, "it is sealed for keys of tharsis, and the one that was given is Mars'"};
  const auto opened = open_envelope(ring_purpose, wrapped, key);
  if (!opened) return opened.failure();
  return keystream::make(opened->inside);
}

}  // namespace tharsis::xlog
