#include "plugins/stn/client_trust.h"

#include <optional>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::stn {
namespace {

constexpr uint64_t ca_size_max = 4 << 20;  // The whole web's authorities take a quarter of a megabyte.
constexpr uint64_t own_size_max = 1 << 20;

// The file that a setting names, if it names one.
std::optional<error> read_named(const tharsis_files& files, const std::string& path, uint64_t most, const std::string& setting,
                                const std::string& what, const std::string& advice, std::string& into, bool secret = false) {
  if (path.empty()) return {};
  auto pem = secret ? read_secret(&files, path, most, what) : read_whole(&files, path, most, what);
  if (!pem) return error{pem.status(), setting + ": " + pem.failure().text + advice};
  into = std::move(*pem);
  return {};
}

// [a thread that may block]
result<tls_context> read_trust(const tharsis_files& files, const client_trust& wanted) {
  const std::string& at = wanted.setting;
  const tls_settings& s = wanted.tls;
  tls_client_settings trusted;
  trusted.system_store = s.system_store;
  trusted.http1 = wanted.http1;
  trusted.http2 = wanted.http2;
  trusted.pins = s.pins;
  trusted.oldest = s.from_1_2 ? tls_version::v1_2 : tls_version::v1_3;
  if (auto failure = read_named(files, s.ca, ca_size_max, at + ".ca", "a list of certificates",
                                "; give the server's authority there (a gateway writes its own when it starts first)", trusted.ca_pem))
    return std::move(*failure);
  if (auto failure = read_named(files, s.certificate, own_size_max, at + ".certificate", "a certificate", "", trusted.certificate_chain_pem))
    return std::move(*failure);
  if (auto failure = read_named(files, s.key, own_size_max, at + ".key", "a private key", "", trusted.private_key_pem, true))
    return std::move(*failure);
  auto context = tls_context::client(trusted);
  if (!context)
    return error{context.status(), (s.ca.empty() ? at : at + ".ca (" + s.ca + ")") + ": " + context.failure().text};
  return context;
}

}  // namespace

task<result<tls_context>> load_client_trust(strand& place, const tharsis_files* files, client_trust wanted) {
  const auto read = [files, wanted = std::move(wanted)] { return read_trust(*files, wanted); };
  auto loaded = co_await blocking(place, read);
  if (!loaded) co_return error{THARSIS_E_BUSY, "too much blocking work waits, so the trusted certificates could not be read"};
  co_return std::move(*loaded);
}

}  // namespace tharsis::stn
