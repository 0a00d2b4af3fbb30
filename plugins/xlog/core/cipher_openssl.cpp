#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "plugins/xlog/core/cipher.h"

namespace tharsis::xlog {
namespace {

constexpr size_t step_max = size_t{1} << 30;  // The library counts in int.

EVP_CIPHER_CTX* of(const cipher_context& context) { return static_cast<EVP_CIPHER_CTX*>(context.get()); }

struct free_object {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using key_object = std::unique_ptr<EVP_PKEY, free_object>;
using digest_context = std::unique_ptr<EVP_MD_CTX, free_object>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, free_object>;

// What failed here is told by our answers; the thread's error queue belongs to whoever uses TLS on it.
struct error_mark {
  error_mark() { ERR_set_mark(); }
  ~error_mark() { ERR_pop_to_mark(); }
  error_mark(const error_mark&) = delete;
};

// Looked up once. Freed with the library, which keeps it.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

result<cipher_context> context_for(const EVP_CIPHER* cipher, std::string_view name) {
  const error_mark mark;
  cipher_context context(EVP_CIPHER_CTX_new());
  if (context && EVP_EncryptInit_ex(of(context), cipher, nullptr, nullptr, nullptr) == 1) return context;
  return error{THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no " + std::string(name)};
}

bool update(EVP_CIPHER_CTX* context, std::span<uint8_t> data) {
  for (size_t done = 0; done < data.size();) {
    const size_t step = std::min(data.size() - done, step_max);
    int written = 0;
    if (EVP_CipherUpdate(context, data.data() + done, &written, data.data() + done, static_cast<int>(step)) != 1) return false;
    done += step;
  }
  return true;
}

bool authenticate(EVP_CIPHER_CTX* context, byte_view associated) {
  int written = 0;
  return associated.empty() || (associated.size() <= step_max &&
                                EVP_CipherUpdate(context, nullptr, &written, associated.data(),
                                                 static_cast<int>(associated.size())) == 1);
}

bool start(EVP_CIPHER_CTX* context, const secret& key, const nonce& once, byte_view associated, bool encrypt) {
  return EVP_CipherInit_ex(context, nullptr, nullptr, key.open().data(), once.data(), encrypt ? 1 : 0) == 1 &&
         authenticate(context, associated);
}

bool finish(EVP_CIPHER_CTX* context) {
  uint8_t nothing[tag_size];
  int written = 0;
  return EVP_CipherFinal_ex(context, nothing, &written) == 1;
}

}  // namespace

void wipe(std::span<uint8_t> what) { OPENSSL_cleanse(what.data(), what.size()); }

cipher_suite fastest_suite() {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") ? cipher_suite::aes : cipher_suite::chacha;
#elif defined(__ARM_FEATURE_AES) || defined(__ARM_FEATURE_CRYPTO)
  return cipher_suite::aes;
#else
  return cipher_suite::chacha;
#endif
}

// A hash fails only for want of memory, which ends the process everywhere else too.
key_bytes sha256(byte_view data) {
  key_bytes digest;
  if (EVP_Digest(data.data(), data.size(), digest.data(), nullptr, sha256_method(), nullptr) != 1) std::abort();
  return digest;
}

// RFC 2104. The library's own looks its parts up by name each time, which costs more than the hashing.
secret hmac_sha256(byte_view key, byte_view data) {
  std::array<uint8_t, 64> padded{};
  if (key.size() > padded.size()) {
    const key_bytes shorter = sha256(key);
    std::copy(shorter.begin(), shorter.end(), padded.begin());
  } else {
    std::copy(key.begin(), key.end(), padded.begin());
  }
  const digest_context context(EVP_MD_CTX_new());
  const auto hash = [&](uint8_t pad, byte_view rest, secret& into) {
    std::array<uint8_t, 64> first = padded;
    for (uint8_t& b : first) b = static_cast<uint8_t>(b ^ pad);
    const bool hashed = EVP_DigestInit_ex(context.get(), sha256_method(), nullptr) == 1 &&
                        EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
                        EVP_DigestUpdate(context.get(), rest.data(), rest.size()) == 1 &&
                        EVP_DigestFinal_ex(context.get(), into.open().data(), nullptr) == 1;
    wipe(first);
    if (!hashed) std::abort();
  };
  secret inner, outer;
  hash(0x36, data, inner);
  hash(0x5c, inner.open(), outer);
  wipe(padded);
  return outer;
}

secret hkdf_sha256(byte_view salt, byte_view key, byte_view info) {
  const secret extracted = hmac_sha256(salt, key);
  std::vector<uint8_t> first(info.begin(), info.end());
  first.push_back(1);
  return hmac_sha256(extracted.open(), first);
}

std::optional<key_bytes> x25519_public(const secret& mine) {
  const error_mark mark;
  const key_object key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, mine.open().data(), key_size));
  key_bytes out;
  size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1 || size != out.size()) return std::nullopt;
  return out;
}

