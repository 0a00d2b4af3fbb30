// TCP and UDP flows as seen from the middle: which of them a NAT still knows, and the sequence
// numbers that a reset must have to be believed.
//
// Pure: told each packet once when it comes, and once more when it has arrived.
#pragma once
#include <array>
#include <list>
#include <map>

#include "sdk/pure/time.h"
#include "tests/lab/relay/packet.h"

namespace tharsis::lab {

struct flow_end {
  std::optional<uint32_t> sent;       // Behind all that it sent.
  std::optional<uint32_t> confirmed;  // What it expects next, in its own words.
  std::optional<uint32_t> arrived;    // What it expects next, by what was brought to it without a gap.
  std::optional<uint32_t> first;      // The number of its SYN.
  bool finished = false;
};

struct flow {
  uint8_t protocol = 0;
  tharsis_address inside{}, outside{};
  instant last{};
  bool forgotten = false;  // By a NAT, for ever.
  bool closed = false;
  flow_end ends[2];  // By the direction that it sends in.

  // What was said before any answer, until it is known whether it is a ClientHello that is looked for.
  bytes hello;
  bool hello_read = false;
  bool cut = false;  // Because of its ClientHello.

  // Something of it got through: it is no call into a black hole.
  bool lives() const {
    const auto heard = [](const flow_end& end) { return end.arrived || end.confirmed; };
    return protocol == protocol_tcp && !closed && !forgotten && !cut && (heard(ends[0]) || heard(ends[1]));
  }

  flow_end& sender(direction way) { return ends[static_cast<size_t>(way)]; }
  flow_end& receiver(direction way) { return ends[static_cast<size_t>(opposite(way))]; }
};

struct injected {
  direction way;
  bytes packet;
};

// To both ends, as far as there is one that would believe it; the flow is closed then.
std::vector<injected> resets_of(flow& f);

class flow_table {
 public:
  struct seen {
    flow* known = nullptr;  // None: neither TCP nor UDP, or a later fragment.
    bool forgotten = false;
  };
  // `forgets_after`: of the NAT, 0 without one. The flow is good until the next call.
  seen on_packet(const packet& p, direction way, instant now, duration forgets_after);

  void on_arrived(const packet& p, direction way);

  void forget_all();
  std::vector<injected> reset_all();

  size_t size() const { return flows_.size(); }
  uint64_t connections() const { return connections_; }

 private:
  using key = std::array<uint8_t, 38>;
  static key key_of(const packet& p, direction way);

  struct entry {
    flow state;
    std::list<key>::iterator place;
  };
  std::map<key, entry>::iterator make(const key& k, const packet& p, direction way, instant now);

  std::map<key, entry> flows_;
  uint64_t connections_ = 0;  // Of TCP, that somebody has begun, answered or not.
  std::list<key> by_age_;  // The one that was silent longest first.
};

}  // namespace tharsis::lab
