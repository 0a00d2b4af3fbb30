// The watchdog of a runtime: looks at the plugins' strands from the runtime's own, tells of callbacks
// that block them, and does what the profile wants done. What is too long, watchdog.h decides.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "runtime/bus.h"
#include "runtime/host_keys.h"
#include "runtime/log_hub.h"
#include "runtime/watchdog.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/metrics.h"

namespace tharsis::runtime {

class stall_watch {
 public:
  struct watched {
    std::string plugin;
    tharsis_handle strand;
    duration limit;
    stall_policy policy;
    counter stalls{};  // Of which there were so many.
  };
  struct acts {
    std::function<void(size_t plugin, std::string reason)> fail;  // The plugin cannot go on.
    std::function<void()> abort;                                  // The process ends.
    std::function<void()> changed;                                // stall_of() answers something else.
  };

  // Everything [the runtime's strand]. What is given outlives it.
  stall_watch(const tharsis_platform& platform, const tharsis_strand& own, bus& events, log_hub& log, acts a);
  stall_watch(const stall_watch&) = delete;

  // The plugin with this index has another strand, or another limit; what was seen of it is forgotten.
  void watch(size_t plugin, watched w);

  // Looks until the strand is closed.
  void begin();

  // "start() has been running for more than 2000 ms"; empty: no callback of the plugin is stalled.
  std::string stall_of(size_t plugin) const;
  // "plugin 'x' (an event of stn.link)": who has the plugin's thread now; empty: nobody but itself.
  std::string who_holds_thread_of(size_t plugin) const;

 private:
  struct stall {
    std::string callback;  // Empty: none.
    bool fails = false;    // Once it has come back.
  };

  static void on_round(void* context, tharsis_handle);
  void arm();
  void look();
  void on_stall(const watchdog::finding& found, const tharsis_activity& running);
  void on_end(const watchdog::finding& found);
  void publish(size_t plugin, duration lasted, bool over, std::string_view stack);
  void abort_soon();
  instant now() const { return instant_from(own_.loop->now(own_.loop->self)); }

  const tharsis_platform& platform_;
  const tharsis_strand& own_;
  bus& bus_;
  log_hub& log_;
  std::vector<watched> plugins_;
  const acts acts_;
  watchdog watchdog_;
  std::vector<stall> stalls_;
  tharsis_handle topic_ = 0;
};

}  // namespace tharsis::runtime
