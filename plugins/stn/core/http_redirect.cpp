#include "plugins/stn/core/http_redirect.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace tharsis::stn {
namespace {

// Servers write what browsers forgive: spaces, letters beyond ASCII, braces.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c < 127 && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos) {
      out += c;
    } else {
      char code[4];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code;
    }
  }
  return out;
}

// "/a/b/../c/./d" is "/a/c/d"; nothing leads above the root.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = true;
  for (std::string_view rest = path.substr(1);;) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    folder = part == "." || part == "..";
    if (part == ".." && !kept.empty()) kept.pop_back();
    if (!folder && !(last && part.empty())) kept.push_back(part);
    folder = last && (folder || part.empty());
    if (last) break;
    rest.remove_prefix(slash + 1);
  }
  std::string out;
  for (const std::string_view part : kept) (out += '/') += part;
  return folder || out.empty() ? out + '/' : out;
}

bool has_scheme(std::string_view text) {
  const size_t colon = text.find_first_of(":/?#");
  return colon != std::string_view::npos && colon > 0 && text[colon] == ':';
}

void drop(http1::field_list& fields, std::initializer_list<std::string_view> names) {
  std::erase_if(fields, [&](const http1::field& f) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view n) { return http1::same_name(f.name, n); });
  });
}

}  // namespace

result<url> follow_reference(const url& from, std::string_view reference) {
  const std::string text = encoded(reference.substr(0, reference.find('#')));
  if (has_scheme(text)) return parse_url(text);
  if (text.starts_with("//")) return parse_url((from.secure ? "https:" : "http:") + text);
  const std::string_view own = std::string_view(from.target).substr(0, from.target.find('?'));
  if (text.empty()) return parse_url(from.text());
  const std::string_view query = text.find('?') == std::string::npos ? std::string_view() : std::string_view(text).substr(text.find('?'));
  const std::string_view path = std::string_view(text).substr(0, text.find('?'));
  std::string target;
  if (path.empty()) target = own;
  else if (path.starts_with('/')) target = without_dots(path);
  else target = without_dots(std::string(own.substr(0, own.rfind('/') + 1)) + std::string(path));
  return parse_url(from.origin() + target + std::string(query));
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

bool same_origin(const url& a, const url& b) { return a.secure == b.secure && a.host == b.host && a.port == b.port; }

bool redirect_request(int status, const url& from, const url& to, std::string& method, http1::field_list& fields) {
  if (!same_origin(from, to)) drop(fields, {"Authorization", "Cookie", "Proxy-Authorization", "Host"});
  const bool becomes_get = (status == 303 && method != "HEAD" && method != "GET") || ((status == 301 || status == 302) && method == "POST");
  if (!becomes_get) return true;
  method = "GET";
  drop(fields, {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Expect"});
  return false;
}

}  // namespace tharsis::stn
