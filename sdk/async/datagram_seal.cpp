#include "sdk/async/datagram_seal.h"

#include <openssl/evp.h>

#include <algorithm>

#include "sdk/async/openssl.h"

namespace tharsis::datagram {
namespace {

cipher keyed(const direction_keys& keys, bool seals) {
  const openssl::clean_errors guard;
  cipher made(EVP_CIPHER_CTX_new());
  if (made && EVP_CipherInit_ex(made.get(), EVP_aes_128_gcm(), nullptr, keys.key.data(), nullptr, seals ? 1 : 0) != 1) made.reset();
  return made;
}

// The key stays; the nonce is another one each time.
bool begin(EVP_CIPHER_CTX* c, const std::array<uint8_t, nonce_size>& nonce, std::span<const uint8_t> associated) {
  int done = 0;
  return EVP_CipherInit_ex(c, nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
         EVP_CipherUpdate(c, nullptr, &done, associated.data(), static_cast<int>(associated.size())) == 1;
}

bool turn(EVP_CIPHER_CTX* c, std::span<const uint8_t> from, uint8_t* into) {
  int done = 0;
  return from.empty() || EVP_CipherUpdate(c, into, &done, from.data(), static_cast<int>(from.size())) == 1;
}

bool end(EVP_CIPHER_CTX* c) {
  uint8_t nothing[tag_size];
  int done = 0;
  return EVP_CipherFinal_ex(c, nothing, &done) == 1;
}

}  // namespace

void cipher_free::operator()(evp_cipher_ctx_st* c) const { EVP_CIPHER_CTX_free(c); }

std::optional<sealer> sealer::make(const connection_id& id, const direction_keys& keys, uint32_t first) {
  cipher by = keyed(keys, true);
  if (!by) return std::nullopt;
  return sealer(id, keys, std::move(by), first);
}

size_t sealer::seal(std::span<const uint8_t> content, std::span<uint8_t, size_max> into) {
  if (content.size() > content_max || next_ > UINT32_MAX) return 0;
  const openssl::clean_errors guard;
  const head h{id_, static_cast<uint32_t>(next_)};
  write_head(h, into.first<head_size>());
  ++next_;  // Whatever comes of it: a number never serves twice.
  uint8_t* const sealed = into.data() + head_size;
  EVP_CIPHER_CTX* const c = cipher_.get();
  const bool done = begin(c, keys_.nonce(h.number), into.first<head_size>()) && turn(c, content, sealed) && end(c) &&
                    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_size, sealed + content.size()) == 1;
  return done ? head_size + content.size() + tag_size : 0;
}

std::optional<opener> opener::make(const connection_id& id, const direction_keys& keys) {
  cipher by = keyed(keys, false);
  if (!by) return std::nullopt;
  return opener(id, keys, std::move(by));
}

std::optional<opener::opened> opener::open(std::span<const uint8_t> datagram, std::span<uint8_t, size_max> room) {
  const auto h = read_head(datagram);
  if (!h || h->id != id_) return ++dropped_.foreign, std::nullopt;
  if (!seen_.is_new(h->number)) return ++dropped_.repeated, std::nullopt;
  const openssl::clean_errors guard;
  const auto sealed = datagram.subspan(head_size, datagram.size() - head_size - tag_size);
  std::array<uint8_t, tag_size> tag;
  std::copy(datagram.end() - tag_size, datagram.end(), tag.begin());
  EVP_CIPHER_CTX* const c = cipher_.get();
  const bool genuine = begin(c, keys_.nonce(h->number), datagram.first(head_size)) && turn(c, sealed, room.data()) &&
                       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1 && end(c);
  if (!genuine) {
    std::fill(room.begin(), room.end(), uint8_t{0});
    return ++dropped_.forged, std::nullopt;
  }
  seen_.take(h->number);
  return opened{h->number, room.first(sealed.size())};
}

}  // namespace tharsis::datagram
