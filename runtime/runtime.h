// A runtime: the plugins of one profile, alive on one platform.
//
//   runtime r({platform, profile, ...});
//   r.start();  ...  r.stop();  wait for on_ended;  destroy.
//
// Its decisions are in lifecycle.h; here they meet strands and libraries.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/live_calls.h"
#include "runtime/plugin_host.h"
#include "runtime/reload.h"
#include "runtime/reload_answer.h"
#include "runtime/stall_watch.h"
#include "runtime/start_journal.h"

namespace tharsis::runtime {

class runtime {
 public:
  struct options {
    const tharsis_platform* platform;
    profile plan;
    const tharsis_console* console = nullptr;
    // Under which name the state folder remembers what is being started, so that a plugin that crashes the
    // process is left out of the next start. Empty: nothing is remembered.
    std::string journal = {};
    // Prints a plugin's log line for a person while there is no log sink; failures are the owner's to
    // tell. [any thread]
    log_hub::printer print;
    // Hears every line, also while there is a sink; may be empty. [any thread]
    log_hub::printer hear;
    // A plugin has left something open; may be empty. [its strand]
    std::function<void(const std::string& plugin, const std::string& sentence)> on_leak = {};
    // A plugin has failed and is at rest now, or is left out; report() says why, who waits for it, and whether it is restarted.
    // [the runtime's strand]
    std::function<void()> on_failure;
    // Once: everything that could start has started. [the runtime's strand]
    std::function<void()> on_settled;
    // Once, last: all plugins are at rest after stop(). The runtime may be destroyed from now on.
    // [the runtime's strand]
    std::function<void()> on_ended;
  };
  struct plugin_report {
    std::string id;
    plugin_state state;
    std::string reason;  // Why it failed or waits, or what holds it up.
    bool stuck = false;  // A step never came back; its code may still run.
    int64_t since = 0;   // When it came into this state, nanoseconds since 1970 UTC; 0: it never was in another.
    int64_t retry = 0;   // When it is started again after it failed; 0: it is not.
    bool given_up = false;  // It has failed for good, or waits for one that has or that is left out.
    bool gone = false;      // It is in the profile no more; report() leaves it out.
    std::vector<std::string> leaks = {};  // What it had left open when it last went: "left 1 timer open ...".
  };

  explicit runtime(options o);
  // Not while a plugin is stuck: its code may still use what would be freed.
  ~runtime();
  runtime(const runtime&) = delete;

  // Opens libraries and strands, then starts the plugins side by side. A failure means that nothing was
  // started: each line of its text says which plugin and why. [one thread]
  std::optional<error> start();

  // Stops all plugins; harmless when called again. [any thread]
  void stop();

  // [any thread]
  std::vector<plugin_report> report() const;

  // Changes to another profile as a whole, or not at all: those that can take their settings while they run
  // are asked first, the others are restarted; if one then does not run, all is taken back. Once it is taken,
  // plugins read the files again that it names (tharsis.reread/1), one after the other. `done` is called exactly once.
  //   THARSIS_E_BUSY  another reload is under way.   THARSIS_E_CANCELLED  the runtime stops.
  //   others          what the plugin said that refused or did not run; or that refused a file.
  // [any thread, after start()] [done: some strand; it may send, and nothing else]
  using on_reloaded = std::function<void(const reload_answer& answer)>;
  void reload(profile next, on_reloaded done);

  // Whether a plugin of the profile provides it; `known` gets all that is provided. [any thread]
  bool provides(const std::string& interface_id, std::vector<std::string>* known = nullptr) const;

  // For those who are no plugin: the program, a host application. [any thread]
  bus& events() { return bus_; }
  registry& services() { return registry_; }
  const metrics& counted() const { return metrics_; }
  network_hub& network() { return network_; }
  log_hub& lines() { return log_; }
  // For one of them who logs; before start() too, and as long as the runtime lives.
  std::unique_ptr<log_table> log_for(std::string name) { return std::make_unique<log_table>(log_, metrics_, std::move(name)); }
  // Run f on the runtime's strand; it is dropped once all has ended. [any thread, after start()]
  void send(std::function<void()> f) { inbox_->send(std::move(f)); }

