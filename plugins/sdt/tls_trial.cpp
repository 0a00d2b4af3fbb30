#include "plugins/sdt/tls_trial.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <chrono>

#include "sdk/async/openssl.h"
#include "sdk/pure/address.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/views.h"

namespace tharsis::sdt {
namespace {

constexpr int chain_most = 10;  // What OpenSSL's default depth would take, and more than anybody has.
constexpr size_t words_most = 200;

// Beside the one that tls_machine uses.
int own_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

}  // namespace

void tls_trial::freed::operator()(ssl_st* ssl) const { SSL_free(ssl); }

tls_trial::tls_trial(strand& place, std::unique_ptr<stream> under, const tls_context& context, std::string sni, std::string expected)
    : place_(place), under_(std::move(under)), context_(context), sni_(std::move(sni)), expected_(std::move(expected)) {
  const openssl::clean_errors guard;
  openssl::bio in(BIO_new(BIO_s_mem())), out(BIO_new(BIO_s_mem()));
  ssl_.reset(SSL_new(context_.handle()));
  if (!ssl_ || !in || !out) return;
  BIO_set_mem_eof_return(in.get(), -1);
  in_ = in.get();
  out_ = out.get();
  SSL_set_bio(ssl_.get(), in.release(), out.release());
  SSL_set_app_data(ssl_.get(), nullptr);  // The context's own callbacks see that this is not theirs.
  SSL_set_ex_data(ssl_.get(), own_slot(), this);
  SSL_set_connect_state(ssl_.get());
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_time(verify, std::chrono::floor<std::chrono::seconds>(duration(place.wall())).count());
  X509_VERIFY_PARAM_set_purpose(verify, X509_PURPOSE_SSL_SERVER);
  // Whatever is wrong is noted, and the handshake goes on.
  SSL_set_verify(ssl_.get(), SSL_VERIFY_PEER, &tls_trial::on_verify);
  if (!sni_.empty() && !parse_ip(sni_)) SSL_set_tlsext_host_name(ssl_.get(), sni_.c_str());
}

tls_trial::~tls_trial() = default;

int tls_trial::on_verify(int ok, x509_store_ctx_st* store) {
  if (ok == 1) return 1;
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const self = static_cast<tls_trial*>(SSL_get_ex_data(ssl, own_slot()));
  switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_CERT_HAS_EXPIRED: self->expired_ = true; break;
    case X509_V_ERR_CERT_NOT_YET_VALID: self->early_ = true; break;
    default:
      self->unknown_ = true;
      if (self->said_.empty()) self->said_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  }
  return 1;
}

task<tls_outcome> tls_trial::shake(instant deadline) {
  if (!ssl_) co_return tls_outcome::protocol;
  for (;;) {
    const tls_outcome now = step();
    if (now != tls_outcome::not_connected) co_return now;
    if (place_.now() >= deadline) co_return tls_outcome::silent_after_hello;
    co_await under_->events().wait(deadline);
  }
}

// not_connected: more has to come.
tls_outcome tls_trial::step() {
  const openssl::clean_errors guard;
  for (;;) {
    const int done = SSL_do_handshake(ssl_.get());
    flush();
    if (done == 1) {
      read_chain();
      return judge_certificate();
    }
    const int why = SSL_get_error(ssl_.get(), done);
    if (why != SSL_ERROR_WANT_READ) return failed(why);
    const tharsis_status more = pull();
    if (more == THARSIS_PENDING) return tls_outcome::not_connected;
    if (wire_ended_) {
      if (said_.empty()) said_ = wire_ == THARSIS_OK ? "the connection was ended" : status_name(wire_);
      return wire_ == THARSIS_E_RESET ? tls_outcome::reset_after_hello : tls_outcome::closed;
    }
  }
}

tls_outcome tls_trial::failed(int) {
  said_ = openssl::reason().substr(0, words_most);
  return tls_outcome::protocol;
}

// OK: bytes came, or the end did.
tharsis_status tls_trial::pull() {
  std::array<uint8_t, 16 * 1024> piece;
  size_t count = 0;
  const tharsis_status status = under_->read(piece, count);
  if (status == THARSIS_PENDING) return status;
  if (status < 0 || count == 0) {
    wire_ = status;
    wire_ended_ = true;
    return THARSIS_OK;
  }
  facts_.heard = true;
  BIO_write(in_, piece.data(), static_cast<int>(count));
  return THARSIS_OK;
}

