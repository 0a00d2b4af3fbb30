// Whom a client trusts, and what it shows, at tcps:// endpoints and https:// URLs.
#pragma once
#include <string>
#include <vector>

#include "sdk/pure/key_pin.h"

namespace tharsis::stn {

struct tls_settings {
  std::string ca;            // A file of certificates to trust; may be empty.
  bool system_store = true;  // Also trust what the system trusts.
  std::vector<key_pin> pins;
  std::string certificate, key;  // Files; empty: this client shows none.
  bool from_1_2 = false;         // TLS 1.2 is good enough.
  bool resume = true;            // Handshakes after the first take a ticket.
  // A hello, or a ping and requests with an idempotency key, go out with the first flight. Whoever records it can play it again; only the
  // server's memory of keys keeps that from doing harm.
  bool early_data = false;
  bool operator==(const tls_settings&) const = default;
};

}  // namespace tharsis::stn
