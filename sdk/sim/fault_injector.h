// Carries a plan of faults out in a world: conditions come and go, steps of plugins fail.
//
// It must outlive the runtimes on the machines, and may go only when the world is not run any more.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sdk/abi/bus.h"
#include "sdk/sim/faults.h"
#include "sdk/sim/world.h"

namespace tharsis::sim {

// Everybody and everything on these machines; `plugins` are what runs on each, in the same order.
fault_targets targets_of(const std::vector<machine*>& machines, const std::vector<std::vector<std::string>>& plugins,
                         duration span);

class fault_injector {
 public:
  struct strike {
    fault what;
    instant at;
  };

  // The plan's times count from now.
  fault_injector(world& w, std::vector<machine*> machines, std::vector<fault> plan);
  ~fault_injector();
  fault_injector(const fault_injector&) = delete;

  const std::vector<fault>& plan() const { return plan_; }
  // What has come true so far: a start that never came cannot fail.
  const std::vector<strike>& struck() const { return struck_; }
  // Hears of the begin and the end of each, and carries a reload out, which only the runtime's owner can.
  void on_strike(std::function<void(const fault&, bool begins)> tell) { tell_ = std::move(tell); }

 private:
  // The host as one plugin sees it: its bus may refuse.
  struct seen_host {
    tharsis_host table{};
    tharsis_bus bus{};
    const tharsis_host* host = nullptr;  // The runtime's.
    const tharsis_bus* real_bus = nullptr;
    bool refuses = false;
    bool gone = false;
  };
  using plugin_key = std::pair<std::string, std::string>;  // Machine and id.
  // How a machine's network differs from the one it began in.
  struct roaming {
    attachment home;
    bool lost = false, away = false;
  };

  void begin(const fault& f);
  void end(const fault& f);
  void strike_plugin(const fault& f);
  void strike_path(const fault& f);
  void strike_machine(const fault& f);
  void end_on_machine(const fault& f);
  void join(machine& m);
  void note(const fault& f);
  tharsis_status before_step(machine& on, const std::string& plugin, const std::string& step, const tharsis_host*& host,
                             tharsis_error* error);
  const fault* due(const plugin_key& plugin, fault_kind kind);
  seen_host& wrap(const plugin_key& plugin, const tharsis_host* host);
  machine& named(const std::string& name) const;

  world& world_;
  const instant start_;
  std::vector<machine*> machines_;
  std::vector<fault> plan_;
  std::vector<bool> used_;  // Of the faults of steps.
  std::vector<strike> struck_;
  std::map<plugin_key, seen_host> hosts_;
  std::map<std::string, roaming> networks_;  // Of each machine.
  std::function<void(const fault&, bool begins)> tell_;
};

}  // namespace tharsis::sim
