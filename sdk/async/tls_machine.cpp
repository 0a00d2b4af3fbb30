#include "sdk/async/tls_machine.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "sdk/async/certificates.h"
#include "sdk/async/openssl.h"
#include "sdk/async/tls_sentences.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// What is asked of a proxy, a tunnel too, is HTTP/1.1.
constexpr uint8_t for_proxies[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

}  // namespace

std::string ticket_key(const tls_context& context, const std::string& server, const std::string& peer) {
  return context.fingerprint() + server + '\n' + peer;
}

tls_machine::tls_machine(const tls_context& context, std::string peer, int64_t wall_seconds, tls_resumption again)
    : context_(context), peer_(std::move(peer)), again_(std::move(again)) {
  const openssl::clean_errors guard;
  if (begin(wall_seconds) == THARSIS_OK && !waits_) shake();
}

void tls_machine::start() {
  const openssl::clean_errors guard;
  if (std::exchange(waits_, false) && failure_.status == THARSIS_OK) shake();
}

std::string_view tls_machine::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

tls_machine::~tls_machine() = default;

// A connection that was cut says nothing about its tickets (RFC 8446), which OpenSSL would forget otherwise.
void tls_machine::freed::operator()(ssl_st* ssl) const {
  SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl);
}

tharsis_status tls_machine::begin(int64_t wall_seconds) {
  ssl_.reset(SSL_new(context_.handle()));
  openssl::bio in(BIO_new(BIO_s_mem())), out(BIO_new(BIO_s_mem()));
  if (!ssl_ || !in || !out) return die(THARSIS_E_INTERNAL, "OpenSSL could not begin: " + openssl::reason());
  BIO_set_mem_eof_return(in.get(), -1);  // Empty means wait; the end is told by on_end().
  in_ = in.get();
  out_ = out.get();
  SSL_set_bio(ssl_.get(), in.release(), out.release());
  SSL_set_app_data(ssl_.get(), this);
  if (context_.is_server()) {
    SSL_set_accept_state(ssl_.get());
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), wall_seconds);  // Of clients' certificates.
    listens_early_ = SSL_get_max_early_data(ssl_.get()) > 0;
    return THARSIS_OK;
  }
  SSL_set_connect_state(ssl_.get());
  if (context_.is_for_proxy()) {
    SSL_certs_clear(ssl_.get());
    if (SSL_set_alpn_protos(ssl_.get(), for_proxies, sizeof for_proxies) != 0) return die(THARSIS_E_INTERNAL, "OpenSSL could not begin: " + openssl::reason());
  }
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, &tls_machine::on_verify);
  if (expect(wall_seconds)) return resume(wall_seconds), THARSIS_OK;
  return die(THARSIS_E_INVALID, "'" + tls::printable(as_bytes(peer_), 64) +
                                    "' can be no server's name: write a host name (international ones in their "
                                    "xn-- form) or an IP address");
}

// What the peer's certificate must satisfy: name and time. SNI carries names only, never addresses.
bool tls_machine::expect(int64_t wall_seconds) {
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_time(verify, wall_seconds);
  X509_VERIFY_PARAM_set_purpose(verify, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (const auto ip = parse_ip(peer_))
    return X509_VERIFY_PARAM_set1_ip(verify, ip->ip, ip->family == 4 ? 4 : 16) == 1;
  if (!is_host_name(peer_)) return false;
  std::string name = peer_;
  if (name.back() == '.') name.pop_back();
  return X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) == 1;
}

// With a ticket of an earlier connection, if there is one.
void tls_machine::resume(int64_t wall_seconds) {
  if (again_.sessions == nullptr) return;
  ticket_key_ = ticket_key(context_, again_.server, peer_);
  const auto ticket = again_.sessions->take(ticket_key_, wall_seconds);
  offered_ = ticket != nullptr && SSL_set_session(ssl_.get(), ticket.get()) == 1;
  if (!offered_ || !again_.early_data) return;
  early_room_ = SSL_SESSION_get_max_early_data(ticket.get());
  early_ = waits_ = early_room_ > 0;
}

