#include "plugins/sdt/trust_store.h"

#include <utility>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::sdt {
namespace {

constexpr uint64_t authorities_most = 4 << 20;  // The whole web's take a quarter of a megabyte.

// [a thread that may block]
trust read_now(const tharsis_files* files, const settings::tls_settings& from, bool machine) {
  tls_client_settings who;
  who.system_store = from.ca.empty() && machine;
  who.ca_name = "sdt.diagnose.ca";
  who.oldest = tls_version::v1_2;  // What servers of many networks speak; it is told, not trusted.
  trust all;
  if (from.ca.empty() && !machine) {
    all.why_not = "no machine is underneath whose authorities could be trusted, and sdt.diagnose.ca names none";
    return all;
  }
  if (!from.ca.empty()) {
    auto pem = read_whole(files, from.ca, authorities_most, "a list of certificates");
    if (!pem) {
      all.why_not = "sdt.diagnose.ca: " + pem.failure().text;
      return all;
    }
    who.ca_pem = std::move(*pem);
  }
  const auto made = [&](bool http1, bool http2) -> std::optional<tls_context> {
    who.http1 = http1;
    who.http2 = http2;
    auto context = tls_context::client(who, all.bare ? &*all.bare : nullptr);
    if (context) return std::move(*context);
    all.why_not = context.failure().text;
    return std::nullopt;
  };
  all.bare = made(false, false);
  all.http1 = made(true, false);
  all.web = made(true, true);
  return all;
}

}  // namespace

task<trust> read_trust(strand& place, const host& tables, settings::tls_settings from) {
  const tharsis_files* const files = tables.files;
  const bool machine = tables.self->query(tables.self->self, THARSIS_MACHINE_ID) != nullptr;
  const auto read = [files, from = std::move(from), machine] { return read_now(files, from, machine); };
  auto all = co_await blocking(place, read);
  if (all) co_return std::move(*all);
  trust none;
  none.why_not = "too much blocking work waits, so the trusted certificates could not be read";
  co_return none;
}

}  // namespace tharsis::sdt
