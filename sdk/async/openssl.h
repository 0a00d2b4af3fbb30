// What the files that call OpenSSL share: owners for its objects, PEM texts read with good errors,
// its error queue kept empty. Only .cpp files include this.
#pragma once
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::openssl {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using bio = std::unique_ptr<BIO, freed_by<BIO_free>>;
using key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;

// The error queue belongs to the thread and decides what SSL_get_error answers, so nobody's
// leftovers may come in and none of ours may go out.
struct clean_errors {
  clean_errors() { ERR_clear_error(); }
  ~clean_errors() { ERR_clear_error(); }
  clean_errors(const clean_errors&) = delete;
};

// OpenSSL's words for the oldest queued error.
std::string reason();

// All certificates of the text, at least one. `what` names the text in errors: "tls.ca".
result<std::vector<certificate>> read_certificates(std::string_view pem, std::string_view what);
result<key> read_private_key(std::string_view pem, std::string_view what);

// "CN=Tharsis demo authority", as people write it; a long one is cut.
std::string name_text(const X509_NAME* name);
// The names that the certificate is for, without a common name that nobody may rely on. Long ones are cut.
std::vector<std::string> names_of(const X509* subject);
// Seconds since 1970 UTC.
int64_t seconds_of(const ASN1_TIME* time);

}  // namespace tharsis::openssl
