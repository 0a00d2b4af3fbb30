#include "sdk/pure/cookies.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "sdk/pure/address.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/letters.h"

namespace tharsis {
namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Up to the separator, which is taken away too.
std::string_view cut_at(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

// The digits in front, `least` to `most` of them; what follows must be no digit.
std::optional<int> digits_in_front(std::string_view text, size_t least, size_t most, std::string_view* rest = nullptr) {
  size_t n = 0;
  int value = 0;
  for (; n < text.size() && is_decimal(text[n]); ++n) {
    if (n == most) return std::nullopt;
    value = value * 10 + (text[n] - '0');
  }
  if (n < least) return std::nullopt;
  if (rest != nullptr) *rest = text.substr(n);
  return value;
}

struct date_parts {
  std::optional<int> day, month, year, second_of_day;
};

// "07:28:00", also with something that is no digit behind.
std::optional<int> time_in(std::string_view token) {
  std::array<int, 3> at{};
  for (size_t i = 0; i < at.size(); ++i) {
    std::string_view rest;
    const auto n = digits_in_front(token, 1, 2, &rest);
    if (!n || (i < 2 && !rest.starts_with(':'))) return std::nullopt;
    at[i] = *n;
    token = i < 2 ? rest.substr(1) : rest;
  }
  if (at[0] > 23 || at[1] > 59 || at[2] > 59) return std::nullopt;
  return at[0] * 3600 + at[1] * 60 + at[2];
}

std::optional<int> month_in(std::string_view token) {
  constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
  const std::string start = in_small_letters(token.substr(0, 3));
  const auto* const found = std::find(months.begin(), months.end(), start);
  if (found == months.end()) return std::nullopt;
  return static_cast<int>(found - months.begin()) + 1;
}

// The first token of each kind counts; see RFC 6265, 5.1.1.
void take_token(std::string_view token, date_parts& into) {
  if (!into.second_of_day && (into.second_of_day = time_in(token))) return;
  if (!into.day && (into.day = digits_in_front(token, 1, 2))) return;
  if (!into.month && (into.month = month_in(token))) return;
  if (!into.year) into.year = digits_in_front(token, 2, 4);
}

bool is_separator(char c) {
  const auto b = static_cast<unsigned char>(c);
  return b == 0x09 || (b >= 0x20 && b <= 0x2F) || (b >= 0x3B && b <= 0x40) || (b >= 0x5B && b <= 0x60) || (b >= 0x7B && b <= 0x7E);
}

// Is the host this domain, or below it?
bool belongs_to(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.' && !parse_ip(host);
}

std::string_view path_of(const url& u) { return std::string_view(u.target).substr(0, u.target.find('?')); }

// "/a/b" of "/a/b/c", "/" of "/a".
std::string default_path(const url& from) {
  const std::string_view path = path_of(from);
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

bool lies_below(std::string_view path, std::string_view above) {
  if (!path.starts_with(above)) return false;
  return path.size() == above.size() || above.ends_with('/') || path[above.size()] == '/';
}

bool has_odd_bytes(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

std::optional<int64_t> parse_cookie_date(std::string_view text) {
  date_parts found;
  while (!text.empty()) {
    size_t n = 0;
    while (n < text.size() && !is_separator(text[n])) ++n;
    if (n > 0) take_token(text.substr(0, n), found);
    text.remove_prefix(std::min(n + 1, text.size()));
  }
  if (!found.day || !found.month || !found.year || !found.second_of_day) return std::nullopt;
  int year = *found.year;
  if (year >= 70 && year <= 99) year += 1900;
  else if (year >= 0 && year <= 69) year += 2000;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(*found.month)),
                                         std::chrono::day(static_cast<unsigned>(*found.day))};
  if (year < 1601 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400} + *found.second_of_day;
}

struct cookie_jar::attributes {
  std::optional<int64_t> expires, until;  // By the date, and by Max-Age, which is stronger.
  std::string domain, path;
  bool secure = false;
};

cookie_jar::attributes cookie_jar::read_attributes(std::string_view text, int64_t now) {
  attributes a;
  while (!text.empty()) {
    std::string_view value = cut_at(text, ';');
    const std::string name = in_small_letters(without_blanks(cut_at(value, '=')));
    value = without_blanks(value);
    if (name == "expires") {
      if (const auto date = parse_cookie_date(value)) a.expires = *date;
    } else if (name == "max-age") {
      const bool negative = value.starts_with('-');
      const std::string_view number = negative ? value.substr(1) : value;
      if (number.empty() || !std::all_of(number.begin(), number.end(), is_decimal)) continue;
      constexpr int64_t year = 366 * 86'400;  // Browsers keep nothing longer than some 400 days; neither do we.
      int64_t seconds = 0;
      for (const char c : number) seconds = std::min<int64_t>(seconds * 10 + (c - '0'), year);
      a.until = negative || seconds == 0 ? std::numeric_limits<int64_t>::min() : now + seconds;
    } else if (name == "domain") {
      if (value.starts_with('.')) value.remove_prefix(1);
      if (!value.empty()) a.domain = in_small_letters(value);
    } else if (name == "path") {
      a.path = value.starts_with('/') ? value : std::string_view();
    } else if (name == "secure") {
      a.secure = true;
    }
  }
  return a;
}

bool cookie_jar::take(const url& from, std::string_view field, int64_t now) {
  std::string_view rest = field;
  std::string_view pair = cut_at(rest, ';');
  if (pair.find('=') == std::string_view::npos || has_odd_bytes(field)) return false;
  cookie c;
  c.name = without_blanks(cut_at(pair, '='));
  c.value = without_blanks(pair);
  if (c.name.empty() || c.name.size() + c.value.size() > limits_.size) return false;
  const attributes a = read_attributes(rest, now);
  if (!a.domain.empty() && a.domain != from.host) {
    if (!belongs_to(from.host, a.domain) || a.domain.find('.') == std::string::npos) return false;
    c.host_only = false;
  } else if (!a.domain.empty()) {
    c.host_only = parse_ip(from.host).ok() || a.domain.find('.') == std::string::npos;
  }
  c.domain = a.domain.empty() ? from.host : a.domain;
  c.path = a.path.empty() ? default_path(from) : a.path;
  c.secure = a.secure;
  c.expires = a.until ? a.until : a.expires;
  if (c.secure && !from.secure) return false;
  if (c.name.starts_with("__Secure-") && !c.secure) return false;
  if (c.name.starts_with("__Host-") && (!c.secure || !a.domain.empty() || c.path != "/")) return false;
  c.made = c.used = ++steps_;
  const auto same = [&](const cookie& o) { return o.name == c.name && o.domain == c.domain && o.path == c.path; };
  const auto old = std::find_if(all_.begin(), all_.end(), same);
  if (old != all_.end()) {
    // What came over plain HTTP, by whomever, does not replace what was said in confidence.
    if (old->secure && !from.secure) return false;
    c.made = old->made;
    all_.erase(old);
  }
  drop_expired(now);
  if (c.expires && *c.expires <= now) return true;
  make_room(c.domain);
  all_.push_back(std::move(c));
  return true;
}

void cookie_jar::drop_expired(int64_t now) {
  std::erase_if(all_, [&](const cookie& c) { return c.expires && *c.expires <= now; });
}

// Those that were not used for longest go.
void cookie_jar::make_room(const std::string& domain) {
  const auto older = [](const cookie& a, const cookie& b) { return a.used < b.used; };
  const auto count = std::count_if(all_.begin(), all_.end(), [&](const cookie& c) { return c.domain == domain; });
  if (static_cast<size_t>(count) >= limits_.of_a_domain) {
    auto oldest = all_.end();
    for (auto at = all_.begin(); at != all_.end(); ++at)
      if (at->domain == domain && (oldest == all_.end() || older(*at, *oldest))) oldest = at;
    all_.erase(oldest);
  } else if (all_.size() >= limits_.in_all) {
    all_.erase(std::min_element(all_.begin(), all_.end(), older));
  }
}

bool cookie_jar::sendable(const cookie& c, const url& to) {
  const bool host = c.host_only ? to.host == c.domain : belongs_to(to.host, c.domain);
  return host && (!c.secure || to.secure) && lies_below(path_of(to), c.path);
}

std::string cookie_jar::header(const url& to, int64_t now) {
  drop_expired(now);
  std::vector<cookie*> chosen;
  for (cookie& c : all_)
    if (sendable(c, to)) chosen.push_back(&c);
  std::sort(chosen.begin(), chosen.end(), [](const cookie* a, const cookie* b) {
    return a->path.size() != b->path.size() ? a->path.size() > b->path.size() : a->made < b->made;
  });
  std::string line;
  for (cookie* c : chosen) {
    c->used = ++steps_;
    line += (line.empty() ? "" : "; ") + c->name + "=" + c->value;
  }
  return line;
}

}  // namespace tharsis
