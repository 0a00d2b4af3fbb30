// The bad network between two ends: takes each packet as it comes, gives back what arrives and when.
//
// A packet meets, in this order: the NAT, blocks, ClientHello filters, size, forged answers, and then
// the line of its direction (line.h). All chance comes from the seed, drawn once for each packet and
// kind of fault in the order the packets come in.
//
// Pure: no clock, no descriptor. The owner hands in packets, sleeps until next_due(), takes what is due.
#pragma once
#include <optional>

#include "tests/lab/relay/flows.h"
#include "tests/lab/relay/line.h"
#include "tests/lab/relay/plan.h"

namespace tharsis::lab {

// Of the packets that travel in one direction.
struct counters {
  uint64_t in_packets = 0, in_bytes = 0;    // That came from the sending side.
  uint64_t out_packets = 0, out_bytes = 0;  // That were handed to the other, the relay's own included.
  std::array<uint64_t, drop_reasons> dropped{};
  uint64_t duplicated = 0, reordered = 0, corrupted = 0;
  uint64_t resets = 0, forged = 0, icmp = 0;  // The relay's own.
};

// {"up":{...},"down":{...},"connections":N}
std::string json_of(const std::array<counters, 2>& both, uint64_t connections);

class relay {
 public:
  relay(plan states, uint64_t seed);

  // Time zero of the plan. Until then its first state holds, without its periodic resets.
  void start(instant now);
  void on_packet(direction way, byte_view read, instant now);
  // By command: the NAT forgets all flows it knows; every known TCP flow is reset.
  void forget();
  void reset(instant now);

  // When to come back; `never` when nothing is under way.
  instant next_due() const;
  // What has arrived by now, one after the other.
  std::optional<injected> take_due(instant now);
  // It was taken, but the other side could not be given it.
  void on_refused(const injected& taken);

  const std::array<counters, 2>& counted() const { return counters_; }
  // Of TCP, that either side has begun, answered or not.
  uint64_t connections() const { return flows_.connections(); }

 private:
  struct on_its_way {
    instant at;
    uint64_t number;  // The first in goes first out.
    injected what;
  };
  static bool comes_later(const on_its_way& a, const on_its_way& b);

  void advance(instant now);
  const network_state& state() const { return plan_[state_]; }
  // True: the packet is dealt with.
  bool meets_nat(const packet& p, direction way, instant now, flow*& known);
  bool meets_block(const packet& p, direction way, instant now);
  bool meets_client_hello(const packet& p, direction way, instant now, flow* known);
  bool meets_size(const packet& p, direction way, instant now);
  bool meets_forger(const packet& p, direction way, instant now);
  void meets_line(const packet& p, direction way, instant now);

  void drop(direction way, drop_reason why) { ++count(way).dropped[static_cast<size_t>(why)]; }
  counters& count(direction way) { return counters_[static_cast<size_t>(way)]; }
  void send(direction way, bytes packet, instant at);
  void send_resets(std::vector<injected> all, instant now);
  void send_icmp(direction way, std::optional<bytes> packet, instant now);

  plan plan_;
  size_t state_ = 0;
  std::optional<instant> started_;
  instant next_reset_ = never;
  std::array<line, 2> lines_;
  std::array<size_t, 2> in_flight_{};
  flow_table flows_;
  std::vector<on_its_way> waiting_;  // A heap.
  uint64_t sent_ = 0;
  std::array<counters, 2> counters_;
};

}  // namespace tharsis::lab
