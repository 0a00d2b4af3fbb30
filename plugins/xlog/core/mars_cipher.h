// How Mars seals: a key agreed upon by ECDH on secp256k1, then TEA of sixteen cycles over each eight bytes by themselves.
// It hides from those who glance; equal pieces look equal, and nothing proves that bytes are what was written. It is here for
// the sake of Mars' decoders: format xlog seals properly.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "plugins/xlog/core/cipher.h"
#include "plugins/xlog/core/mars_settings.h"

namespace tharsis::xlog {

struct mars_key_pair {
  secret mine;
  mars_point open{};
};

// Nothing: the library has no secp256k1, or `mine` is no scalar of it.
std::optional<mars_point> mars_public(const secret& mine);
// The X of the product; nothing: `theirs` is no point of the curve.
std::optional<secret> mars_agree(const secret& mine, const mars_point& theirs);
result<mars_key_pair> make_mars_keys(const tharsis_random& random);

// 128 hexadecimal digits. `what` names the text in errors: "xlog.encrypt.mars_public_key".
result<mars_point> parse_mars_public_key(std::string_view text, std::string_view what);
// 64 hexadecimal digits with blanks around; nothing: the text looks like something else.
std::optional<secret> parse_mars_private_key(std::string_view text);

// Its key is the beginning of what was agreed upon. Whole units of eight bytes; what is left stays in the clear.
class tea {
 public:
  explicit tea(const secret& agreed);
  ~tea();
  tea(const tea&) = default;
  tea& operator=(const tea&) = default;

  void seal(std::span<uint8_t> data) const;
  void open(std::span<uint8_t> data) const;

 private:
  std::array<uint32_t, 4> key_{};
};

}  // namespace tharsis::xlog
