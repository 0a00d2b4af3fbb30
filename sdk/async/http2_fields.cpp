#include "sdk/async/http2_fields.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sdk/pure/letters.h"

namespace tharsis {
namespace {

// They are about one connection of HTTP/1.1, so they must not be sent here.
constexpr std::string_view of_the_connection[] = {"connection", "keep-alive",        "proxy-connection", "upgrade",
                                                  "host",       "transfer-encoding", "http2-settings"};

bool stays(const http1::field_list& all, std::string_view name, std::string_view value) {
  if (std::find(std::begin(of_the_connection), std::end(of_the_connection), name) != std::end(of_the_connection)) return false;
  if (name == "te") return http1::same_name(value, "trailers");
  return !http1::has_word(all, "Connection", name);
}

}  // namespace

result<http1::field_list> http2_fields(const http1::request_head& head, const url& to) {
  if (const auto writable = http1::write_head(head); !writable) return writable.failure();
  const std::string* const host = http1::find(head.fields, "Host");
  http1::field_list all{{":method", head.method},
                        {":scheme", to.secure ? "https" : "http"},
                        {":authority", host != nullptr ? *host : to.authority()},
                        {":path", head.target}};
  std::string cookies;
  for (const http1::field& f : head.fields) {
    std::string name = in_small_letters(f.name);
    if (name == "cookie") cookies += (cookies.empty() ? "" : "; ") + f.value;
    else if (stays(head.fields, name, f.value)) all.push_back({std::move(name), f.value});
  }
  if (!cookies.empty()) all.push_back({"cookie", std::move(cookies)});
  return all;
}

}  // namespace tharsis
