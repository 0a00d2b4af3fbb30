// What stn says of a link that does not come up, as one word: what only stn can have met, having its own pins, authorities, codec and
// hello. Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "sdk/abi/stn_links.h"

namespace tharsis::sdt {

// "pin", "expired", "wrong_name", "authority", "hello", "sign_in", "own_certificates", "forbidden", "codec", "no_sign_in", "nonsense",
// "tls"; empty: nothing of the kind, and probes meet it as well. `why`: THARSIS_STN_WHY_*; `reason`: stn's sentence, the certificate's
// part of which is sdk/async's.
constexpr std::string_view link_trouble(uint32_t why, std::string_view reason) {
  // From the first name in quotes on it is what whoever made the certificate has written.
  const std::string_view own = reason.substr(0, std::min(reason.find(" '"), reason.find("('")));
  const auto says = [own](std::string_view words) { return own.find(words) != std::string_view::npos; };
  switch (why) {
    case THARSIS_STN_WHY_TLS_CERTIFICATE:
      if (says(" is pinned (tls.pins)")) return "pin";
      if (says(" expired on ") || says(" is not valid before ")) return "expired";
      return says("; connect by a name it is for") ? "wrong_name" : "authority";
    case THARSIS_STN_WHY_TLS: return "tls";
    case THARSIS_STN_WHY_HELLO_REFUSED: return "hello";
    case THARSIS_STN_WHY_AUTH_REFUSED: return "sign_in";
    case THARSIS_STN_WHY_TRUST: return "own_certificates";
    case THARSIS_STN_WHY_DENIED: return "forbidden";
    case THARSIS_STN_WHY_CODEC: return "codec";
    case THARSIS_STN_WHY_AUTH_MISSING: return "no_sign_in";
    case THARSIS_STN_WHY_DECODE: return "nonsense";
    default: return "";
  }
}

}  // namespace tharsis::sdt
