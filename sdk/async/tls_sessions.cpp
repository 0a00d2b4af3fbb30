#include "sdk/async/tls_sessions.h"

#include <openssl/ssl.h>

#include <algorithm>

#include "sdk/async/openssl.h"

namespace tharsis {
namespace {

// A ticket stands for a certificate that was verified; it must not outlive it.
bool valid_at(SSL_SESSION* s, int64_t wall_seconds) {
  if (SSL_SESSION_is_resumable(s) != 1) return false;
  const X509* const peer = SSL_SESSION_get0_peer(s);
  return peer != nullptr && openssl::seconds_of(X509_get0_notAfter(peer)) > wall_seconds;
}

}  // namespace

void tls_sessions::freed::operator()(ssl_session_st* s) const { SSL_SESSION_free(s); }

void tls_sessions::keep(const std::string& key, session s) {
  kept_.push_front({key, std::move(s)});
  size_t same = 0;
  kept_.remove_if([&](const entry& e) { return e.key == key && ++same > per_server_max; });
  if (kept_.size() > kept_max) kept_.pop_back();
}

tls_sessions::session tls_sessions::take(const std::string& key, int64_t wall_seconds) {
  kept_.remove_if([&](const entry& e) { return e.key == key && !valid_at(e.what.get(), wall_seconds); });
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const entry& e) { return e.key == key; });
  if (found == kept_.end()) return nullptr;
  session taken = std::move(found->what);
  kept_.erase(found);
  return taken;
}

bool tls_sessions::early_data(const std::string& key, int64_t wall_seconds) const {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const entry& e) { return e.key == key && valid_at(e.what.get(), wall_seconds); });
  return found != kept_.end() && SSL_SESSION_get_max_early_data(found->what.get()) > 0;
}

}  // namespace tharsis
