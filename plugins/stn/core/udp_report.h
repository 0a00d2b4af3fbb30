// How the datagrams beside a link are, for people.
#pragma once
#include <string>

#include "plugins/stn/core/udp_lane.h"

namespace tharsis::stn {

// As THARSIS_STN_DATAGRAMS_NONE ...
enum class udp_state : uint32_t { none, asks, open, off };

struct udp_report {
  udp_state state = udp_state::none;
  std::string reason;         // Unless it is open.
  udp_totals totals;          // Since the link began.
  uint64_t dropped = 0;       // Datagrams that were not the server's, or came again.
  uint64_t loss_permille = 0;  // There and back.
  bool queue_stands = false;
};

inline constexpr const char* udp_state_names[] = {"none", "asks", "open", "off"};

// One line without its end; empty where there is nothing to say.
inline std::string udp_text(const udp_report& r) {
  if (r.state == udp_state::none && r.totals.sent == 0 && r.reason.empty()) return {};
  std::string text = udp_state_names[static_cast<size_t>(r.state)];
  if (!r.reason.empty()) text += ": " + r.reason;
  if (r.totals.sent == 0) return text;
  const auto number = [](uint64_t n, const char* of) { return ", " + std::to_string(n) + of; };
  text += number(r.totals.sent, " sent") + " (" + std::to_string(r.totals.copies) + " copies)" + number(r.totals.won, " won") + number(r.totals.lost, " lost to the connection");
  text += ", " + std::to_string(r.loss_permille / 10) + "." + std::to_string(r.loss_permille % 10) + " % do not come back";
  if (r.dropped > 0) text += number(r.dropped, " dropped");
  if (r.queue_stands) text += "; a queue stands in the network";
  return text;
}

}  // namespace tharsis::stn
