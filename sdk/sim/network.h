// Who is where, and how a packet fares between two machines. Ports belong to their machine.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/sim/conditions.h"
#include "sdk/sim/path.h"
#include "sdk/sim/scheduler.h"

namespace tharsis::sim {

class listener;
class datagram_socket;
class connection;

// 2026-01-01 00:00:00 UTC, when a world's clock stood at 0: runs do not depend on today.
inline constexpr int64_t wall_at_zero = 1'767'225'600'000'000'000;

// A machine as the network sees it.
struct host {
  size_t number = 0;
  std::vector<tharsis_address> addresses;  // Without the loopback's.
  bool up = true;
  conditions like;
  bool asleep = false;
  instant asleep_since{};
  duration slept{};  // In all, without the sleep that lasts; its monotonic clock lags behind by so much.
  std::vector<listener*> listeners;  // Each takes itself off when it closes.
  std::vector<datagram_socket*> datagrams;
  uint16_t next_port = 0;

  void set_addresses(const std::vector<std::string>& texts);
  // Can a socket be bound to this address here?
  bool owns(const tharsis_address& ip) const;
  uint16_t ephemeral_port();
};

// Does a socket bound to `bound` hear what is sent to `to`?
bool hears(const tharsis_address& bound, const tharsis_address& to);
// Would two sockets on these addresses take each other's packets?
bool collide(const tharsis_address& a, const tharsis_address& b);

class network {
 public:
  network(scheduler& s, dice& d) : time(s), chance(d) {}
  network(const network&) = delete;

  int64_t wall(const host& of) const { return wall_at_zero + nanoseconds(time.now() + of.like.clock_ahead); }

  host& add_host(const std::vector<std::string>& addresses);
  path& between(const host& a, const host& b) { return route_between(a, b).terms; }

  // Whom `from` reaches at this address; null: nobody has it.
  host* find(host& from, const tharsis_address& ip) const;
  // The address `from` would send with; nothing: it has none of that family.
  std::optional<tharsis_address> source(const host& from, const tharsis_address& to) const;

  // One packet of `size` bytes payload on its way now. One without payload does not wait in line: were
  // acknowledgements held up by what they acknowledge, a thin line would need a real TCP's control.
  struct fate {
    instant departs;                 // After the queue before it.
    std::optional<instant> arrives;  // Nothing: it was lost. Ask passable() then, too.
  };
  fate carry(const host& from, const host& to, size_t size);
  bool passable(const host& from, const host& to) {
    return to.up && !to.asleep && !from.asleep && !between(from, to).black_hole;
  }

  void add(const std::shared_ptr<connection>& c);
  // Every connection between the two that somebody still holds, oldest first.
  std::vector<std::shared_ptr<connection>> connections(const host& a, const host& b) const;
  std::vector<std::shared_ptr<connection>> connections(const host& a) const;

  // What the system's resolver knows.
  struct name {
    std::vector<tharsis_address> addresses;
    duration after;
  };
  std::map<std::string, name> names;

  // What nobody hears on the sender's own loopback, another machine may.
  bool one_loopback = false;

  // The world's next strand; 0 names none.
  tharsis_handle new_strand() { return ++strands_; }

  scheduler& time;
  dice& chance;

 private:
  struct route {
    path terms;
    instant free_at[2]{};  // When the line has sent what was given to it, each way.
  };
  route& route_between(const host& a, const host& b);

  std::vector<std::unique_ptr<host>> hosts_;
  std::map<std::pair<size_t, size_t>, route> routes_;  // The lower number first.
  std::vector<std::weak_ptr<connection>> connections_;
  tharsis_handle strands_ = 0;
};

}  // namespace tharsis::sim
