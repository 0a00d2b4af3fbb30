#include "sdk/async/tls_sentences.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdio>

#include "sdk/async/certificates.h"
#include "sdk/async/openssl.h"

namespace tharsis::tls {
namespace {

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) return "no name at all";
  std::string text;
  for (size_t i = 0; i < names.size() && i < 4; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 4 ? text + " and " + std::to_string(names.size() - 4) + " more" : text;
}

std::string clock_here(X509_STORE_CTX* store) {
  return utc_text(X509_VERIFY_PARAM_get_time(X509_STORE_CTX_get0_param(store)));
}

}  // namespace

std::string why_untrusted(X509_STORE_CTX* store, const std::string& peer, const std::string& ca_name) {
  const int why = X509_STORE_CTX_get_error(store);
  const X509* const about = X509_STORE_CTX_get_current_cert(store);
  std::string the = "the certificate of " + peer;
  if (about == nullptr) return the + " could not be verified: " + X509_verify_cert_error_string(why);
  const std::string subject = "'" + openssl::name_text(X509_get_subject_name(about)) + "'";
  const std::string issuer = "'" + openssl::name_text(X509_get_issuer_name(about)) + "'";
  const std::string whose = the;
  if (X509_STORE_CTX_get_error_depth(store) > 0) the += ": its issuer " + subject;
  switch (why) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return the + " is not valid before " + utc_text(openssl::seconds_of(X509_get0_notBefore(about))) +
             ", and the clock here says " + clock_here(store) + "; if the clock is right, the certificate must be replaced";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return the + " expired on " + utc_text(openssl::seconds_of(X509_get0_notAfter(about))) +
             ", and the clock here says " + clock_here(store) + "; renew it on the server, or correct this clock";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return whose + " was issued by " + issuer + ", which is not trusted; trust it with " + ca_name + " if it is yours";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return whose + " was issued by " + subject + ", which is not trusted; trust it with " + ca_name + " if it is yours";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return the + " is signed by nobody but itself (" + subject + ") and is not trusted; trust it with " + ca_name + " if it is yours";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return the + " is for " + listed(openssl::names_of(about)) + ", not " + peer +
             "; connect by a name it is for, or issue it for this one";
    case X509_V_ERR_INVALID_PURPOSE:
      return the + " is not meant for this use; a server's needs the extended key usage serverAuth";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return the + " carries a signature that is not of " + issuer +
             " as it is trusted here; was the authority made anew? Then renew " + ca_name;
    default:
      return the + " does not verify: " + X509_verify_cert_error_string(why) + " (" + subject + ")";
  }
}

error from_alert(int number, const std::string& peer, bool in_handshake) {
  const std::string alert = std::string("alert \"") + SSL_alert_desc_string_long(number) + "\"";
  const error given_up{THARSIS_E_RESET, peer + (in_handshake ? " gave up the TLS handshake with the " : " ended TLS with the ") +
                                            alert + "; its own log knows more"};
  switch (number) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
      return {THARSIS_E_UNTRUSTED, peer + " does not accept our certificate (" + alert + "); it must trust our authority"};
    default:
      break;
  }
  if (!in_handshake) return given_up;
  switch (number) {
    case SSL_AD_PROTOCOL_VERSION:
      return {THARSIS_E_PROTOCOL, peer + " does not speak TLS 1.3, which is needed (" + alert + ")"};
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
      return {THARSIS_E_PROTOCOL, peer + " found nothing that both sides speak, or has no certificate (" + alert +
                                      "); its own log knows more"};
    case SSL_AD_UNRECOGNIZED_NAME:
      return {THARSIS_E_PROTOCOL, peer + " serves no host of that name (" + alert + ")"};
    default:
      return given_up;
  }
}

std::string printable(std::span<const uint8_t> bytes, size_t most) {
  std::string text;
  for (const uint8_t b : bytes.first(std::min(bytes.size(), most))) {
    char escaped[8];
    if (b >= ' ' && b <= '~') {
      text += static_cast<char>(b);
    } else {
      std::snprintf(escaped, sizeof escaped, b == '\r' ? "\\r" : b == '\n' ? "\\n" : "\\x%02x", b);
      text += escaped;
    }
  }
  return bytes.size() > most ? text + "..." : text;
}

}  // namespace tharsis::tls
