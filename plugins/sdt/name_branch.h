// The target's name: what this network's resolvers say, what those say who prove their name, and who else answers. Each address that is
// learned is looked at at once.
#pragma once
#include <map>
#include <vector>

#include "plugins/sdt/bench.h"
#include "plugins/sdt/name_probe.h"
#include "plugins/sdt/survey.h"
#include "plugins/sdt/target_branch.h"
#include "sdk/async/task_set.h"

namespace tharsis::sdt {

class name_branch {
 public:
  // `target` looks at what is learned, as one of `branches`, who is cleared before this goes.
  name_branch(bench& b, task_set& branches, target_branch& target) : bench_(b), branches_(branches), target_(target), vouched_(b.place) {}
  name_branch(const name_branch&) = delete;

  // All that are to be asked.
  task<void> look(machine_view view);
  // Whether this network translates IPv4, where there is none of it and IPv6 leads out: the prefix, into what was seen of IPv6's way.
  task<void> ask_translator(machine_view view);
  // This machine alone, as any program asks it.
  task<void> ask_host();
  // At the end: what stands in the target's place is called so.
  void name_roles();

 private:
  struct source {
    tharsis_address address{};
    bool system = false, truth = false;
    bool tried = false;
  };
  task<void> ask_system(tharsis_address server, record_type type, bool from_older_network);
  task<void> ask_trusted(trusted_resolver server, record_type type);
  task<void> ask_missing(tharsis_address server);
  task<void> ask_strangers(tharsis_address at);
  task<void> ask_stranger(tharsis_address at, std::string name, bool* came = nullptr);
  task<void> ask_identity(tharsis_address network_server);
  task<void> ask_who(trusted_resolver server);
  // A control that nobody here takes for a resolver.
  const tharsis_address* stranger(const machine_view& view) const;
  void learn(const std::vector<tharsis_address>& addresses, bool truth);

  bench& bench_;
  task_set& branches_;
  target_branch& target_;
  // Is there anything more to be heard from those who prove their names?
  bool wants_truth() const;
  std::vector<source> sources_;
  // Questions to those that have no answer yet, and what was asked: whether one of them has told.
  size_t unanswered_ = 0;
  std::map<record_type, bool> truth_;
  signal vouched_;
};

}  // namespace tharsis::sdt