void tls_trial::flush() {
  std::array<uint8_t, 16 * 1024> piece;
  for (int n = BIO_read(out_, piece.data(), static_cast<int>(piece.size())); n > 0; n = BIO_read(out_, piece.data(), static_cast<int>(piece.size())))
    under_->write(std::span<const uint8_t>(piece).first(static_cast<size_t>(n)));
}

void tls_trial::read_chain() {
  facts_.version = SSL_get_version(ssl_.get());
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  facts_.protocol.assign(reinterpret_cast<const char*>(name), size);
  X509* const own = SSL_get0_peer_certificate(ssl_.get());
  if (own == nullptr) return;
  facts_.subject = openssl::name_text(X509_get_subject_name(own));
  facts_.issuer = openssl::name_text(X509_get_issuer_name(own));
  facts_.not_before_s = openssl::seconds_of(X509_get0_notBefore(own));
  facts_.not_after_s = openssl::seconds_of(X509_get0_notAfter(own));
  // With the authority at its end, where it leads to one.
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(ssl_.get());
  if (chain == nullptr) chain = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = 0; i < std::min(sk_X509_num(chain), chain_most); ++i) {
    std::array<uint8_t, 32> hash{};
    unsigned length = 0;
    unsigned char* der = nullptr;
    const int bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sk_X509_value(chain, i)), &der);
    if (bytes > 0 && EVP_Digest(der, static_cast<size_t>(bytes), hash.data(), &length, EVP_sha256(), nullptr) == 1)
      facts_.pins.push_back(base64_text(hash));
    OPENSSL_free(der);
  }
}

tls_outcome tls_trial::judge_certificate() {
  X509* const own = SSL_get0_peer_certificate(ssl_.get());
  if (own == nullptr) return tls_outcome::protocol;
  const bool for_it = parse_ip(expected_) ? X509_check_ip_asc(own, expected_.c_str(), 0) == 1
                                          : X509_check_host(own, expected_.data(), expected_.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
  facts_.dates_only = (expired_ || early_) && !unknown_ && for_it;
  good_ = for_it && !unknown_ && !expired_ && !early_;
  if (good_) return tls_outcome::ok;
  if (unknown_) return tls_outcome::unknown_ca;
  if (!for_it) {
    said_ = "it is for " + (openssl::names_of(own).empty() ? facts_.subject : openssl::names_of(own).front());
    return tls_outcome::wrong_name;
  }
  return expired_ ? tls_outcome::expired : tls_outcome::not_yet;
}

tharsis_status tls_trial::read(std::span<uint8_t> into, size_t& count) {
  count = 0;
  if (!good_) return THARSIS_E_UNTRUSTED;
  const openssl::clean_errors guard;
  for (;;) {
    if (SSL_read_ex(ssl_.get(), into.data(), into.size(), &count) == 1) return THARSIS_OK;
    count = 0;
    const int why = SSL_get_error(ssl_.get(), 0);
    flush();
    if (why == SSL_ERROR_ZERO_RETURN) return THARSIS_OK;
    if (why != SSL_ERROR_WANT_READ) return THARSIS_E_PROTOCOL;
    if (wire_ended_) return wire_ < 0 ? wire_ : tharsis_status{THARSIS_E_RESET};
    if (const tharsis_status more = pull(); more == THARSIS_PENDING) return more;
  }
}

tharsis_status tls_trial::write(std::span<const uint8_t> bytes) {
  if (!good_) return THARSIS_E_UNTRUSTED;
  const openssl::clean_errors guard;
  size_t taken = 0;
  if (!bytes.empty() && SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken) != 1) return THARSIS_E_PROTOCOL;
  flush();
  return wire_ended_ && wire_ < 0 ? wire_ : tharsis_status{THARSIS_OK};
}

void tls_trial::end() {
  if (good_) SSL_shutdown(ssl_.get()), flush();
  under_->end();
}

}  // namespace tharsis::sdt
