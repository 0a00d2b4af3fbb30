// The kernel's view of the network: questions to rtnetlink, and a bell that rings when the answers may
// have changed. For anybody else but rtnetlink's own reader this is a black box that looks.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/netlink_reader.h"
#include "sdk/abi/platform.h"

namespace tharsis::runtime {

class kernel_network {
 public:
  kernel_network() = default;
  ~kernel_network();
  kernel_network(const kernel_network&) = delete;

  //   THARSIS_E_UNSUPPORTED, THARSIS_E_DENIED, THARSIS_E_BUSY
  tharsis_status open(tharsis_error* error);

  // Both are edge-triggered: read changed() after each edge. The second rings when the machine has woken,
  // or somebody has set the clock; -1: this kernel has none.
  int bell() const { return notices_; }
  int clock_bell() const { return clock_; }
  // Empties both bells; answers whether another look is worth while.
  bool changed();

  // All of the machine's network at once, with a connection to the kernel of its own: open_questions() alone is needed.
  tharsis_status open_questions(tharsis_error* error);
  tharsis_status survey(tharsis_on_survey see, void* context, tharsis_error* error);

  // Valid until the next look. Null: the kernel does not answer any more.
  const tharsis_observation* look();

 private:
  struct way {
    kernel_route route;
    kernel_link link;
    uint32_t type = 0;
    std::vector<uint8_t> hardware;
  };

  bool ask(const void* request, size_t size, netlink_reader& answer);
  way find_way(int family);
  void find_hardware(way& w);
  bool tells_news(const netlink_notice& n) const;
  void arm_clock();

  int questions_ = -1, notices_ = -1, clock_ = -1;
  uint32_t sequence_ = 0;
  bool lost_ = false;  // The kernel has refused what it must answer.
  way v4_, v6_;
  std::vector<tharsis_address> addresses_;
  std::vector<uint8_t> piece_;
  tharsis_observation seen_{};
};

// Is the radio of this interface switched off, by a person or by a key? `classes`: as the kernel shows them, /sys/class. Whoever has a
// switch of his own (a WLAN card) is told by that one; for others it is off where all of their kind are.
bool is_radio_off(const std::string& interface, uint32_t type, const std::string& classes);

// As tharsis_network's survey. [any thread]
tharsis_status survey_network(tharsis_on_survey see, void* context, tharsis_error* error);

}  // namespace tharsis::runtime
