// How the links are and were, as `tharsis stn status` and `tharsis stn explain` show it; and as the text of the
// file by which they learn it from the stn that runs.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/stn/core/link_history.h"
#include "plugins/stn/core/second_report.h"
#include "plugins/stn/core/traffic.h"
#include "plugins/stn/core/lane_report.h"
#include "plugins/stn/core/udp_report.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

struct link_report {
  std::string name;
  uint32_t state = 0;  // THARSIS_STN_DOWN, ...
  uint32_t phase = 0;  // THARSIS_STN_PHASE_*.
  uint32_t why = 0;
  std::string reason, endpoint, address;
  int64_t since = 0;  // Of the state, wall.
  uint64_t connects = 0, waiting = 0, bytes_sent = 0, bytes_received = 0;
  duration rtt{}, heartbeat{};  // 0: unknown.
  duration remembers{};         // So long its server knows a key that it has carried out; 0: it has not said that it does.
  uint32_t heartbeat_from = 0;  // heartbeat::source.
  udp_report udp;
  second_report second;
  lane_report lanes;
  std::vector<cause> causes;
  std::vector<incident> incidents;  // The oldest first.
};

struct group_report {
  std::string name;
  uint32_t choose = 0;  // group_settings::choice.
  std::vector<std::string> links;
};

struct links_report {
  int64_t wall = 0;      // When it was written.
  bool running = true;   // False: stn had stopped then.
  uint32_t network = 0;  // THARSIS_STN_NETWORK_*.
  bool weak = false;
  uint32_t weak_because = 0;  // THARSIS_STN_WEAK_*.
  traffic_table traffic{};
  int64_t segments = 0;  // The largest of this network's connections, bytes; 0: as the system likes.
  bool has_outbox = false;
  uint64_t outbox_tasks = 0, outbox_bytes = 0;  // That are open there.
  std::vector<link_report> links;
  std::vector<group_report> groups;

  const link_report* find(std::string_view link) const;
};

// By THARSIS_STN_DOWN ..., by heartbeat::source, and by THARSIS_STN_PHASE_*.
inline constexpr const char* state_names[] = {"down", "connecting", "up"};
inline constexpr const char* heartbeat_sources[] = {"shortest", "learned", "server", "application"};
// By THARSIS_STN_WEAK_*.
inline constexpr const char* weak_names[] = {"nothing", "connect_slow", "connect_second", "task_slow", "task_failed", "link_lost", "tasks_late"};
inline constexpr const char* phase_names[] = {"down", "resolve", "connect", "tls", "prove", "auth", "ready"};

// By group_settings::choice.
inline constexpr const char* choice_names[] = {"first_up", "least_waiting", "round_robin"};

std::string_view phase_name(uint32_t phase);
std::string_view network_name(uint32_t status);

std::string book_text(const links_report& r);
result<links_report> parse_links_report(std::string_view text);

// `now`: the wall's clock.
std::string status_text(const links_report& r, int64_t now);
std::string status_json(const links_report& r, int64_t now);
// Of all links, or of one.
std::string explain_text(const links_report& r, std::string_view link, int64_t now);
std::string explain_json(const links_report& r, std::string_view link, int64_t now);

}  // namespace tharsis::stn
