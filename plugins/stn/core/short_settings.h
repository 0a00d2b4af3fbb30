// Every number of a short link. plugin.yaml sets them by these names under stn.short_links.
#pragma once
#include <string>
#include <vector>

#include "plugins/stn/core/http_settings.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/url.h"

namespace tharsis {

inline bool operator==(const url& a, const url& b) { return a.secure == b.secure && a.host == b.host && a.port == b.port && a.target == b.target; }

}  // namespace tharsis

namespace tharsis::stn {

struct short_link_settings {
  std::string name;
  std::vector<url> endpoints;
  std::vector<url> fallback;  // Instead of them from the second attempt on; may be empty.
  http1::field_list headers;  // Of every request; stronger than Mars'.
  std::string codec = "mars";  // What is in the bodies; mars: nothing but the tasks' own.
  // A second attempt finds another server or another moment; a third has never helped Mars.
  int64_t attempts = 2;
  // Between two attempts: a server that restarts, a phone that changes cells.
  duration pause = 1s;
  // Some more than a browser has connections to a host, so that the pool is never idle while tasks wait.
  int64_t parallel = 8;
  // That nothing comes of an answer: two lost packets and a slow server.
  duration answer_timeout = 15s;
  // As answer_timeout, of a task that polls: less than boxes forget a quiet connection in.
  duration long_poll_timeout = 240s;
  bool keep_alive = true;
  http_settings http{};  // Trust, plain, connect_timeout, answer_max and the pool.
  bool operator==(const short_link_settings&) const = default;
};

}  // namespace tharsis::stn
