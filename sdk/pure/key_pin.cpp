#include "sdk/pure/key_pin.h"

#include <algorithm>

#include "sdk/pure/base64.h"

namespace tharsis {
namespace {
constexpr std::string_view pin_head = "sha256/";
}

result<key_pin> parse_pin(std::string_view text) {
  const auto bytes = text.starts_with(pin_head) ? base64_bytes(text.substr(pin_head.size())) : std::nullopt;
  key_pin pin{};
  if (!bytes || bytes->size() != pin.size())
    return error{THARSIS_E_INVALID, "'" + std::string(text.substr(0, 80)) +
                                        "' is no pin; write sha256/ and the base64 of the SHA-256 of the public key, as this prints it: openssl x509 -in "
                                        "CERTIFICATE -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"};
  std::copy(bytes->begin(), bytes->end(), pin.begin());
  return pin;
}

std::string pin_text(const key_pin& pin) { return std::string(pin_head) + base64_text(pin); }

}  // namespace tharsis
