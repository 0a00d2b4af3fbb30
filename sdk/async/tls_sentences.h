// What TLS reports, in sentences for a person: why a certificate is refused, what an alert means.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "sdk/pure/error.h"

struct x509_store_ctx_st;

namespace tharsis::tls {

// Called while the chain is verified, at the first certificate that does not. `ca_name`: see tls_client_settings.
// sdk/pure/certificate_reason.h reads it.
std::string why_untrusted(x509_store_ctx_st* store, const std::string& peer, const std::string& ca_name);

// `number` is the alert's of RFC 8446, section 6.
error from_alert(int number, const std::string& peer, bool in_handshake);

// At most `most` bytes, what cannot be printed as \x00, an end that is left out as "...".
std::string printable(std::span<const uint8_t> bytes, size_t most);

}  // namespace tharsis::tls
