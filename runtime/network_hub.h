// Where a runtime's knowledge of network, sleep and host comes together: observations and inputs go into
// network_state, what it tells goes to the bus, the log and the plugins.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/bus.h"
#include "runtime/network_inputs.h"
#include "runtime/network_state.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Borrows the texts of `facts`.
tharsis_network_state state_of(const network_facts& facts);

class network_hub {
 public:
  struct snapshot {
    uint64_t version;  // Counts what was told, of whatever kind.
    network_facts facts;
  };
  struct outside {
    const tharsis_platform* platform;
    const tharsis_strand* strand;                    // The runtime's.
    std::function<void(std::function<void()>)> send;  // Runs it there. [any thread]
    std::function<void()> on_change;                  // [the runtime's strand]
    std::function<void(const std::string& line)> log;  // [the runtime's strand]
  };

  network_hub(bus& events, const network_settings& s);
  network_hub(const network_hub&) = delete;

  // Looks from now on. Ends with the strand. [the runtime's strand]
  void open(outside o);

  std::shared_ptr<const snapshot> now() const;  // [any thread]
  // As tharsis_network's. [any thread, after open()]
  tharsis_status survey(tharsis_on_survey see, void* context, tharsis_error* error) const;

  // What was told before open() is not lost. [any thread]
  std::optional<error> tell(const tharsis_runtime_inputs& given);
  std::optional<error> tell(const std::map<std::string, std::string>& words);

 private:
  static void on_observation(void* context, const tharsis_observation* seen);
  static void on_timer(void* context, tharsis_handle);
  std::optional<error> take(const std::function<std::optional<error>(network_inputs&)>& add);
  void advance();
  void look_at_clock();
  void arm();
  void publish(const network_facts& facts);
  instant time() const;

  bus& bus_;
  tharsis_handle topic_ = 0;
  network_state machine_;  // Of the runtime's strand.
  outside outside_;
  tharsis_handle timer_ = 0;

  mutable std::mutex mutex_;
  std::shared_ptr<const snapshot> now_;
  network_inputs inputs_;
  std::function<void(std::function<void()>)> send_;  // Once opened.
};

}  // namespace tharsis::runtime
