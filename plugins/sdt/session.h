// One diagnosis: everything that is asked about the network and the target, side by side, until its deadline.
//
// No branch waits for another's success; a branch that finds its thing broken looks at once at what differs from it in one
// factor. A change of the network in the middle begins anew, so that a report is about one network.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "plugins/sdt/bench.h"
#include "plugins/sdt/name_branch.h"
#include "plugins/sdt/noop_branch.h"
#include "plugins/sdt/target_branch.h"
#include "sdk/async/network_watch.h"
#include "sdk/async/task_set.h"

namespace tharsis::sdt {

class session {
 public:
  session(const host& tables, strand& place, resolver& names, const trust& t, wish w);
  session(const session&) = delete;

  std::function<void(std::string_view)> progress = [](std::string_view) {};

  // Once. Destroying the session ends it at once.
  task<observations> run();
  // A link of stn has had a sign of life.
  void on_pong(const std::string& link, const std::string& address);
  // What was seen so far, of a session that is given up.
  observations take_so_far();

 private:
  void begin(duration most);
  void describe();
  task<void> look();
  task<void> watch_gateways(machine_view view);
  task<void> load();
  const canary* large_page() const;

  const host host_;
  strand& place_;
  resolver& names_;
  const trust& trust_;
  const wish wish_;
  network_watch network_;
  uint64_t generation_ = 0;
  bool changed_ = false;
  // Made anew where the network changes, with nothing running.
  std::unique_ptr<bench> bench_;
  std::unique_ptr<target_branch> target_;
  std::unique_ptr<name_branch> names_of_;
  std::unique_ptr<noop_branch> noops_;
  task_set branches_;  // Last: they use all that is above.
};

}  // namespace tharsis::sdt
