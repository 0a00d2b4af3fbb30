#include "plugins/xlog/ship_target.h"

#include <utility>

#include "plugins/xlog/os_host_name_linux.h"
#include "sdk/async/file_reader.h"

namespace tharsis::xlog {
namespace {

constexpr uint64_t token_max = 4096;
constexpr uint64_t ca_max = 4 << 20;

// The machine's name, as far as it may be one.
std::string source_of_machine() {
  std::string name;
  for (const char c : host_name())
    if (shipping::is_name(name + c)) name += c;
  return name;
}

}  // namespace

result<ship_place> open_target(const tharsis_files* files, const ship_settings& s, const char* ca_name) {
  ship_place place;
  place.to = s.to;
  place.source = s.source.empty() ? source_of_machine() : s.source;
  if (place.source.empty()) return error{THARSIS_E_INVALID, "this machine has no name; say who we are with --source, or ship.source"};
  place.token = s.token;
  if (place.token.empty() && !s.token_file.empty()) {
    auto token = read_secret(files, s.token_file, token_max, "a token");
    if (!token) return token.failure();
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r' || token->back() == ' ')) token->pop_back();
    place.token = std::move(*token);
  }
  if (!s.to.secure) return place;
  tls_client_settings trusted;
  if (!s.ca.empty()) {
    auto ca = read_whole(files, s.ca, ca_max, "a list of certificates");
    if (!ca) return ca.failure();
    trusted.ca_pem = std::move(*ca);
  }
  trusted.system_store = s.ca.empty();
  trusted.http1 = true;
  trusted.ca_name = ca_name;
  auto context = tls_context::client(trusted);
  if (!context) return context.failure();
  place.trust = std::move(*context);
  return place;
}

}  // namespace tharsis::xlog
