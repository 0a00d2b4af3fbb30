// A profile that runs on a machine of a simulated world, and what was seen of it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "sdk/abi/console.h"
#include "sdk/sim/world.h"

namespace tharsis::runtime {

class simulated_machine {
 public:
  struct ears {
    std::function<void(const std::string& who, const std::string& what)> heard;  // Every line, every change.
    // A plugin has failed: on which machine, which, and why.
    std::function<void(const std::string& plugin, const std::string& reason)> failed;
    // What a runtime must never do, as a sentence.
    std::function<void(std::string sentence)> wrong;
    bool events = false;  // The bus is heard, too.
  };

  simulated_machine(sim::machine& on, const profile& plan, ears e);
  ~simulated_machine();
  simulated_machine(const simulated_machine&) = delete;

  std::optional<error> start();
  void stop() { runtime_->stop(); }
  // As runtime::with_extension, while it runs.
  void with_extension(const std::string& plugin, std::string extension, std::function<void(const void*, void*)> f) {
    runtime_->with_extension(plugin, std::move(extension), std::move(f));
  }
  // Not after start() failed, and not before.
  void reload(profile next);
  bus& events() { return runtime_->events(); }
  bool settled() const { return settled_; }
  bool ended() const { return ended_; }
  std::optional<int> code() const { return code_; }
  // After each step of the world: tells what has changed.
  void look();

  sim::machine& machine() { return on_; }
  const profile& plan() const { return plan_; }
  std::vector<runtime::plugin_report> report() const { return runtime_->report(); }
  const std::vector<std::string>& leaks() const { return leaks_; }
  bool answered_all_reloads() const;

 private:
  struct reload_story {
    profile next;
    std::vector<std::string> ran;  // When it was asked for.
    int answers = 0;
    bool looked_at = false;  // What has come of it, in the step after the answer.
    std::optional<error> failure;
  };

  void hear_log(uint32_t level, std::string_view plugin, std::string_view text);
  void hear_events();
  void hear_reload(size_t number, const reload_answer& answer);
  void look_at_reloads();
  void console_says(std::string_view what, tharsis_text text) { ears_.heard("(" + std::string(what) + ")", std::string(text.data, text.size)); }
  static simulated_machine& of(void* self) { return *static_cast<simulated_machine*>(self); }

  sim::machine& on_;
  profile plan_;  // The one that it should run.
  const ears ears_;
  tharsis_console console_{};
  std::vector<reload_story> reloads_;
  std::unique_ptr<runtime> runtime_;
  tharsis_handle inbox_ = 0;
  std::map<std::string, runtime::plugin_report> seen_;
  std::vector<std::string> leaks_;
  std::optional<int> code_;
  bool settled_ = false, ended_ = false;
};

}  // namespace tharsis::runtime
