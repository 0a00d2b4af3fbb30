// A runtime: the plugins of one profile, alive on one platform.
//
//   runtime r({platform, profile, ...});
//   r.start();  ...  r.stop();  wait for on_ended;  destroy.
//
// Its decisions are in lifecycle.h; here they meet strands and libraries.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plugin_host.h"
#include "runtime/stall_watch.h"

namespace tharsis::runtime {

class runtime {
 public:
  struct options {
    const tharsis_platform* platform;
    profile plan;
    const tharsis_console* console = nullptr;
    // Prints a plugin's log line for a person while there is no log sink; failures are the owner's to
    // tell. [any thread]
    log_hub::printer print;
    // Hears every line, also while there is a sink; may be empty. [any thread]
    log_hub::printer hear;
    // A plugin has left something open; may be empty. [its strand]
    std::function<void(const std::string& plugin, const std::string& sentence)> on_leak = {};
    // A plugin has failed and is at rest now; report() says why and who waits for it. [the runtime's strand]
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

  // For those who are no plugin: the program, a host application. [any thread]
  bus& events() { return bus_; }
  registry& services() { return registry_; }
  const metrics& counted() const { return metrics_; }
  network_hub& network() { return network_; }
  // Run f on the runtime's strand; it is dropped once all has ended. [any thread, after start()]
  void send(std::function<void()> f) { inbox_->send(std::move(f)); }

  // Run f(extension table, instance) on the plugin's strand if it is running and has the extension;
  // f gets nulls otherwise. [any thread]
  void with_extension(const std::string& plugin, std::string extension, std::function<void(const void*, void*)> f);

 private:
  std::optional<error> load_libraries();
  std::optional<error> open_strands();
  void watch_for_stalls();
  void advance();
  bool note_states();
  void observe_network();
  void arm();
  static void on_timer(void* context, tharsis_handle generation);
  instant now() const;
  int64_t wall() const;

  options options_;
  metrics metrics_;  // Before all that count.
  bus bus_;
  log_hub log_;
  registry registry_;
  network_hub network_;
  plugin_host::shared shared_;
  const tharsis_strand* strand_ = nullptr;
  std::unique_ptr<strand_inbox> inbox_;
  std::vector<std::unique_ptr<plugin_host>> hosts_;
  std::unique_ptr<lifecycle> lifecycle_;
  std::unique_ptr<stall_watch> stalls_;
  tharsis_handle timer_ = 0;
  bool settled_told_ = false;
  bool ended_told_ = false;
  mutable std::mutex report_mutex_;
  std::vector<plugin_report> report_;
};

}  // namespace tharsis::runtime