std::optional<secret> x25519(const secret& mine, const key_bytes& theirs) {
  const error_mark mark;
  const key_object own(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, mine.open().data(), key_size));
  const key_object other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, theirs.data(), theirs.size()));
  const key_context context(own ? EVP_PKEY_CTX_new(own.get(), nullptr) : nullptr);
  secret shared;
  size_t size = key_size;
  if (!other || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.open().data(), &size) != 1 || size != key_size)
    return std::nullopt;
  uint8_t any = 0;
  for (const uint8_t b : shared.open()) any = static_cast<uint8_t>(any | b);
  if (any == 0) return std::nullopt;
  return shared;
}

void cipher_context_free::operator()(void* context) const { EVP_CIPHER_CTX_free(static_cast<EVP_CIPHER_CTX*>(context)); }

result<aead> aead::make(cipher_suite suite) {
  auto context = context_for(suite == cipher_suite::aes ? EVP_aes_256_gcm() : EVP_chacha20_poly1305(), suite_name(suite));
  if (!context) return context.failure();
  return aead(std::move(*context));
}

bool aead::seal(const secret& key, const nonce& once, byte_view associated, std::span<uint8_t> data,
                std::span<uint8_t, tag_size> tag) {
  const error_mark mark;
  EVP_CIPHER_CTX* const c = of(context_);
  return c != nullptr && start(c, key, once, associated, true) && update(c, data) && finish(c) &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) == 1;
}

bool aead::open(const secret& key, const nonce& once, byte_view associated, std::span<uint8_t> data,
                std::span<const uint8_t, tag_size> tag) {
  const error_mark mark;
  EVP_CIPHER_CTX* const c = of(context_);
  std::array<uint8_t, tag_size> expected;
  std::copy(tag.begin(), tag.end(), expected.begin());
  const bool genuine = c != nullptr && start(c, key, once, associated, false) && update(c, data) &&
                       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, tag_size, expected.data()) == 1 && finish(c);
  if (!genuine) std::fill(data.begin(), data.end(), uint8_t{0});
  return genuine;
}

// Another key in its place: making the context anew would cost more.
void aead::forget_key() {
  const error_mark mark;
  if (!start(of(context_), secret(), {}, {}, true)) context_.reset();
}

result<stream_cipher> stream_cipher::make(cipher_suite suite, const secret& key) {
  const bool is_aes = suite == cipher_suite::aes;
  const std::string_view name = is_aes ? "AES-256-CTR" : "ChaCha20";
  auto context = context_for(is_aes ? EVP_aes_256_ctr() : EVP_chacha20(), name);
  if (!context) return context.failure();
  if (EVP_EncryptInit_ex(of(*context), nullptr, nullptr, key.open().data(), nullptr) != 1)
    return error{THARSIS_E_UNSUPPORTED, "OpenSSL refuses a key for " + std::string(name)};
  return stream_cipher(suite, std::move(*context));
}

result<stream_cipher> stream_cipher::copy() const {
  const error_mark mark;
  cipher_context context(EVP_CIPHER_CTX_new());
  if (!context || EVP_CIPHER_CTX_copy(of(context), of(context_)) != 1) return error{THARSIS_E_UNSUPPORTED, "OpenSSL cannot copy a cipher"};
  return stream_cipher(suite_, std::move(context));
}

// The counter is the number of the cipher's block: big-endian at the end of AES' 16 bytes, little-endian in
// the first 8 of ChaCha20's (the library carries from the lower 32 bits into the upper).
bool stream_cipher::apply(uint64_t position, std::span<uint8_t> data) {
  const error_mark mark;
  const bool is_aes = suite_ == cipher_suite::aes;
  const uint64_t block = is_aes ? 16 : 64;
  std::array<uint8_t, 16> counter{};
  for (size_t i = 0; i < 8; ++i) counter[is_aes ? 15 - i : i] = static_cast<uint8_t>(position / block >> (8 * i));
  if (EVP_EncryptInit_ex(of(context_), nullptr, nullptr, nullptr, counter.data()) != 1) return false;
  std::array<uint8_t, 64> before{};  // Of the first block, where the position is inside it.
  return update(of(context_), std::span(before).first(position % block)) && update(of(context_), data);
}

}  // namespace tharsis::xlog
