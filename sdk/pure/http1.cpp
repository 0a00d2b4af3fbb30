#include "sdk/pure/http1.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdio>

#include "sdk/pure/letters.h"

namespace tharsis::http1 {
namespace {

constexpr size_t quoted_max = 40;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_target(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

error unwritable(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

// Appends the fields and the empty line; the complaint, or nothing.
std::string append_fields(std::string& out, const field_list& fields) {
  for (const field& f : fields) {
    if (!is_token(f.name)) return in_quotes(f.name) + " is no name of an HTTP field";
    if (!is_field_text(f.value)) return "the HTTP field '" + f.name + "' has a control character in its value";
    if (trimmed(f.value).size() != f.value.size()) return "the HTTP field '" + f.name + "' has spaces around its value";
    out += f.name;
    out += ": ";
    out += f.value;
    out += "\r\n";
  }
  out += "\r\n";
  return {};
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (small_letter(c) >= 'a' && small_letter(c) <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  });
}

bool is_field_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= ' ' && byte != 127);
  });
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, quoted_max)) {
    if (c >= ' ' && c < 127 && c != '"' && c != '\\') {
      out += c;
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code;
    }
  }
  return out + (text.size() > quoted_max ? "\"..." : "\"");
}

bool same_name(std::string_view a, std::string_view b) {
  return same_but_for_case(a, b);
}

const std::string* find(const field_list& fields, std::string_view name) {
  const auto at = std::find_if(fields.begin(), fields.end(), [&](const field& f) { return same_name(f.name, name); });
  return at == fields.end() ? nullptr : &at->value;
}

std::string_view value_of(const field_list& fields, std::string_view name) {
  const std::string* const value = find(fields, name);
  return value == nullptr ? std::string_view() : *value;
}

bool has_word(const field_list& fields, std::string_view name, std::string_view word) {
  for (const field& f : fields) {
    if (!same_name(f.name, name)) continue;
    for (std::string_view rest = f.value; !rest.empty();) {
      const size_t comma = rest.find(',');
      if (same_name(trimmed(rest.substr(0, comma)), word)) return true;
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return false;
}

void set(field_list& fields, std::string_view name, std::string_view value) {
  std::erase_if(fields, [&](const field& f) { return same_name(f.name, name); });
  fields.push_back({std::string(name), std::string(value)});
}

bool keep_alive(int minor, const field_list& fields) {
  if (has_word(fields, "Connection", "close")) return false;
  return minor >= 1 || has_word(fields, "Connection", "keep-alive");
}

bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> all = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return std::find(all.begin(), all.end(), method) != all.end();
}

bool has_no_body(std::string_view method, int status) {
  return method == "HEAD" || status < 200 || status == 204 || status == 304 ||
         (method == "CONNECT" && status >= 200 && status < 300);
}

result<std::string> write_head(const request_head& head) {
  if (!is_token(head.method)) return unwritable(in_quotes(head.method) + " is no HTTP method");
  if (!is_target(head.target)) return unwritable("the target of an HTTP request is empty, or has spaces or odd bytes; percent-encode them");
  assert(head.minor == 0 || head.minor == 1);
  std::string out = head.method + " " + head.target + (head.minor == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  if (std::string complaint = append_fields(out, head.fields); !complaint.empty()) return unwritable(std::move(complaint));
  return out;
}

result<std::string> write_head(const response_head& head) {
  if (head.status < 100 || head.status > 999) return unwritable(std::to_string(head.status) + " is no HTTP status");
  if (!is_field_text(head.reason)) return unwritable("the reason of an HTTP answer has a control character");
  std::string out = (head.minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(head.status) + " ";
  out += head.reason.empty() ? reason_of(head.status) : std::string_view(head.reason);
  out += "\r\n";
  if (std::string complaint = append_fields(out, head.fields); !complaint.empty()) return unwritable(std::move(complaint));
  return out;
}

std::string_view reason_of(int status) {
  struct named {
    int status;
    std::string_view reason;
  };
  constexpr named all[] = {
      {100, "Continue"}, {101, "Switching Protocols"}, {200, "OK"}, {201, "Created"}, {202, "Accepted"},
      {203, "Non-Authoritative Information"}, {204, "No Content"}, {205, "Reset Content"}, {206, "Partial Content"},
      {300, "Multiple Choices"}, {301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"}, {304, "Not Modified"},
      {307, "Temporary Redirect"}, {308, "Permanent Redirect"}, {400, "Bad Request"}, {401, "Unauthorized"},
      {402, "Payment Required"}, {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
      {406, "Not Acceptable"}, {407, "Proxy Authentication Required"}, {408, "Request Timeout"}, {409, "Conflict"},
      {410, "Gone"}, {411, "Length Required"}, {412, "Precondition Failed"}, {413, "Content Too Large"},
      {414, "URI Too Long"}, {415, "Unsupported Media Type"}, {416, "Range Not Satisfiable"}, {417, "Expectation Failed"},
      {421, "Misdirected Request"}, {422, "Unprocessable Content"}, {426, "Upgrade Required"}, {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
      {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"}};
  const auto* const found = std::find_if(std::begin(all), std::end(all), [&](const named& n) { return n.status == status; });
  return found == std::end(all) ? "Unknown" : found->reason;
}

std::string chunk_begin(size_t size) {
  assert(size > 0);
  char line[24];
  std::snprintf(line, sizeof line, "%zx\r\n", size);
  return line;
}

std::string date_text(int64_t seconds) {
  using namespace std::chrono;
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds at{std::chrono::seconds(seconds)};
  const sys_days day = floor<std::chrono::days>(at);
  const year_month_day date(day);
  const int64_t rest = (at - day).count();
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", days[weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60),
                static_cast<int>(rest % 60));
  return text;
}

}  // namespace tharsis::http1
