// Minor links: long links beside those of the profile, one or a few for each host that tasks name, made when a task
// wants one and closed when none does.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct minor_settings {
  std::string name;
  std::string like;                // The link whose settings they have, but for the endpoint.
  std::vector<std::string> hosts;  // That tasks may name: "media.example.com", or "*.example.com" for all below it.
  int64_t port = 0;                // 0: that of the link's first endpoint.
  // To one host. Mars' number: a second connection to the same machine helps only where one answer blocks the next.
  int64_t most = 1;
  // To all hosts together: each one costs a server, and a radio, its heartbeat.
  int64_t in_all = 8;
  // As of a link on demand.
  duration idle_after = 60s;
  bool operator==(const minor_settings&) const = default;
};

inline bool is_pattern(std::string_view host) { return host.starts_with("*."); }
// A pattern is no host.
inline bool is_host_of(std::string_view pattern, std::string_view host) {
  if (!is_pattern(pattern)) return pattern == host;
  pattern.remove_prefix(1);
  return !is_pattern(host) && host.size() > pattern.size() && host.ends_with(pattern);
}

// What a task has that may go over one.
struct minor_request {
  uint32_t pool = 0;        // Which minor links, from 1 on; 0: none.
  std::string host;
  bool alone = true;        // Over nothing else.
  size_t otherwise = SIZE_MAX;  // The long link that it goes over where none is available.
};

// One of those to the host.
struct minor_link {
  bool up = false;
  size_t waiting = 0;  // Tasks without an answer.
};

struct minor_verdict {
  enum class way { use, open, none };
  way what = way::none;
  size_t which = 0;  // use: of those to the host.
};

// `in_all`: how many there are, to whatever host. `alone`: the task waits for one rather than go elsewhere.
inline minor_verdict choose_minor(std::span<const minor_link> to_host, size_t in_all, bool alone, const minor_settings& s) {
  std::optional<size_t> best;
  for (size_t i = 0; i < to_host.size(); ++i) {
    const auto rank = [&](size_t n) { return to_host[n].waiting * 2 + (to_host[n].up ? 0 : 1); };
    if (!best || rank(i) < rank(*best)) best = i;
  }
  if (best && to_host[*best].waiting == 0 && (to_host[*best].up || alone)) return {minor_verdict::way::use, *best};
  const bool has_room = to_host.size() < static_cast<size_t>(s.most) && in_all < static_cast<size_t>(s.in_all);
  if (has_room) return {minor_verdict::way::open};
  if (best && alone) return {minor_verdict::way::use, *best};
  return {};
}

}  // namespace tharsis::stn