// [of the client's context] Answers 1 when it has been kept.
int tls_machine::on_ticket(ssl_st* ssl, ssl_session_st* session) {
  auto* const self = static_cast<tls_machine*>(SSL_get_app_data(ssl));
  if (self == nullptr || self->again_.sessions == nullptr) return 0;
  self->again_.sessions->keep(self->ticket_key_, tls_sessions::session(session));
  return 1;
}

// The chain has been verified, down to the peer's own certificate. Is there a key that is pinned?
bool tls_machine::pinned(x509_store_ctx_st* store) {
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(store);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    key_pin pin{};
    unsigned size = 0;
    const EVP_MD* const sha256 = EVP_sha256();
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sk_X509_value(chain, i)), &der);
    const bool hashed = length > 0 && EVP_Digest(der, static_cast<size_t>(length), pin.data(), &size, sha256, nullptr) == 1;
    OPENSSL_free(der);
    if (hashed && std::find(context_.pins().begin(), context_.pins().end(), pin) != context_.pins().end()) return true;
  }
  return false;
}

int tls_machine::on_verify(int ok, x509_store_ctx_st* store) {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<tls_machine*>(SSL_get_app_data(ssl));
  if (ok == 1) {
    if (X509_STORE_CTX_get_error_depth(store) > 0 || self->context_.pins().empty() || self->pinned(store)) return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    self->untrusted_ = "the certificate of " + self->peer_ +
                       " is trusted, but neither its key nor one of its issuers' is pinned (tls.pins); if the server has a "
                       "new key, pin that too; if not, somebody stands between";
    return 0;
  }
  self->untrusted_ = tls::why_untrusted(store, self->peer_, self->context_.ca_name());
  return 0;
}

size_t tls_machine::on_bytes(std::span<const uint8_t> bytes) {
  const openssl::clean_errors guard;
  if (failure_.status != THARSIS_OK || bytes.empty() || !looks_like_tls(bytes)) return 0;
  const size_t waiting = BIO_ctrl_pending(in_);
  const size_t taken = std::min(bytes.size(), unread_max - std::min(unread_max, waiting));
  if (taken == 0) return 0;
  if (BIO_write(in_, bytes.data(), static_cast<int>(taken)) != static_cast<int>(taken)) {
    die(THARSIS_E_INTERNAL, "no memory for " + std::to_string(taken) + " bytes of TLS");
    return 0;
  }
  if (handshake_ == THARSIS_PENDING) shake();
  return taken;
}

bool tls_machine::wants_input() const {
  return failure_.status == THARSIS_OK && !wire_ended_ && BIO_ctrl_pending(in_) < unread_max;
}

// A record of TLS starts with its kind (an alert or a handshake at first) and the version 3.x.
// Checked here, because OpenSSL would only say "wrong version number" to a web page.
bool tls_machine::looks_like_tls(std::span<const uint8_t> bytes) {
  constexpr size_t enough = 3;
  if (first_.size() >= enough) return true;
  const size_t known = first_.size();
  first_.insert(first_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), 48 - known)));
  constexpr uint8_t alert = 21, handshake = 22;
  if ((first_[0] == alert || first_[0] == handshake) && (first_.size() < 2 || first_[1] == 3)) return true;
  die(THARSIS_E_PROTOCOL, who() + " does not speak TLS: it sent \"" + tls::printable(first_, 40) +
                              "\"; is this the right port, and is TLS switched on there?");
  return false;
}

void tls_machine::on_end() {
  if (wire_ended_) return;
  wire_ended_ = true;
  if (handshake_ == THARSIS_PENDING)
    die(THARSIS_E_RESET, who() + " ended the connection in the middle of the TLS handshake");
}

