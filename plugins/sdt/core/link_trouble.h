// What stn says of a link that does not come up, or falls silent, as one word: what only stn can have met, having its own pins,
// authorities, codec and hello. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sdk/abi/stn_links.h"
#include "sdk/pure/certificate_reason.h"

namespace tharsis::sdt {

// On a link that says no hello nothing shows whether the server answers but its answers: it is up again as soon as somebody takes
// the connection, and that ends this trouble not.
inline constexpr std::string_view link_silent = "silent";

// "pin", "expired", "wrong_name", "authority", "hello", "sign_in", "own_certificates", "forbidden", "codec", "no_sign_in", "nonsense",
// "tls", "unanswered", "sign_in_unanswered", "silent"; empty: nothing of the kind, and probes meet it as well. `why`:
// THARSIS_STN_WHY_*; `status`: of the same state; `reason`: stn's sentence, the certificate's part of which is sdk/async's.
constexpr std::string_view link_trouble(uint32_t why, tharsis_status status, std::string_view reason) {
  constexpr std::string_view of_certificates[] = {"pin", "expired", "wrong_name", "authority"};  // As certificate_reason has them.
  switch (why) {
    case THARSIS_STN_WHY_TLS_CERTIFICATE: return of_certificates[static_cast<size_t>(certificate_reason_of(reason))];
    case THARSIS_STN_WHY_TLS: return "tls";
    case THARSIS_STN_WHY_HELLO_REFUSED: return "hello";
    case THARSIS_STN_WHY_AUTH_REFUSED: return "sign_in";
    case THARSIS_STN_WHY_TRUST: return "own_certificates";
    case THARSIS_STN_WHY_DENIED: return "forbidden";
    case THARSIS_STN_WHY_CODEC: return "codec";
    case THARSIS_STN_WHY_AUTH_MISSING: return "no_sign_in";
    case THARSIS_STN_WHY_DECODE: return "nonsense";
    // What came right behind the hello was refused: that is an answer.
    case THARSIS_STN_WHY_UNPROVED: return status == THARSIS_E_DENIED ? "hello" : "unanswered";
    case THARSIS_STN_WHY_AUTH_UNANSWERED: return "sign_in_unanswered";
    case THARSIS_STN_WHY_SILENCE:
    case THARSIS_STN_WHY_PONG_MISSED: return link_silent;
    default: return "";
  }
}

}  // namespace tharsis::sdt
