// Decides which plugin takes which step when: pure, no strand, no clock, no library.
//
// A plugin is created and started once everything it requires is running, and stopped once nobody
// who requires it is left. Independent plugins take their steps side by side. The owner carries the
// actions out and reports back with on_done(); a step that never comes back meets its deadline:
//
//   create, destroy   the plugin is stuck: its code may still run, it is not touched again
//   start, stop       it is destroyed; where its code blocks, destroy is late too, and it is stuck
//   withdraw          somebody has not let go of its services: it is stopped, but not destroyed
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::runtime {

enum class plugin_state {
  resolved,  // Its turn has not come.
  creating,
  starting,
  running,
  waiting,   // A plugin it requires is not there; `reason` says which and why.
  withdrawing,
  stopping,
  destroying,
  stopped,
  failed,
};
std::string_view name(plugin_state state);
bool is_in_step(plugin_state state);

class lifecycle {
 public:
  struct plan {
    std::string id;
    std::vector<size_t> requires_;  // Indices of the plugins that provide what it requires.
    duration start_deadline = 10s;
    duration stop_deadline = 5s;
  };
  enum class step { create, start, withdraw, stop, destroy };
  struct action {
    size_t plugin;
    lifecycle::step step;
  };

  explicit lifecycle(std::vector<plan> plugins);

  void start(instant now);
  void stop(instant now);
  // The step has come back; `failure` is empty when it went well. A destroy that failed leaves the
  // plugin stuck.
  void on_done(size_t plugin, step s, std::string failure, instant now);
  // A running plugin says that it cannot go on.
  void on_failed(size_t plugin, std::string reason, instant now);

  instant deadline() const;
  void on_deadline(instant now);

  // What is to be done now, in order; each is handed out once.
  std::vector<action> take_actions();

  plugin_state state(size_t plugin) const { return entries_[plugin].state; }
  const std::string& reason(size_t plugin) const { return entries_[plugin].reason; }

  // Everything that was to start is running, or will never be; nothing is to stop.
  bool settled() const;
  // stop() was asked for, and nothing is left to do.
  bool ended() const;
  // Its code may still run, or be called: it must stay as it is until the process ends.
  bool stuck(size_t plugin) const { return entries_[plugin].stuck; }

 private:
  struct entry {
    plan facts;
    plugin_state state = plugin_state::resolved;
    std::string reason;
    instant deadline = never;
    bool created = false;  // There is something to destroy.
    bool stuck = false;
    bool held = false;  // Somebody may still use its services.
  };

  void advance(instant now);
  void begin(size_t plugin, plugin_state state, step s, instant deadline);
  void fail(size_t plugin, std::string reason, instant now);
  void destroy(size_t plugin, instant now);
  bool blocked(size_t plugin);
  bool needed(size_t plugin) const;
  bool used_by_stuck(size_t plugin) const;
  void on_late_step(size_t plugin, instant now);
  bool advance_start(size_t plugin, instant now);
  bool advance_stop(size_t plugin, instant now);

  std::vector<entry> entries_;
  std::vector<action> actions_;
  bool starting_ = false;
  bool stopping_ = false;
};

}  // namespace tharsis::runtime