void tls_machine::shake() {
  if (listens_early_ && !read_early()) return;
  early_room_ = 0;  // The first flight is on its way.
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) {
    handshake_ = THARSIS_OK;
    return on_done();
  }
  const int why = SSL_get_error(ssl_.get(), done);
  if (why == SSL_ERROR_WANT_READ) return;
  if (why == SSL_ERROR_ZERO_RETURN) die(THARSIS_E_RESET, who() + " ended TLS in the middle of the handshake");
  else die_of(why);
}

// A server: takes what a client has sent early. False: there may be more to come.
bool tls_machine::read_early() {
  for (;;) {
    uint8_t piece[4096];
    size_t count = 0;
    switch (SSL_read_early_data(ssl_.get(), piece, sizeof piece, &count)) {
      case SSL_READ_EARLY_DATA_SUCCESS:
        came_early_.insert(came_early_.end(), piece, piece + count);
        early_ = true;
        break;
      case SSL_READ_EARLY_DATA_FINISH:
        listens_early_ = false;
        return true;
      default:
        if (const int why = SSL_get_error(ssl_.get(), 0); why != SSL_ERROR_WANT_READ) die_of(why);
        return false;
    }
  }
}

// The handshake is over: what a server did not take early goes out now.
void tls_machine::on_done() {
  resumed_ = SSL_session_reused(ssl_.get()) == 1;
  if (context_.is_server()) return;
  const bool taken = SSL_get_early_data_status(ssl_.get()) == SSL_EARLY_DATA_ACCEPTED;
  if (offered_ && again_.sessions->told) again_.sessions->told(resumed_, taken);
  early_ = false;
  if (!taken && !sent_early_.empty()) write_now(sent_early_);
  if (!late_.empty()) write_now(late_);
  sent_early_ = late_ = {};
}

tharsis_status tls_machine::read(std::span<uint8_t> into, size_t& count) {
  count = 0;
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (into.empty()) return THARSIS_E_INVALID;
  if (!came_early_.empty()) {
    count = std::min(into.size(), came_early_.size());
    std::copy_n(came_early_.begin(), count, into.begin());
    came_early_.erase(came_early_.begin(), came_early_.begin() + static_cast<std::ptrdiff_t>(count));
    return THARSIS_OK;
  }
  if (handshake_ == THARSIS_PENDING) return THARSIS_PENDING;
  const openssl::clean_errors guard;
  const size_t output = BIO_ctrl_pending(out_);
  const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  answers_ += BIO_ctrl_pending(out_) - output;
  if (done == 1) return THARSIS_OK;
  count = 0;
  const int why = SSL_get_error(ssl_.get(), done);
  if (why == SSL_ERROR_ZERO_RETURN) return THARSIS_OK;
  if (why != SSL_ERROR_WANT_READ) return die_of(why);
  if (answers_ > answers_max) return die(THARSIS_E_PROTOCOL, who() + " changes its TLS keys without end");
  if (!wire_ended_) return THARSIS_PENDING;
  return die(THARSIS_E_RESET, "the connection to " + who() + " was cut: it ended without TLS's close_notify, so the "
                              "last message may be incomplete");
}

tharsis_status tls_machine::write(std::span<const uint8_t> plaintext) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if ((handshake_ != THARSIS_OK && !early_) || closing_) return THARSIS_E_INVALID;
  if (plaintext.empty()) return THARSIS_OK;
  const openssl::clean_errors guard;
  return handshake_ == THARSIS_OK ? write_now(plaintext) : write_early(plaintext);
}

tharsis_status tls_machine::write_early(std::span<const uint8_t> plaintext) {
  size_t taken = 0;
  if (context_.is_server()) {
    const int done = SSL_write_early_data(ssl_.get(), plaintext.data(), plaintext.size(), &taken);
    return done == 1 ? THARSIS_OK : die_of(SSL_get_error(ssl_.get(), done));
  }
  const auto fits = plaintext.first(std::min(plaintext.size(), early_room_));
  const auto rest = plaintext.subspan(fits.size());
  late_.insert(late_.end(), rest.begin(), rest.end());
  early_room_ -= fits.size();
  sent_early_.insert(sent_early_.end(), fits.begin(), fits.end());
  if (fits.empty()) return start(), failure_.status;
  waits_ = false;
  const int done = SSL_write_early_data(ssl_.get(), fits.data(), fits.size(), &taken);
  return done == 1 ? THARSIS_OK : die_of(SSL_get_error(ssl_.get(), done));
}

