#include "plugins/gateway/core/canary.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/canary.h"
#include "sdk/pure/units.h"

namespace tharsis::gateway {
namespace {

constexpr int64_t bytes_most = 1'000'000;

bool is_nonce(std::string_view text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() >= 8 && text.size() <= 64 && std::all_of(text.begin(), text.end(), digit);
}

std::string as_it_came(const http1::request_head& asked) {
  std::string text = asked.method + " " + asked.target + " HTTP/1." + std::to_string(asked.minor) + "\n";
  for (const http1::field& f : asked.fields) text += f.name + ": " + f.value + "\n";
  return text;
}

}  // namespace

canary_page canary_answer(const http1::request_head& asked, std::string_view path, const tharsis_address& from, std::string_view key) {
  constexpr std::string_view folder = "/canary/", bytes = "bytes/";
  if (asked.method != "GET" && asked.method != "HEAD") return {405, "these pages are only read\n"};
  if (path == "/generate_204") return {204, {}};
  if (!path.starts_with(folder)) return {404, "there are /generate_204 and /canary/\n"};
  const std::string_view name = path.substr(folder.size());
  if (name == "echo") return {200, as_it_came(asked)};
  if (name == "whoami") return {200, to_text(from) + "\n"};
  if (name.starts_with(bytes)) {
    const auto count = parse_integer(std::string(name.substr(bytes.size())));
    if (!count || *count < 0 || *count > bytes_most) return {400, "how many bytes? 0 to " + std::to_string(bytes_most) + "\n"};
    return {200, std::string(static_cast<size_t>(*count), 'x')};
  }
  if (!is_nonce(name)) return {404, "a nonce has 8 to 64 hexadecimal digits\n"};
  if (key.empty()) return {404, "gateway.canary.key is not set\n"};
  return {200, canary_mark(key, name) + "\n"};
}

}  // namespace tharsis::gateway
