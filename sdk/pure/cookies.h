// Cookies as RFC 6265 has browsers keep them: who may set what, and who gets it back. A jar is only memory.
//
//   jar.take(url, "session=1; Path=/; Secure; Max-Age=3600", now);   // Each field Set-Cookie of an answer.
//   const std::string line = jar.header(url, now);                   // "session=1", for the field Cookie.
//
// There is no list of public suffixes here: a server of shop.co.uk could set a cookie for co.uk. Domains of one
// label ("com") are refused; give servers that must not know of each other jars of their own.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/url.h"

namespace tharsis {

// Seconds since 1970 UTC of a date as servers have written them in thirty years ("Wed, 21 Oct 2015 07:28:00 GMT",
// "Sunday, 06-Nov-94 08:49:37 GMT"), or nothing.
std::optional<int64_t> parse_cookie_date(std::string_view text);

// What a server may make us keep.
struct cookie_limits {
  size_t size = 4096;         // Of name and value together: browsers keep no more.
  size_t of_a_domain = 50;    // As RFC 6265 asks for at least.
  size_t in_all = 3000;
};

class cookie_jar {
 public:
  explicit cookie_jar(cookie_limits l = {}) : limits_(l) {}

  // One field Set-Cookie of an answer that came from this URL. `now`: seconds since 1970. False: it is not kept,
  // because it is no cookie, or not this server's to set. One whose time is over takes the old one away.
  bool take(const url& from, std::string_view field, int64_t now);

  // The value of the field Cookie for a request to this URL; empty: there is none to send.
  std::string header(const url& to, int64_t now);

  size_t size() const { return all_.size(); }

 private:
  struct cookie {
    std::string name, value, domain, path;
    bool host_only = true, secure = false;
    std::optional<int64_t> expires;  // None: as long as the jar.
    uint64_t made = 0;               // The order in which they were first set.
    uint64_t used = 0;
  };
  struct attributes;
  static attributes read_attributes(std::string_view text, int64_t now);
  static bool sendable(const cookie& c, const url& to);
  void drop_expired(int64_t now);
  void make_room(const std::string& domain);

  cookie_limits limits_;
  std::vector<cookie> all_;
  uint64_t steps_ = 0;
};

}  // namespace tharsis
