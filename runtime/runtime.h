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
#include <string>
#include <vector>

#include "runtime/plugin_host.h"

namespace tharsis::runtime {

class runtime {
 public:
  struct options {
    const tharsis_platform* platform;
    profile plan;
    const tharsis_console* console = nullptr;
    // Prints a log line for a person while there is no log sink. [any thread]
    log_hub::printer print;
    // Once: everything that could start has started. [the runtime's strand]
    std::function<void()> on_settled;
    // Once, last: all plugins are at rest after stop(). The runtime may be destroyed from now on.
    // [the runtime's strand]
    std::function<void()> on_ended;
  };
  struct plugin_report {
    std::string id;
    plugin_state state;
    std::string reason;  // Why it failed or waits.
    bool stuck;          // A step never came back; its code may still run.
  };

  explicit runtime(options o);
  ~runtime();
  runtime(const runtime&) = delete;

  // Opens strands and libraries, then starts the plugins side by side. A failure here means nothing
  // was started: the sentence says which plugin and why. [one thread]
  tharsis_status start(tharsis_error* error);

  // Stops all plugins; harmless when called again. [any thread]
  void stop();

  // [any thread]
  std::vector<plugin_report> report() const;

  // Run f(extension table, instance) on the plugin's strand if it is running and has the extension;
  // f gets nulls otherwise. [any thread]
  void with_extension(const std::string& plugin, std::string extension, std::function<void(const void*, void*)> f);

 private:
  void advance();
  void carry_out(const lifecycle::action& action);
  void arm();
  static void on_timer(void* context, tharsis_handle generation);
  instant now() const;

  options options_;
  std::unique_ptr<bus> bus_;
  std::unique_ptr<log_hub> log_;
  registry registry_;
  plugin_host::shared shared_;
  const tharsis_strand* strand_ = nullptr;
  std::unique_ptr<strand_inbox> inbox_;
  std::vector<std::unique_ptr<plugin_host>> hosts_;
  std::unique_ptr<lifecycle> lifecycle_;
  tharsis_handle timer_ = 0;
  bool settled_told_ = false;
  bool ended_told_ = false;
  mutable std::mutex report_mutex_;
  std::vector<plugin_report> report_;
};

}  // namespace tharsis::runtime
