#include "plugins/xlog/core/mars_cipher.h"

#include <algorithm>
#include <string>

#include "sdk/pure/hex_text.h"

namespace tharsis::xlog {
namespace {

constexpr uint32_t tea_delta = 0x9E3779B9;
constexpr uint32_t tea_cycles = 16;
constexpr size_t tea_unit = 8;
constexpr std::string_view blanks = " \t\r\n";
// Random scalars that are none of the curve: one of 2^127.
constexpr int scalar_tries = 8;

uint32_t load_u32(const uint8_t* at) {
  return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}
void store_u32(uint8_t* at, uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

// Where the first character stands that is no digit; hex.size(): nowhere.
size_t misread_at(std::string_view hex, std::span<uint8_t> into) {
  for (size_t i = 0; i < hex.size(); ++i) {
    const int value = hex_digit(hex[i]);
    if (value < 0) return i;
    into[i / 2] = static_cast<uint8_t>(into[i / 2] << 4 | value);
  }
  return hex.size();
}

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

result<mars_key_pair> make_mars_keys(const tharsis_random& random) {
  for (int i = 0; i < scalar_tries; ++i) {
    mars_key_pair keys{secret(random), {}};
    const auto open = mars_public(keys.mine);
    if (!open) continue;
    keys.open = *open;
    return keys;
  }
  return error{THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no secp256k1, which Mars' encryption needs"};
}

result<mars_point> parse_mars_public_key(std::string_view text, std::string_view what) {
  const auto wrong = [&](const std::string& problem) { return error{THARSIS_E_INVALID, std::string(what) + " " + problem}; };
  text = without_blanks(text);
  mars_point point{};
  if (text.size() != 2 * point.size())
    return wrong("has " + std::to_string(text.size()) + " characters; a public key of Mars has 128 hexadecimal digits, X and then Y" +
                 (text.size() == 64 ? ": is it the private one?" : ""));
  if (const size_t at = misread_at(text, point); at < text.size())
    return wrong("is no key: its character " + std::to_string(at + 1) + " is no hexadecimal digit");
  secret one;
  one.open().back() = 1;
  if (!mars_public(one)) return error{THARSIS_E_UNSUPPORTED, "the OpenSSL of this machine offers no secp256k1, which Mars' encryption needs"};
  if (!mars_agree(one, point)) return wrong("is no key: its digits are no point of the curve secp256k1; copy it again");
  return point;
}

std::optional<secret> parse_mars_private_key(std::string_view text) {
  text = without_blanks(text);
  secret key;
  if (text.size() != 2 * key_size || misread_at(text, key.open()) < text.size()) return {};
  return key;
}

tea::tea(const secret& agreed) {
  for (size_t i = 0; i < key_.size(); ++i) key_[i] = load_u32(agreed.open().data() + 4 * i);
}

tea::~tea() { wipe({reinterpret_cast<uint8_t*>(key_.data()), sizeof key_}); }

void tea::seal(std::span<uint8_t> data) const {
  for (size_t at = 0; at + tea_unit <= data.size(); at += tea_unit) {
    uint32_t a = load_u32(&data[at]), b = load_u32(&data[at + 4]), sum = 0;
    for (uint32_t i = 0; i < tea_cycles; ++i) {
      sum += tea_delta;
      a += ((b << 4) + key_[0]) ^ (b + sum) ^ ((b >> 5) + key_[1]);
      b += ((a << 4) + key_[2]) ^ (a + sum) ^ ((a >> 5) + key_[3]);
    }
    store_u32(&data[at], a);
    store_u32(&data[at + 4], b);
  }
}

void tea::open(std::span<uint8_t> data) const {
  for (size_t at = 0; at + tea_unit <= data.size(); at += tea_unit) {
    uint32_t a = load_u32(&data[at]), b = load_u32(&data[at + 4]), sum = tea_delta * tea_cycles;
    for (uint32_t i = 0; i < tea_cycles; ++i) {
      b -= ((a << 4) + key_[2]) ^ (a + sum) ^ ((a >> 5) + key_[3]);
      a -= ((b << 4) + key_[0]) ^ (b + sum) ^ ((b >> 5) + key_[1]);
      sum -= tea_delta;
    }
    store_u32(&data[at], a);
    store_u32(&data[at + 4], b);
  }
}

}  // namespace tharsis::xlog
