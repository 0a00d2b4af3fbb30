// What is told of network, sleep and host, and when. Pure: looks, clocks and inputs come in with the time.
//
// A network that flaps is told of once it has been still. Three things are not kept waiting: a network
// after none, another one when the addresses of the old are gone, and the end of a sleep. But who was told
// of a change a moment ago is not told again at once: each change soon after another waits twice as long.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "runtime/network_look.h"
#include "runtime/settings.h"

namespace tharsis::runtime {

// All that the host application has said so far.
struct network_inputs {
  int32_t foreground = 1;
  int32_t metered = -1;
  uint32_t type = THARSIS_NETWORK_UNKNOWN;  // UNKNOWN and empty: what is observed.
  std::string network, account, proxy, device;

  friend bool operator==(const network_inputs&, const network_inputs&) = default;
};

// As tharsis_network_state.
struct network_facts {
  uint64_t generation = 1;
  uint32_t type = THARSIS_NETWORK_UNKNOWN, families = 0, mtu = 0;
  int32_t metered = -1, foreground = 1;
  std::string id, interface, account, proxy, device;
  int64_t woke = 0;

  friend bool operator==(const network_facts&, const network_facts&) = default;
};

class network_state {
 public:
  explicit network_state(const network_settings& s) : settings_(s) {}

  // The first look teaches what is there; it is no change of way.
  void on_look(network_look seen, instant now);
  // `asleep`: how long the machine has slept in all; `wall`: ns since 1970.
  void on_clock(duration asleep, int64_t wall);
  void on_inputs(const network_inputs& all);

  instant deadline() const { return waiting_ ? due_ : never; }
  void on_deadline(instant now);

  const network_facts& facts() const { return facts_; }
  // Have the facts changed since the last time?
  bool take_change() { return std::exchange(changed_, false); }

 private:
  int restless(instant now) const;
  instant due(instant now) const;
  bool urgent() const;
  void settle(network_look seen, instant now);
  void tell(bool another_way);

  const network_settings settings_;
  bool looked_ = false;
  network_look settled_;                // What was told.
  std::optional<network_look> waiting_;  // What differs from it.
  instant waiting_since_{}, seen_at_{}, due_{};
  std::optional<instant> settled_at_;  // The last change; nothing: long ago.
  int restless_ = 0;
  std::optional<duration> asleep_;
  network_inputs inputs_;
  network_facts facts_;
  std::string last_id_;  // The last that was known since traffic took another way.
  bool changed_ = false;
};

}  // namespace tharsis::runtime
