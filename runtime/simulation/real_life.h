// One life of the plugin on the bench on the machine underneath: real threads, sockets and files, in a folder of its own.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/os_trial_ground_linux.h"
#include "runtime/real_platform.h"
#include "runtime/runtime.h"
#include "runtime/simulation/plugin_bench.h"
#include "sdk/pure/dice.h"

namespace tharsis::runtime {

class real_life {
 public:
  explicit real_life(const plugin_bench& bench) : bench_(bench) {}
  ~real_life() { end(); }
  real_life(const real_life&) = delete;

  // Waits until it has started; why it has not.
  std::optional<std::string> begin();
  void go_on(duration d);
  bool running() const;
  std::string reason() const;
  // Strangers who send anything, or nothing, to each port that is open in this process; answers how many ports are.
  size_t let_strangers_connect(int strangers, dice& chance);
  // False: it has not come to its end, and never will.
  bool end();

  // After end().
  std::vector<std::string> leaks() const { return leaks_; }
  std::vector<std::string> logged() const { return logged_; }

 private:
  bool wait_for(const bool& what, duration most);

  const plugin_bench& bench_;
  trial_folder folder_;
  std::unique_ptr<real_platform> platform_;
  std::unique_ptr<runtime> runtime_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool settled_ = false, ended_ = false;
  std::vector<std::string> leaks_, logged_;
};

}  // namespace tharsis::runtime
