// Sees to the files of a log while it runs: at the start, after each file that was begun, now and then, and when the disk
// is full.
#pragma once
#include <memory>
#include <string>

#include "plugins/xlog/keeper.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/metrics.h"

namespace tharsis::xlog {

class housekeeping {
 public:
  housekeeping(const host& h, strand& place, const settings& s);

  // Until stop().
  task<void> run();
  void stop() { wake_.raise(stopping); }
  // A file was begun.
  void look() { wake_.raise(looking); }
  // What is written now makes room for what comes.
  task<void> keep_limits();
  // Whether a file went, for one that is written.
  task<bool> make_room();
  void set_limits(const retention& keep);
  const retention& limits() const { return settings_.keep; }

 private:
  static constexpr uint32_t stopping = 1, looking = 2;
  void tell(const keeper::outcome& o);

  const host host_;
  strand& place_;
  counter removed_, bytes_, moved_;
  signal wake_;
  settings settings_;
  std::shared_ptr<const keeper> keeper_;  // Blocking work may outlive the coroutine that began it, and several may be under way.
  std::string last_complaint_;  // It is told once.
};

}  // namespace tharsis::xlog
