// One diagnosis: everything that is asked about the network and the target, side by side, until its deadline.
//
// No branch waits for another's success; a branch that finds its thing broken looks at once at what differs from it in one
// factor. A change of the network in the middle begins anew, so that a report is about one network.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdt/bench.h"
#include "plugins/sdt/name_probe.h"
#include "plugins/sdt/survey.h"
#include "plugins/sdt/tcp_probe.h"
#include "plugins/sdt/tls_trial.h"
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
  // What was seen so far, of a session that is given up.
  observations take_so_far();

 private:
  struct source {
    tharsis_address address{};
    bool system = false, truth = false;
    bool tried = false;
  };

  task<void> look();
  task<void> load();
  void begin(duration most);
  void describe();
  task<void> look_at_names(machine_view view);
  task<void> ask_system(tharsis_address server, record_type type);
  task<void> ask_trusted(trusted_resolver server, record_type type);
  task<void> ask_host();
  task<void> ask_missing(tharsis_address server);
  task<void> ask_stranger(tharsis_address at);
  task<void> watch_gateways(machine_view view);
  task<void> look_at(tharsis_address to);
  task<void> look_at_control(tharsis_address to);
  task<void> look_at_proxy(proxy through);
  task<void> explain_silence(tharsis_address to);
  task<void> explain_if_silent(tharsis_address to, std::shared_ptr<signal> over);
  bool behind_portal() const;
  bool at_login_nearby() const;
  task<void> shake_hands(std::unique_ptr<stream> wire, tharsis_address to);
  task<void> contrast(probe_role role, tharsis_address to, std::string sni);
  task<void> explain_tls(tharsis_address to);
  task<void> measure(tharsis_address to, bool anyway);
  uint32_t packet_of(tharsis_address to) const;
  task<void> note_stall(task<segment_probe> attempt, bool* stalled);
  task<bool> stalls_twice(std::function<task<segment_probe>()> attempt);
  task<void> measure_up(tharsis_address to);
  task<void> measure_down(tharsis_address to, bool http);
  task<tls_outcome> try_tls(probe_role role, std::unique_ptr<stream> wire, tharsis_address to, std::string sni, std::string expected,
                            std::unique_ptr<tls_trial>* keep);

  void learn(const std::vector<tharsis_address>& addresses, bool truth);
  void name_roles();
  bool deep() const { return wish_.how_deep >= depth::medium; }
  std::string other_name() const;

  const host host_;
  strand& place_;
  resolver& names_;
  const trust& trust_;
  const wish wish_;
  std::unique_ptr<bench> bench_;
  std::vector<source> sources_;
  bool explained_[2] = {false, false};  // The silence of one address of each family is explained.
  std::optional<tharsis_address> second_best_;  // Of IPv6, that connects.
  bool measured_ = false, downloaded_ = false;
  network_watch network_;
  uint64_t generation_ = 0;
  bool changed_ = false;
  task_set branches_;
};

}  // namespace tharsis::sdt
