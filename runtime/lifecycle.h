// Decides which plugin takes which step when: pure, no strand, no clock, no library.
//
// A plugin is created and started once everything it requires is running, and what it wants is running or will not be for
// now; it is stopped once nobody who requires it is left. Independent plugins take their steps side by side. The owner carries the
// actions out and reports back with on_done(); a step that never comes back meets its deadline:
//
//   create, destroy   the plugin is stuck: its code may still run, it is not touched again
//   start, stop       it is destroyed; where its code blocks, destroy is late too, and it is stuck
//   withdraw          somebody has not let go of its services: it is stopped, but not destroyed
//
// What has failed is restarted as its policy says. Who requires a plugin that goes, goes first, waits,
// and comes back with it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/restart_policy.h"
#include "runtime/settings.h"
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
  disabled,  // It is left out of this run; `reason` says why.
};
std::string_view name(plugin_state state);
bool is_in_step(plugin_state state);

class lifecycle {
 public:
  struct plan {
    std::string id;
    // For each interface it requires, the indices of the plugins that provide it: one of them must run.
    std::vector<std::vector<size_t>> requires_;
    // Those that provide what it wants: while they come up it waits, so that it does without them only where it has to.
    // Together with requires_ without a circle.
    std::vector<size_t> awaits;
    duration start_deadline = runtime_settings{}.start_deadline;
    duration stop_deadline = runtime_settings{}.stop_deadline;
    restart_policy restart;
    std::string disabled;  // Not empty: why it is left out.
    bool wanted = true;    // False: it is in the profile no more.
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
  // Other plans, with new plugins at the end; nothing is taken out, only not wanted any more. Those in
  // `renewed` go down and come up again; what has failed among them gets another chance.
  void change(std::vector<plan> plans, const std::vector<size_t>& renewed, instant now);

  instant deadline() const;
  void on_deadline(instant now);

  // What is to be done now, in order; each is handed out once.
  std::vector<action> take_actions();

  plugin_state state(size_t plugin) const { return entries_[plugin].state; }
  const std::string& reason(size_t plugin) const { return entries_[plugin].reason; }
  // When a failed plugin is started again; `never`: it is not.
  instant retry(size_t plugin) const { return entries_[plugin].state == plugin_state::failed ? entries_[plugin].deadline : never; }
  bool wanted(size_t plugin) const { return entries_[plugin].facts.wanted; }
  // It has failed for good, or waits for one that has, or for one that is left out.
  bool given_up(size_t plugin) const;

  // Everything that was to start is running, or will not be for now; nothing is to stop.
  bool settled() const;
  // stop() was asked for, and nothing is left to do.
  bool ended() const;
  // Its code may still run, or be called: it must stay as it is until the process ends.
  bool stuck(size_t plugin) const { return entries_[plugin].stuck; }

 private:
  // Why a plugin goes, and thereby what becomes of it once it is down.
  enum class departure { none, failed, waits, renewed, ended };

  struct entry {
    plan facts;
    std::vector<std::vector<size_t>> uses;  // What the instance that lives requires: its plan when it was created.
    plugin_state state = plugin_state::resolved;
    departure goes = departure::none;
    std::string reason;
    instant deadline = never;  // Of the step it is in; of a failed one, when it is started again.
    instant running_since = never;
    uint32_t failures = 0;  // In a row.
    bool ran = false;       // It has run with these settings.
    bool created = false;   // There is something to destroy.
    bool stuck = false;
    bool held = false;      // Somebody may still use its services.
  };

  void advance(instant now);
  bool stays(size_t plugin) const;
  bool comes(size_t plugin) const;
  bool lost(const std::vector<size_t>& providers) const;
  const std::vector<size_t>* lost_group(const entry& e) const;
  void begin(size_t plugin, plugin_state state, step s, instant deadline);
  void go(size_t plugin, departure why, std::string reason);
  void fail(size_t plugin, std::string reason, instant now);
  void destroy(size_t plugin, instant now);
  void rest(size_t plugin, instant now);
  void rest_failed(entry& e, instant now);
  std::string absence(size_t provider) const;
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
