// A simulated world: machines, the network between them, disks, one virtual clock, one seed.
//
// Everything happens on the calling thread. Among what is ready, the seed chooses what runs next; the
// clock jumps to the next thing to come. The same seed and the same calls give the same run, byte for
// byte. A machine's platform is what a runtime stands on, so real plugins run in here unchanged.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/abi/platform.h"
#include "sdk/pure/time.h"
#include "sdk/sim/conditions.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/path.h"

namespace tharsis::sim {

class machine;

// How a machine is joined to a network.
struct attachment {
  std::string network = "a network";   // What tells it from others; a runtime makes the network's id of it.
  std::vector<std::string> addresses;  // IPs; none: no network.
  std::string interface = "sim0";
  uint32_t type = THARSIS_NETWORK_WIRED;
  uint32_t mtu = 1500;
  bool radio_off = false;              // Switched off, and its interface with it.
  // Of the system's resolver, with port 53; as on a real machine they may have been learned elsewhere.
  std::vector<std::string> name_servers;
};

class world {
 public:
  explicit world(uint64_t seed);
  ~world();
  world(const world&) = delete;

  // `addresses` are IPs: "10.0.0.1". Every machine also has 127.0.0.1 and ::1. Machines may share a disk.
  machine& add_machine(const std::string& name, const std::vector<std::string>& addresses,
                       std::shared_ptr<disk> storage = nullptr);
  std::shared_ptr<disk> make_disk();

  // Names that the simulated system resolver knows; `after` is how long an answer takes.
  void add_name(const std::string& name, const std::vector<std::string>& addresses, duration after = 5ms);

  // Machines share one loopback, as programs do that talk to each other on one machine: what nobody hears
  // on the sender's own goes over the path to another machine that listens.
  void share_loopback();

  // The path between two machines, both ways; the same machine twice: its loopback.
  path& between(machine& a, machine& b);
  // Cut every connection between the two with a reset that both sides see.
  void reset_connections(machine& a, machine& b);
  // Forget every connection between the two without telling anybody: half-open on both sides.
  void forget_connections(machine& a, machine& b);

  instant now() const;
  // Call f at that time, between two steps of the machines.
  void at(instant when, std::function<void()> f);

  // Runs until `done` answers true (asked after every step), nothing is left to happen, or the clock
  // would pass `limit`. Answers whether `done` was.
  bool run_until(const std::function<bool()>& done, instant limit);
  void run_for(duration d);

  uint64_t steps() const;  // Wakes carried out so far.
  uint64_t trace() const;  // Who ran when and what arrived, as one number: equal runs have equal ones.
  uint64_t random();       // From the seed; tests may draw from it too.

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

class machine {
 public:
  ~machine();
  machine(const machine&) = delete;

  const tharsis_platform* platform() const;
  const std::string& name() const;
  std::shared_ptr<disk> storage() const;
  conditions& like();

  // Nothing of its strands of this name runs for so long. Not from inside a wake.
  void stall(const std::string& strand, duration d);
  // The wakes that its strands have carried out, by name.
  std::map<std::string, uint64_t> wakes() const;

  // Who stands between a runtime and its plugins; see tharsis_platform::before_step.
  using interposer = std::function<tharsis_status(const std::string& plugin, const std::string& step,
                                                  const tharsis_host*& host, tharsis_error* error)>;
  void interpose(interposer f);

  const attachment& joined() const;
  // Leaves the network it is in for this one, at once. Connections from addresses that it does not have any
  // more fall silent, as on Linux: nobody is told. The paths to other machines stay what they are.
  void switch_network(const attachment& to);
  void lose_network() { switch_network({"", {}}); }

  // Nothing of it runs, its monotonic clock and its strands' timers stand still, packets to it are lost. (Its
  // TCP's timers go on, unlike a real system's.) Not from inside one of its wakes.
  void sleep();
  void wake();
  // Somebody sets its wall clock, forwards or back.
  void set_clock_by(duration d);

  // The machine loses power: its strands stop where they are, its connections are never heard of
  // again, unsynced bytes of its files may be lost. Until a strand is opened again, which belongs to
  // its next life, nothing that is sent to it arrives. Not from inside one of its wakes.
  void kill();

 private:
  struct parts;
  explicit machine(std::unique_ptr<parts> p);
  std::unique_ptr<parts> parts_;
  friend class world;
};

}  // namespace tharsis::sim
