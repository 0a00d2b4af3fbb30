// http and https URLs as text and back, and percent-encoding. Nothing is resolved here.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis {

struct url {
  bool secure = false;  // https
  std::string host;     // A name in lower case, or an IP address; without brackets.
  uint16_t port = 80;
  std::string target = "/";  // Path and query, as they are sent.

  // "https://logs.example.com/in?app=x"; the port only where it is not the scheme's own.
  std::string text() const;
  // "https://logs.example.com": without the target, which may hold what is not for logs.
  std::string origin() const;
  // "logs.example.com", "[::1]:8080": what the field Host says.
  std::string authority() const;
  // "logs.example.com:443", for sentences.
  std::string place() const;
};

// THARSIS_E_INVALID with what is wrong and how it should look. Refused on purpose: user names and passwords
// (they end up in logs), fragments (they are never sent), and bytes that must be percent-encoded. A sentence
// never repeats a query, and nothing of a text that has an '@'.
result<url> parse_url(std::string_view text);

// For one segment of a path, or the name or value of a query: all but letters, digits and "-._~" is encoded.
std::string percent_encode(std::string_view text);
// Back; '+' stays what it is.
//   THARSIS_E_INVALID  a '%' without two hexadecimal digits.
result<std::string> percent_decode(std::string_view text);

}  // namespace tharsis
