#include "plugins/stn/core/outbox_seal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>
#include <string>

#include "sdk/pure/hex_text.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view key_purpose = "tharsis.stn outbox key 1";
constexpr std::string_view check_purpose = "tharsis.stn outbox check 1";

struct free_cipher {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using cipher_object = std::unique_ptr<EVP_CIPHER_CTX, free_cipher>;
using gcm_nonce = std::array<uint8_t, 12>;

// What failed here is told by our answers; the thread's error queue belongs to whoever uses TLS on it.
struct seal_errors {
  seal_errors() { ERR_set_mark(); }
  ~seal_errors() { ERR_pop_to_mark(); }
  seal_errors(const seal_errors&) = delete;
};

gcm_nonce nonce_of_record(uint64_t number) {
  gcm_nonce n{};
  for (size_t i = 0; i < 8; ++i) n[i] = static_cast<uint8_t>(number >> (8 * i));
  return n;
}

std::array<uint8_t, 32> drawn(std::span<const uint8_t> key, std::string_view purpose, const outbox_salt& salt) {
  std::string said(purpose);
  said.append(salt.begin(), salt.end());
  std::array<uint8_t, 32> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const uint8_t*>(said.data()), said.size(), out.data(), &size);
  return out;
}

int as_int(size_t n) { return static_cast<int>(n); }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

result<outbox_key> outbox_key::parse(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  outbox_key key;
  if (read_hex(text, key.bytes_)) return key;
  return error{THARSIS_E_INVALID, "a key is 64 hexadecimal digits, as `openssl rand -hex 32` makes them"};
}

outbox_key::~outbox_key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

outbox_seal::outbox_seal(const outbox_key& key, const outbox_salt& salt) : key_(drawn(key.bytes(), key_purpose, salt)) {
  const auto check = drawn(key.bytes(), check_purpose, salt);
  std::copy_n(check.begin(), check_.size(), check_.begin());
}

outbox_seal::~outbox_seal() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::vector<uint8_t> outbox_seal::seal(uint64_t number, std::span<const uint8_t> head, std::span<const uint8_t> open) const {
  const seal_errors mark;
  const cipher_object c(EVP_CIPHER_CTX_new());
  const gcm_nonce once = nonce_of_record(number);
  std::vector<uint8_t> out(open.size() + tag_size);
  int written = 0;
  const bool done = c && EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, key_.data(), once.data()) == 1 &&
                    EVP_EncryptUpdate(c.get(), nullptr, &written, head.data(), as_int(head.size())) == 1 &&
                    EVP_EncryptUpdate(c.get(), out.data(), &written, open.data(), as_int(open.size())) == 1 &&
                    EVP_EncryptFinal_ex(c.get(), out.data() + open.size(), &written) == 1 &&
                    EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, as_int(tag_size), out.data() + open.size()) == 1;
  if (!done) out.clear();
  return out;
}

std::optional<std::vector<uint8_t>> outbox_seal::open(uint64_t number, std::span<const uint8_t> head,
                                                      std::span<const uint8_t> sealed) const {
  if (sealed.size() < tag_size) return std::nullopt;
  const seal_errors mark;
  const cipher_object c(EVP_CIPHER_CTX_new());
  const gcm_nonce once = nonce_of_record(number);
  const size_t size = sealed.size() - tag_size;
  std::vector<uint8_t> tag(sealed.begin() + static_cast<std::ptrdiff_t>(size), sealed.end());
  std::vector<uint8_t> out(size);
  int written = 0;
  const bool done = c && EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, key_.data(), once.data()) == 1 &&
                    EVP_DecryptUpdate(c.get(), nullptr, &written, head.data(), as_int(head.size())) == 1 &&
                    EVP_DecryptUpdate(c.get(), out.data(), &written, sealed.data(), as_int(size)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, as_int(tag_size), tag.data()) == 1 &&
                    EVP_DecryptFinal_ex(c.get(), out.data() + size, &written) == 1;
  if (!done) return std::nullopt;
  return out;
}

}  // namespace tharsis::stn
