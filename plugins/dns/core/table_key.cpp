#include "plugins/dns/core/table_key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "sdk/pure/hex_text.h"
#include "sdk/pure/sha256.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view public_key_mark = "tharsis dns public key 1";
constexpr std::string_view private_key_mark = "tharsis dns private key 1";
constexpr size_t key_id_digits = 16;
constexpr size_t key_digits = 64;

struct free_key {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using key_object = std::unique_ptr<EVP_PKEY, free_key>;
using signing_context = std::unique_ptr<EVP_MD_CTX, free_key>;

// What failed here is told by our answers; the thread's error queue belongs to whoever uses TLS on it.
struct key_error_mark {
  key_error_mark() { ERR_set_mark(); }
  ~key_error_mark() { ERR_pop_to_mark(); }
  key_error_mark(const key_error_mark&) = delete;
};

// One more than there are, so that a superfluous one is seen.
std::vector<std::string_view> key_words(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string_view> words;
  while (words.size() < 8) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) break;
    words.push_back(text.substr(0, text.find_first_of(blanks)));
    text.remove_prefix(words.back().size());
  }
  return words;
}

error no_key(const std::string& what, std::string_view problem) { return {THARSIS_E_INVALID, what + " " + std::string(problem)}; }

error wrong_key_mark(std::string_view mark, bool secret, const std::string& what) {
  const std::string_view own = secret ? private_key_mark : public_key_mark;
  if (mark.empty()) return no_key(what, "is empty; `tharsis dns keygen FILE` makes a pair of keys");
  if (mark == (secret ? public_key_mark : private_key_mark))
    return no_key(what, secret ? "is a public key; signing needs the private one, the file beside it without .pub"
                               : "is a private key where a public one belongs: name its .pub file, and keep the private one away from clients");
  if (own.starts_with(mark)) return no_key(what, "was cut in its first line; copy it again");
  if (mark.starts_with(own.substr(0, own.size() - 1))) return no_key(what, "is a key of another version; this program reads version 1");
  return no_key(what, "is no key of dns: it does not begin with \"" + std::string(own) + "\"");
}

// The digits of a key, and the id that they should have.
error read_key(std::string_view text, bool secret, const std::string& what, std::array<uint8_t, 32>& into, std::string& id) {
  if (text.size() > key_text_max) return no_key(what, "is longer than any key; is it the right file?");
  const auto words = key_words(text);
  std::string mark;
  for (size_t i = 0; i < std::min<size_t>(words.size(), 5); ++i) mark += (i > 0 ? " " : "") + std::string(words[i].substr(0, key_digits));
  if (mark != (secret ? private_key_mark : public_key_mark)) return wrong_key_mark(mark, secret, what);
  if (words.size() > 7) return no_key(what, "has more behind the key; one text holds one key");
  if (words.size() < 7 || words[5].size() != key_id_digits || words[6].size() != key_digits)
    return no_key(what, "was cut or damaged: a key has an id of 16 digits and 64 digits of its own; copy it again");
  if (!read_hex(words[6], into)) return no_key(what, "is damaged: it holds what is no hexadecimal digit");
  id = words[5];
  return fine();
}

error no_such_curve() { return {THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no Ed25519"}; }

}  // namespace

std::string table_key::id() const {
  sha256_sum sum;
  sum.add(point.data(), point.size());
  return sum.hex().substr(0, key_id_digits);
}

bool table_key::verifies(std::span<const uint8_t> message, const table_signature& by) const {
  const key_error_mark mark;
  const key_object key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()));
  const signing_context context(EVP_MD_CTX_new());
  return key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), by.data(), by.size(), message.data(), message.size()) == 1;
}

std::optional<table_signer> table_signer::from_seed(std::span<const uint8_t, 32> seed) {
  const key_error_mark mark;
  const key_object key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  table_signer made;
  size_t size = made.open_.point.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), made.open_.point.data(), &size) != 1) return std::nullopt;
  std::copy(seed.begin(), seed.end(), made.seed_.begin());
  return made;
}

std::optional<table_signer> table_signer::make(const tharsis_random& random) {
  std::array<uint8_t, 32> seed{};
  random.fill(random.self, seed.data(), seed.size());
  auto made = from_seed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return made;
}

table_signer::~table_signer() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

std::optional<table_signature> table_signer::sign(std::span<const uint8_t> message) const {
  const key_error_mark mark;
  const key_object key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.data(), seed_.size()));
  const signing_context context(EVP_MD_CTX_new());
  table_signature by{};
  size_t size = by.size();
  if (!key || !context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), by.data(), &size, message.data(), message.size()) != 1)
    return std::nullopt;
  return by;
}

std::string table_signer::text() const {
  std::string text;
  text.reserve(private_key_mark.size() + key_id_digits + key_digits + 3);  // Growing would leave copies behind.
  text.append(private_key_mark).append("\n").append(open_.id()).append("\n");
  append_hex(text, seed_);
  return text += '\n';
}

bool is_table_key_text(std::string_view text) {
  const auto words = key_words(text);
  return words.size() >= 2 && words[0] == "tharsis" && words[1] == "dns";
}

result<table_key> parse_table_key(std::string_view text, const std::string& what) {
  table_key key;
  std::string id;
  if (const error wrong = read_key(text, false, what, key.point, id); wrong.status != THARSIS_OK) return wrong;
  if (key.id() != id) return no_key(what, "is damaged: its digits do not belong to its id " + id + "; copy it again");
  return key;
}

result<table_signer> parse_table_signer(std::string_view text, const std::string& what) {
  std::array<uint8_t, 32> seed{};
  std::string id;
  if (const error wrong = read_key(text, true, what, seed, id); wrong.status != THARSIS_OK) return wrong;
  auto signer = table_signer::from_seed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  if (!signer) return no_such_curve();
  if (signer->open().id() != id) return no_key(what, "is damaged: its digits do not belong to its id " + id + "; copy it again");
  return *signer;
}

std::string table_key_text(const table_key& key) { return std::string(public_key_mark) + "\n" + key.id() + "\n" + hex_text(key.point) + "\n"; }

void wipe_text(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

}  // namespace tharsis::dns
