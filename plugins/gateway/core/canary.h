// The pages by which a client finds out whether what passes on the way is changed. Pure.
#pragma once
#include <string>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/pure/http1.h"

namespace tharsis::gateway {

struct canary_page {
  int status = 404;
  std::string body;
};

// `asked` has the target as it was sent, be it a whole URL; `path` is what of it names the page.
//   /generate_204       204 and nothing
//   /canary/NONCE       canary_mark(key, NONCE), of 8 to 64 hexadecimal digits; 404 where there is no key
//   /canary/echo        the request as it came: its first line, then its fields
//   /canary/whoami      from where it came, "192.0.2.1:50412"
//   /canary/bytes/N     N bytes, up to a million
canary_page canary_answer(const http1::request_head& asked, std::string_view path, const tharsis_address& from, std::string_view key);

}  // namespace tharsis::gateway
