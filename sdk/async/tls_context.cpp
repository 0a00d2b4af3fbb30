// What both ends agree on for every connection, and what each of them trusts or shows.
#include <openssl/ssl.h>

#include <optional>
#include <span>

#include "sdk/async/openssl.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/sha256.h"

namespace tharsis {
namespace {

using context = std::shared_ptr<SSL_CTX>;

error unusable(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }
error broken() { return {THARSIS_E_INTERNAL, "OpenSSL could not make a TLS context: " + openssl::reason()}; }

// The protocols as ALPN lists them, the best first.
constexpr unsigned char offers[] = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr size_t http2_size = 3;
using offer = std::span<const unsigned char>;

offer offer_of(bool http2, bool http1) {
  const offer all = offers;
  if (!http1) return all.first(http2 ? http2_size : 0);
  return http2 ? all : all.subspan(http2_size);
}

template <bool Http2, bool Http1>
int choose(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered, unsigned offered_size, void*) {
  const offer own = offer_of(Http2, Http1);
  unsigned char* found = nullptr;
  const int got = SSL_select_next_proto(&found, size, own.data(), static_cast<unsigned>(own.size()), offered, offered_size);
  *chosen = found;
  return got == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void choose_among(SSL_CTX* c, bool http2, bool http1) {
  if (http2) SSL_CTX_set_alpn_select_cb(c, http1 ? choose<true, true> : choose<true, false>, nullptr);
  else if (http1) SSL_CTX_set_alpn_select_cb(c, choose<false, true>, nullptr);
}

int number_of(tls_version v) { return v == tls_version::v1_2 ? TLS1_2_VERSION : TLS1_3_VERSION; }

// Without anything that makes two equal connections differ: no tickets, no sessions, unless they are wished.
context make_context(const SSL_METHOD* method, tls_version oldest, tls_version newest = tls_version::v1_3) {
  context made(SSL_CTX_new(method), [](SSL_CTX* c) { SSL_CTX_free(c); });
  SSL_CTX* const c = made.get();
  if (c == nullptr || SSL_CTX_set_min_proto_version(c, number_of(oldest)) != 1 ||
      SSL_CTX_set_max_proto_version(c, number_of(newest)) != 1 ||
      SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||  // Of TLS 1.2: what 1.3 would take, too.
      SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") != 1 || SSL_CTX_set_num_tickets(c, 0) != 1)
    return nullptr;
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);  // An idle connection keeps no record buffer.
  return made;
}

// Who this side is: its certificate, those between it and the authority, and the key. `whose`: "the server's".
std::optional<error> show(SSL_CTX* c, const std::string& chain_pem, const std::string& key_pem, const std::string& whose) {
  auto chain = openssl::read_certificates(chain_pem, whose + " certificate");
  if (!chain) return chain.failure();
  const auto key = openssl::read_private_key(key_pem, whose + " private key");
  if (!key) return key.failure();
  const std::string name = openssl::name_text(X509_get_subject_name(chain->front().get()));
  if (X509_check_private_key(chain->front().get(), key->get()) != 1)
    return unusable(whose + " private key does not belong to its certificate '" + name + "'; " + whose +
                    " own certificate must come first");
  if (SSL_CTX_use_certificate(c, chain->front().get()) != 1 || SSL_CTX_use_PrivateKey(c, key->get()) != 1)
    return unusable(whose + " certificate '" + name + "' cannot be used: " + openssl::reason());
  for (size_t i = 1; i < chain->size(); ++i)
    if (SSL_CTX_add1_chain_cert(c, (*chain)[i].get()) != 1) return broken();
  return {};
}

std::optional<error> trust(SSL_CTX* c, const std::string& pem, const std::string& what) {
  const auto trusted = openssl::read_certificates(pem, what);
  if (!trusted) return trusted.failure();
  for (const auto& one : *trusted)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(c), one.get()) != 1) return broken();
  return {};
}

std::string fingerprint_of(const tls_client_settings& s) {
  std::string all;
  for (const std::string* text : {&s.ca_pem, &s.certificate_chain_pem, &s.private_key_pem}) all += std::to_string(text->size()) + ':' + *text;
  for (const key_pin& pin : s.pins) all += pin_text(pin);
  all += s.system_store ? 's' : '-';
  all += s.http1 ? 'h' : '-';
  all += s.http2 ? 'H' : '-';
  all += s.oldest == tls_version::v1_2 ? '2' : '3';
  return sha256_of(all);
}

// Early data is taken once for each ticket, which OpenSSL sees to with its cache.
bool allow_tickets(SSL_CTX* c, const tls_server_settings& s) {
  if (s.tickets == 0) return true;
  SSL_CTX_clear_options(c, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(c, 1024);  // With early data a ticket takes some kilobytes here; the oldest go.
  constexpr unsigned char ours[] = "tharsis";
  return SSL_CTX_set_num_tickets(c, s.tickets) == 1 && SSL_CTX_set_session_id_context(c, ours, sizeof ours) == 1 &&
         SSL_CTX_set_max_early_data(c, s.early_data_max) == 1 && SSL_CTX_set_recv_max_early_data(c, s.early_data_max) == 1;
}

}  // namespace

result<tls_context> tls_context::client(const tls_client_settings& settings, const tls_context* read) {
  const openssl::clean_errors guard;
  if (settings.ca_pem.empty() && !settings.system_store)
    return unusable("a TLS client must trust somebody: set " + settings.ca_name + ", or let it use the system's store");
  const context made = make_context(TLS_client_method(), settings.oldest);
  if (!made) return broken();
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  // What it names is trusted as it is, also a certificate that is no root.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(made.get()), X509_V_FLAG_PARTIAL_CHAIN);
  const offer spoken = offer_of(settings.http2, settings.http1);
  if (!spoken.empty() && SSL_CTX_set_alpn_protos(made.get(), spoken.data(), static_cast<unsigned>(spoken.size())) != 0) return broken();
  if (read != nullptr) {
    SSL_CTX_set1_cert_store(made.get(), SSL_CTX_get_cert_store(read->context_.get()));
  } else {
    if (settings.system_store && SSL_CTX_set_default_verify_paths(made.get()) != 1) return broken();
    if (!settings.ca_pem.empty()) {
      if (auto failure = trust(made.get(), settings.ca_pem, settings.ca_name)) return std::move(*failure);
    }
  }
  if (!settings.certificate_chain_pem.empty() || !settings.private_key_pem.empty()) {
    if (auto failure = show(made.get(), settings.certificate_chain_pem, settings.private_key_pem, "the client's")) return std::move(*failure);
  }
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_clear_options(made.get(), SSL_OP_NO_TICKET);
  SSL_CTX_sess_set_new_cb(made.get(), &tls_machine::on_ticket);
  tls_context whole(made, false, settings.ca_name);
  whole.pins_ = std::make_shared<std::vector<key_pin>>(settings.pins);
  whole.oldest_ = settings.oldest;
  whole.fingerprint_ = fingerprint_of(settings);
  return whole;
}

bool tls_context::knows_authorities() const { return sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context_.get()))) > 0; }

tls_context tls_context::for_proxy() const {
  tls_context same = *this;
  same.for_proxy_ = true;
  same.pins_ = std::make_shared<std::vector<key_pin>>();
  return same;
}

result<tls_context> tls_context::server(const tls_server_settings& settings) {
  const openssl::clean_errors guard;
  const context made = make_context(TLS_server_method(), settings.oldest, settings.newest);
  if (!made) return broken();
  choose_among(made.get(), settings.http2, settings.http1);
  if (auto failure = show(made.get(), settings.certificate_chain_pem, settings.private_key_pem, "the server's")) return std::move(*failure);
  if (!settings.client_ca_pem.empty()) {
    if (auto failure = trust(made.get(), settings.client_ca_pem, "the clients' authority")) return std::move(*failure);
    SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(made.get()), X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (!allow_tickets(made.get(), settings)) return broken();
  return tls_context(made, true);
}

}  // namespace tharsis