tharsis_status tls_machine::write_now(std::span<const uint8_t> plaintext) {
  size_t taken = 0;  // The memory below takes everything, so OpenSSL does too.
  const int done = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &taken);
  return done == 1 ? THARSIS_OK : die_of(SSL_get_error(ssl_.get(), done));
}

bool tls_machine::certified(const std::string& host) const {
  if (handshake_ != THARSIS_OK || !ssl_ || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return false;
  const openssl::clean_errors guard;
  X509* const shown = SSL_get0_peer_certificate(ssl_.get());
  if (shown == nullptr) return false;
  return parse_ip(host) ? X509_check_ip_asc(shown, host.c_str(), 0) == 1 : X509_check_host(shown, host.data(), host.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

bool tls_machine::export_secret(std::string_view label, std::span<const uint8_t> context, std::span<uint8_t> into) const {
  if (handshake_ != THARSIS_OK || !ssl_ || SSL_version(ssl_.get()) != TLS1_3_VERSION) return false;
  const openssl::clean_errors guard;
  return SSL_export_keying_material(ssl_.get(), into.data(), into.size(), label.data(), label.size(), context.data(),
                                    context.size(), 1) == 1;
}

void tls_machine::close_notify() {
  if (failure_.status != THARSIS_OK || handshake_ != THARSIS_OK || closing_) return;
  const openssl::clean_errors guard;
  closing_ = true;
  SSL_shutdown(ssl_.get());
}

std::span<const uint8_t> tls_machine::take_output() {
  output_.resize(out_ == nullptr ? 0 : BIO_ctrl_pending(out_));
  if (output_.empty()) return {};
  const int count = BIO_read(out_, output_.data(), static_cast<int>(output_.size()));
  return std::span<const uint8_t>(output_).first(static_cast<size_t>(std::max(count, 0)));
}

// The first failure stays.
tharsis_status tls_machine::die(tharsis_status status, std::string text) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  failure_ = {status, std::move(text)};
  if (handshake_ == THARSIS_PENDING) handshake_ = status;
  return status;
}

tharsis_status tls_machine::die_of(int ssl_error) {
  if (!untrusted_.empty()) return die(THARSIS_E_UNTRUSTED, untrusted_);
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) != ERR_LIB_SSL)
    return die(ssl_error == SSL_ERROR_SSL ? THARSIS_E_PROTOCOL : THARSIS_E_INTERNAL,
               "TLS with " + who() + " failed: " + openssl::reason());
  if (reason > SSL_AD_REASON_OFFSET) return die_of_alert(reason - SSL_AD_REASON_OFFSET);
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION || reason == SSL_R_VERSION_TOO_LOW)
    return die(THARSIS_E_PROTOCOL, who() + " speaks only TLS 1." + std::string(context_.oldest() == tls_version::v1_3 ? "2 or older; TLS 1.3 is needed" : "1 or older; TLS 1.2 is needed"));
  if (reason == SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM)
    return die(THARSIS_E_PROTOCOL, who() + " does not accept the kind of key that our certificate has");
  const std::string_view when = handshake_ == THARSIS_PENDING ? " in the TLS handshake" : " on the TLS connection";
  return die(THARSIS_E_PROTOCOL, who() + " sent something wrong" + std::string(when) + " (" + openssl::reason() +
                                     "); something between may have altered it");
}

tharsis_status tls_machine::die_of_alert(int alert) {
  const error e = tls::from_alert(alert, who(), handshake_ == THARSIS_PENDING);
  return die(e.status, e.text);
}

std::string tls_machine::who() const {
  return peer_.empty() ? std::string(context_.is_server() ? "the client" : "the server") : peer_;
}

}  // namespace tharsis
