#include "plugins/dns/shown_certificate.h"

#include <openssl/ssl.h>

#include "sdk/async/openssl.h"

namespace tharsis::dns {
namespace {

void on_step(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  auto* const end = static_cast<std::optional<int64_t>*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const X509* const shown = SSL_get0_peer_certificate(ssl);
  if (end != nullptr && shown != nullptr) *end = openssl::seconds_of(X509_get0_notAfter(shown));
}

}  // namespace

shown_certificate::shown_certificate(const tls_context& context) : context_(context) {
  SSL_CTX_set_app_data(context_.handle(), &end_);
  SSL_CTX_set_info_callback(context_.handle(), &on_step);
}

shown_certificate::~shown_certificate() {
  SSL_CTX_set_info_callback(context_.handle(), nullptr);
  SSL_CTX_set_app_data(context_.handle(), nullptr);
}

}  // namespace tharsis::dns
