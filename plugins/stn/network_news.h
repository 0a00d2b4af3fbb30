// What is told on the bus of all links together: stn.network, when it changes, and stn.sync, while none is up.
#pragma once
#include <functional>

#include "plugins/stn/core/sync_pace.h"
#include "sdk/abi/network.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class network_news {
 public:
  // `look` tells how it is now. All of them outlive it. [own strand, as all of this]
  network_news(strand& place, const host& tables, const sync_settings& s, const activity& use, std::function<tharsis_stn_network()> look);
  network_news(const network_news&) = delete;
  ~network_news() { place_.disarm(turn_end_); }

  void start();
  void stop();
  // Something of a link has changed. What changes back within a turn is not told.
  void touch();
  void on_network(const tharsis_network_state& now);

 private:
  void tell();
  task<void> keep_time();

  strand& place_;
  const host host_;
  sync_pace pace_;
  const std::function<tharsis_stn_network()> look_;
  tharsis_handle networks_ = 0, syncs_ = 0;
  tharsis_stn_network last_{};
  bool told_ = false, running_now_ = false;
  strand::key turn_end_ = 0;
  signal changed_;
  task_set running_;
};

}  // namespace tharsis::stn
