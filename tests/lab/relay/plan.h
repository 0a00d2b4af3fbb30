// What the network does and when: complete states, each valid from its time on. Reading one says
// where a mistake stands.
#pragma once
#include <array>
#include <optional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/diagnostic.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"
#include "tests/lab/relay/packet.h"

namespace tharsis::lab {

// One direction's line. Zero: nothing of the kind.
struct line_faults {
  duration delay{}, jitter{};
  double loss = 0;
  double burst_enter = 0, burst_leave = 1, burst_loss = 1;  // Gilbert-Elliott, a step for each packet.
  double reorder = 0, duplicate = 0, corrupt = 0;
  uint64_t rate_bps = 0;
  size_t queue_packets = 1000;  // Counts where there is a rate.
  size_t drop_over = 0;         // Bytes of an IP packet.
  bool icmp = false;            // Tells the sender of what drop_over dropped.
};

struct network_prefix {
  tharsis_address address{};  // No family: any.
  unsigned length = 0;

  bool holds(const tharsis_address& candidate) const;
};

// "198.51.100.0/24", "2001:db8::1".
result<network_prefix> parse_prefix(std::string_view text);

struct block_rule {
  enum class answer { silence, reset, unreachable };
  bool up = true, down = true;
  network_prefix remote;  // The outside end.
  uint16_t port = 0;      // At the remote; 0: any.
  uint8_t protocol = 0;   // 0: any; ICMP stands for both versions.
  answer says = answer::silence;

  bool fits(const packet& p, direction way) const;
};

struct forge_rule {
  std::string name;
  tharsis_address address{};
  network_prefix servers;
  bool only = false;  // The true query goes no further.
};

struct client_hello_rule {
  std::string name;
  bool reset = false;  // Else silence.
};

struct network_state {
  duration at{};  // Since the plan's start.
  std::array<line_faults, 2> lines;  // By direction.
  std::vector<block_rule> blocked;
  duration nat_forgets_after{};  // 0: there is none.
  duration reset_every{};
  std::vector<forge_rule> forged;
  std::vector<client_hello_rule> client_hellos;

  const line_faults& line(direction way) const { return lines[static_cast<size_t>(way)]; }
};

using plan = std::vector<network_state>;  // Never empty, the first at 0.

// Empty when there are problems.
plan parse_plan(const std::shared_ptr<const runtime::source>& in, runtime::diagnostics& problems);

// The name itself or one below it; neither case nor a last dot matter.
bool is_at_or_below(std::string_view name, std::string_view top);

}  // namespace tharsis::lab