  // Run f(extension table, instance) on the plugin's strand if it is running and has the extension;
  // f gets nulls otherwise. [any thread]
  void with_extension(const std::string& plugin, std::string extension, std::function<void(const void*, void*)> f);
  // The same for who goes on to use the instance: f gets too what expires once that has been destroyed. f is dropped where the plugin, or
  // all, ends before it could run.
  void borrow_extension(const std::string& plugin, std::string extension, std::function<void(const void*, void*, std::weak_ptr<const void>)> f);

 private:
  // What a plugin is made of when it is created next.
  struct recipe {
    plugin_entry entry;
    std::string disabled;  // Why it is left out of this run.
  };
  struct reloading {
    profile before, next;
    profile_difference changes;
    std::shared_ptr<on_reloaded> done;
    std::optional<class reload> course;  // Empty until all has settled.
    std::vector<size_t> must_run;        // If one of them does not afterwards, all is taken back.
  };
  // The profile is taken; plugins read their files again.
  struct rereading {
    reload_answer so_far;
    on_reloaded done;
    bool over = false;
  };

  void leave_interrupted_out();
  std::optional<error> load_libraries();
  std::optional<error> open_strand();
  void watch_for_stalls();
  void watch(size_t plugin);
  std::vector<lifecycle::plan> plans_of(const profile& plan) const;
  size_t index_of(const plugin_entry& entry);
  void take(const lifecycle::action& action);
  std::string make_host(size_t plugin);
  std::string open_host(size_t plugin);
  void retire(size_t plugin);
  void advance();
  bool note_states();
  void observe_network();
  bool note_state(size_t plugin);
  void note_leaks(size_t plugin, const std::vector<std::string>& left);  // [its strand]
  void arm();
  static void on_timer(void* context, tharsis_handle generation);
  instant now() const;
  int64_t wall() const;
  int64_t wall_of_line() const;

  // runtime_reload.cpp
  void begin_reload(profile next, std::shared_ptr<on_reloaded> done);
  void plan_reload();
  std::optional<reload::part> part_of(const plugin_difference& difference, size_t plugin) const;
  bool advance_reload();
  void take(const struct reload::action& action);
  void change_profile(const struct reload::change& change);
  std::optional<std::string> missing_after_reload() const;
  std::function<void()> ended_reload();
  void begin_rereads(profile_difference changes, on_reloaded done);
  std::function<void()> ended_rereads();

  options options_;
  metrics metrics_;  // Before all that count.
  bus bus_;
  log_hub log_;
  registry registry_;
  network_hub network_;
  plugin_host::shared shared_;
  start_journal journal_;
  const tharsis_strand* strand_ = nullptr;
  std::unique_ptr<strand_inbox> inbox_;
  live_calls rereads_;  // Plugins may use what they were given for as long as they live.
  std::vector<recipe> recipes_;                      // All plugins there ever were have the same index here,
  std::vector<std::unique_ptr<plugin_host>> hosts_;  // here (null: never made), in lifecycle_ and in report_.
  static constexpr size_t retired_most = 64;
  std::deque<std::unique_ptr<plugin_host>> retired_;  // Of plugins that were made anew.
  std::unique_ptr<lifecycle> lifecycle_;
  std::unique_ptr<stall_watch> stalls_;
  std::optional<reloading> reloading_;
  std::optional<rereading> rereading_;
  uint64_t reloads_ = 0;
  bool stopping_ = false;
  tharsis_handle timer_ = 0;
  bool settled_told_ = false;
  bool ended_told_ = false;
  mutable std::mutex report_mutex_;  // Also of options_.plan, which a reload changes.
  std::vector<plugin_report> report_;
};

}  // namespace tharsis::runtime
