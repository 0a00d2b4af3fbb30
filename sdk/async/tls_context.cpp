// What both ends agree on for every connection, and what each of them trusts or shows.
#include <openssl/ssl.h>

#include "sdk/async/openssl.h"
#include "sdk/async/tls_machine.h"

namespace tharsis {
namespace {

using context = std::shared_ptr<SSL_CTX>;

error unusable(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }
error broken() { return {THARSIS_E_INTERNAL, "OpenSSL could not make a TLS context: " + openssl::reason()}; }

constexpr unsigned char http1_offer[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_http1(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const int got = SSL_select_next_proto(&found, size, http1_offer, sizeof http1_offer, offered, offered_size);
  *chosen = found;
  return got == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// TLS 1.3 without anything that makes two equal connections differ: no tickets, no sessions.
context make_context(const SSL_METHOD* method) {
  context made(SSL_CTX_new(method), [](SSL_CTX* c) { SSL_CTX_free(c); });
  SSL_CTX* const c = made.get();
  if (c == nullptr || SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") != 1 || SSL_CTX_set_num_tickets(c, 0) != 1)
    return nullptr;
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);  // An idle connection keeps no record buffer.
  return made;
}

}  // namespace

result<tls_context> tls_context::client(const tls_client_settings& settings) {
  const openssl::clean_errors guard;
  if (settings.ca_pem.empty() && !settings.system_store)
    return unusable("a TLS client must trust somebody: set " + settings.ca_name + ", or let it use the system's store");
  const context made = make_context(TLS_client_method());
  if (!made) return broken();
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  // What it names is trusted as it is, also a certificate that is no root.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(made.get()), X509_V_FLAG_PARTIAL_CHAIN);
  if (settings.http1 && SSL_CTX_set_alpn_protos(made.get(), http1_offer, sizeof http1_offer) != 0) return broken();
  if (settings.system_store && SSL_CTX_set_default_verify_paths(made.get()) != 1) return broken();
  if (!settings.ca_pem.empty()) {
    const auto trusted = openssl::read_certificates(settings.ca_pem, settings.ca_name);
    if (!trusted) return trusted.failure();
    for (const auto& one : *trusted)
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), one.get()) != 1) return broken();
  }
  return tls_context(made, false, settings.ca_name);
}

result<tls_context> tls_context::server(const tls_server_settings& settings) {
  const openssl::clean_errors guard;
  const context made = make_context(TLS_server_method());
  if (!made) return broken();
  if (settings.http1) SSL_CTX_set_alpn_select_cb(made.get(), choose_http1, nullptr);
  auto chain = openssl::read_certificates(settings.certificate_chain_pem, "the server's certificate");
  if (!chain) return chain.failure();
  const auto key = openssl::read_private_key(settings.private_key_pem, "the server's private key");
  if (!key) return key.failure();
  const std::string name = openssl::name_text(X509_get_subject_name(chain->front().get()));
  if (X509_check_private_key(chain->front().get(), key->get()) != 1)
    return unusable("the server's private key does not belong to its certificate '" + name +
                   "'; the server's own certificate must come first");
  if (SSL_CTX_use_certificate(made.get(), chain->front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(made.get(), key->get()) != 1)
    return unusable("the server's certificate '" + name + "' cannot be used: " + openssl::reason());
  for (size_t i = 1; i < chain->size(); ++i)
    if (SSL_CTX_add1_chain_cert(made.get(), (*chain)[i].get()) != 1) return broken();
  return tls_context(made, true);
}

}  // namespace tharsis
