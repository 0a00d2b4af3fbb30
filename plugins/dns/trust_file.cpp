#include "plugins/dns/trust_file.h"

#include <utility>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::dns {
namespace {

constexpr uint64_t ca_size_max = 4 << 20;  // The whole web's authorities take a quarter of a megabyte.

// [a thread that may block]
result<tls_context> read_trust(const tharsis_files& files, const settings::tls_settings& from, bool web) {
  tls_client_settings trusted;
  trusted.system_store = from.system_store;
  trusted.ca_name = "dns.tls.ca";
  trusted.oldest = tls_version::v1_2;  // Resolvers of many networks know no other.
  trusted.http1 = trusted.http2 = web;
  if (!from.ca.empty()) {
    auto pem = read_whole(&files, from.ca, ca_size_max, "a list of certificates");
    if (!pem) return error{pem.status(), "dns.tls.ca: " + pem.failure().text};
    trusted.ca_pem = std::move(*pem);
  }
  return tls_context::client(trusted);
}

}  // namespace

task<void> load_trust(means& into, settings::tls_settings from) {
  const tharsis_files* const files = into.tables.files;
  const auto read = [files, from = std::move(from)] { return std::pair(read_trust(*files, from, false), read_trust(*files, from, true)); };
  auto both = co_await blocking(into.place, read);
  if (!both) {
    into.untrusted.text = "too much blocking work waits, so the trusted certificates could not be read";
  } else if (!both->first || !both->second) {
    into.untrusted = (both->first ? both->second : both->first).failure();
  } else {
    into.bare = std::move(*both->first);
    into.web = std::move(*both->second);
  }
}

}  // namespace tharsis::dns
