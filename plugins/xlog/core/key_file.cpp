#include "plugins/xlog/core/key_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "plugins/xlog/core/mars_cipher.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr std::string_view public_mark = "tharsis xlog public key 1";
constexpr std::string_view private_mark = "tharsis xlog private key 1";
constexpr std::string_view blanks = " \t\r\n";
constexpr size_t id_digits = 2 * sizeof(key_id);
constexpr size_t key_digits = 2 * key_size;

// One too many, so that a superfluous one is seen.
using word_list = std::array<std::string_view, 8>;

struct split_text {
  word_list word;
  size_t count = 0;
};

split_text split_words(std::string_view text) {
  split_text s;
  while (s.count < s.word.size()) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) break;
    const size_t end = std::min(text.find_first_of(blanks), text.size());
    s.word[s.count++] = text.substr(0, end);
    text.remove_prefix(end);
  }
  return s;
}

error wrong_key(std::string_view what, const std::string& problem) {
  return {THARSIS_E_INVALID, std::string(what) + " " + problem};
}

// The first line: which kind of key the text is, if it is one.
std::optional<error> wrong_mark(const split_text& s, std::string_view kind, std::string_view what) {
  if (s.count == 0) return wrong_key(what, "is empty; `tharsis xlog keygen FILE` makes a pair of keys");
  std::string mark;
  for (size_t i = 0; i < std::min<size_t>(s.count, 5); ++i) {
    if (i > 0) mark += ' ';
    mark += s.word[i].substr(0, private_mark.size());
  }
  const std::string_view own = kind == "public" ? public_mark : private_mark;
  const std::string_view other = kind == "public" ? private_mark : public_mark;
  if (mark == own) return std::nullopt;
  if (mark == other)
    return wrong_key(what, kind == "public"
                           ? "is a private key where a public one belongs: name its .pub file, and keep the private one "
                             "away from where logs are written"
                           : "is a public key; reading needs the private one, the file beside it without .pub");
  if (own.starts_with(mark)) return wrong_key(what, "was cut in its first line, \"" + std::string(own) + "\"; copy it again");
  if (mark.starts_with("tharsis xlog " + std::string(kind) + " key"))
    return wrong_key(what, "is a key of another version; this program reads version 1");
  return wrong_key(what, "is no key of xlog: it does not begin with \"" + std::string(own) + "\"");
}

struct written_key {
  key_id id;
  secret key;
};

result<written_key> read_digits(std::string_view text, std::string_view kind, std::string_view what) {
  if (text.size() > key_text_max) return wrong_key(what, "is longer than any key; is it the right file?");
  const split_text s = split_words(text);
  if (const auto failure = wrong_mark(s, kind, what)) return *failure;
  const auto cut = [&](const char* part, size_t has, size_t needs) {
    return wrong_key(what, std::string(has < needs ? "was cut: " : "is damaged: ") + part + " has " + std::to_string(has) +
                           " of " + std::to_string(needs) + " digits; copy it again");
  };
  if (s.count < 6 || s.word[5].size() != id_digits) return cut("the key's id", s.count < 6 ? 0 : s.word[5].size(), id_digits);
  if (s.count < 7 || s.word[6].size() != key_digits) return cut("the key", s.count < 7 ? 0 : s.word[6].size(), key_digits);
  if (s.count > 7) return wrong_key(what, "has more behind the key; one text holds one key");
  written_key d;
  if (!read_hex(s.word[5], d.id)) return wrong_key(what, "is damaged: its id holds what is no hexadecimal digit");
  if (!read_hex(s.word[6], d.key.open())) return wrong_key(what, "is damaged: the key holds what is no hexadecimal digit");
  return d;
}

// X25519 looks past these bits. Keys have them set, so that a key has one form and every lost digit shows.
void clamp(std::span<uint8_t, key_size> scalar) {
  scalar[0] = static_cast<uint8_t>(scalar[0] & 0xF8);
  scalar[31] = static_cast<uint8_t>((scalar[31] & 0x7F) | 0x40);
}
bool is_clamped(std::span<const uint8_t, key_size> scalar) { return (scalar[0] & 7) == 0 && (scalar[31] & 0xC0) == 0x40; }

error no_curve() { return {THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no X25519"}; }

error mismatch(std::string_view what, const key_id& id) {
  return wrong_key(what, "is damaged: its digits do not belong to its id " + key_id_text(id) + "; copy it again");
}

}  // namespace

std::string key_id_text(const key_id& id) {
  std::string text;
  append_hex(text, id);
  return text;
}

key_id public_key::id() const {
  const key_bytes digest = sha256(point);
  key_id id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

result<private_key> make_private_key(const tharsis_random& random) {
  private_key key{secret(random), {}};
  clamp(key.scalar.open());
  const auto point = x25519_public(key.scalar);
  if (!point) return no_curve();
  key.open.point = *point;
  return key;
}

bool is_key_text(std::string_view text) {
  const split_text s = split_words(text);
  return s.count >= 2 && s.word[0] == "tharsis" && s.word[1] == "xlog";
}

result<public_key> parse_public_key(std::string_view text, std::string_view what) {
  const auto d = read_digits(text, "public", what);
  if (!d) return d.failure();
  public_key key;
  std::copy(d->key.open().begin(), d->key.open().end(), key.point.begin());
  if (key.id() != d->id) return mismatch(what, d->id);
  // Any scalar takes a point of low order to zero.
  if (!x25519_public(secret(key.point))) return no_curve();
  if (!x25519(secret(key.point), key.point))
    return wrong_key(what, "is a key that anybody could open (a point of low order); make another with `tharsis xlog keygen`");
  return key;
}

result<private_key> parse_private_key(std::string_view text, std::string_view what) {
  if (auto mars = parse_mars_private_key(text)) return private_key{std::move(*mars), {}, true};
  auto d = read_digits(text, "private", what);
  if (!d) return d.failure();
  private_key key{std::move(d->key), {}};
  const auto point = x25519_public(key.scalar);
  if (!point) return no_curve();
  key.open.point = *point;
  if (key.open.id() != d->id || !is_clamped(key.scalar.open())) return mismatch(what, d->id);
  return key;
}

std::string public_key_text(const public_key& key) {
  std::string text = std::string(public_mark) + "\n" + key_id_text(key.id()) + "\n";
  append_hex(text, key.point);
  return text += "\n";
}

std::string private_key_text(const private_key& key) {
  std::string text;
  text.reserve(private_mark.size() + id_digits + key_digits + 3);  // Growing would leave copies behind.
  if (!key.of_mars) text.append(private_mark).append("\n").append(key_id_text(key.open.id())).append("\n");
  append_hex(text, key.scalar.open());
  return text += "\n";
}

}  // namespace tharsis::xlog
