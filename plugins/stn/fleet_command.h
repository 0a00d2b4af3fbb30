// `tharsis stn simulate-fleet`: many clients with the decisions of real links, on virtual time, against servers that fail.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/fleet_report.h"
#include "plugins/stn/core/overload_run.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class fleet_command {
 public:
  fleet_command(const host& tables, strand& place) : place_(place), host_(tables), work_(place) {}
  fleet_command(const fleet_command&) = delete;

  // In the place of the plugin's start. 0: the link's settings met the goal in every incident; 1: not; 2: the words, or
  // the scenario, make no sense.
  void run(const command_call& call);

  // What is under way is given up.
  task<void> stop();

 private:
  error read(const command_call& call);
  error unused() const;
  error unheeded() const;
  uint64_t seed() const { return static_cast<uint64_t>(seed_.value_or(1)); }
  task<void> work();
  task<void> overload();
  task<bool> simulate(fleet_policy policy);
  void progress(const std::string& policy, duration now) const;
  task<bool> write_plot();

  strand& place_;
  const host host_;
  std::optional<command_call> call_;
  std::shared_ptr<fleet_scenario> scenario_;  // Shared with threads that may outlive a stop.
  std::vector<fleet_policy> policies_;
  std::vector<overload_policy> overload_policies_;
  std::vector<fleet_result> results_;
  int64_t clients_ = 0;
  std::optional<int64_t> seed_;
  std::string file_, plot_;
  bool json_ = false, alone_ = false, print_ = false, help_ = false, overload_ = false;
  task_set work_;
};

}  // namespace tharsis::stn
