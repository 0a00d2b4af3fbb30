// What somebody has asked of stn on this network, while it lasts: tells the bus and the log when a remedy begins and ends, and the links.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/remedies.h"
#include "sdk/abi/network.h"
#include "sdk/async/host.h"
#include "sdk/async/resolver.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class healing {
 public:
  // [own strand, as all of this]
  // `names` outlives it: what is asked for about addresses is theirs.
  healing(strand& place, const host& tables, resolver& names);
  healing(const healing&) = delete;

  // `anew`: what is dialled is another thing from now on; `sentence` says why.
  using listener = std::function<void(const std::string& sentence, bool anew)>;
  void open(listener heard);
  void close() { running_.clear(); }
  void on_network(const tharsis_network_state& now);

  void apply(remedy r);
  void undo(uint64_t id);
  const remedies& asked() const { return asked_; }

 private:
  task<void> keep_time();
  void tell();
  void pass_on(const remedy& r, bool holds);
  void tell(const remedies::told& t);

  strand& place_;
  const host host_;
  resolver& names_;
  const counter remedies_;
  remedies asked_;
  std::string network_;
  listener heard_;
  tharsis_handle topic_ = 0;
  signal changed_;
  task_set running_;
};

}  // namespace tharsis::stn
