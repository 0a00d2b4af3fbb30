// Whether the network is weak, from what links and tasks tell, and told to the world: topic "stn.weak".
#pragma once
#include "plugins/stn/core/weak_network.h"
#include "plugins/stn/link_events.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class weak_watch {
 public:
  // `told` is called after each change.
  weak_watch(strand& place, const weak_settings& s, const link_events& events, std::function<void()> told)
      : place_(place), machine_(s), events_(events), told_(std::move(told)), changed_(place), waiting_(place) {}

  void start() {
    tell();
    waiting_.spawn(wait());
  }
  void stop() { waiting_.clear(); }

  // As weak_network says.
  void on_foreground(bool is) { note(machine_.on_foreground(is, place_.now())); }
  void on_network() { note(machine_.on_network(place_.now())); }
  void on_connected(duration took, bool first) { note(machine_.on_connected(took, first, place_.now())); }
  void on_not_connected() { note(machine_.on_not_connected(place_.now())); }
  void on_late() { note(machine_.on_late(place_.now())); }
  void on_silence() { note(machine_.on_silence(place_.now())); }
  void on_task(const weak_network::task_end& t) { note(machine_.on_task(t, place_.now())); }

  const weak_network& now() const { return machine_; }

 private:
  task<void> wait() {
    for (;;) {
      co_await changed_.wait(machine_.deadline());
      note(machine_.on_deadline(place_.now()));
    }
  }
  void note(bool changed) {
    if (!changed) return;
    tell();
    changed_.raise();
    told_();
  }
  void tell() { events_.on_weak(machine_.weak(), machine_.because(), machine_.lasted()); }

  strand& place_;
  weak_network machine_;
  const link_events& events_;
  const std::function<void()> told_;
  signal changed_;
  task_set waiting_;
};

}  // namespace tharsis::stn
