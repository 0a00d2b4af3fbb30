// The target and its controls: connection, TLS, page. Where one of them is broken, at once what differs from it in one factor.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "plugins/sdt/bench.h"
#include "plugins/sdt/size_branch.h"
#include "plugins/sdt/tls_trial.h"
#include "sdk/async/signal.h"
#include "sdk/async/stream.h"
#include "sdk/async/task_set.h"

namespace tharsis::sdt {

class target_branch {
 public:
  // What goes on beside is of `branches`, who is cleared before this goes.
  target_branch(bench& b, task_set& branches) : bench_(b), branches_(branches), sizes_(b) {}
  target_branch(const target_branch&) = delete;

  // One address of the target.
  task<void> look_at(tharsis_address to);
  // Another host that ought to take a connection.
  task<void> look_at_control(tharsis_address to);
  // Does a tunnel through it stand, where the straight way may not?
  task<void> look_at_proxy(proxy through);

 private:
  task<void> follow_way(tharsis_address to);
  task<void> explain_silence(tharsis_address to);
  task<void> explain_if_silent(tharsis_address to, std::shared_ptr<signal> over);
  task<void> shake_hands(std::unique_ptr<stream> wire, tharsis_address to);
  task<void> contrast(probe_role role, tharsis_address to, std::string sni);
  task<void> explain_tls(tharsis_address to);
  task<tls_outcome> try_tls(probe_role role, std::unique_ptr<stream> wire, tharsis_address to, std::string sni, std::string expected,
                            std::unique_ptr<tls_trial>* keep);
  std::string other_name() const;

  bench& bench_;
  task_set& branches_;
  size_branch sizes_;
  bool explained_[2] = {false, false};  // The silence of one address of each family is explained.
  std::optional<tharsis_address> second_best_;  // Of IPv6, that connects.
  bool downloaded_ = false;
};

}  // namespace tharsis::sdt
