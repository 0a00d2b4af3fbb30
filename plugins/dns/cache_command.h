// `tharsis dns cache list | flush`: what a plugin that runs remembers; where none does, the proven names that are kept for its next
// start with this state folder.
#pragma once
#include <optional>
#include <string>

#include "plugins/dns/core/settings.h"
#include "plugins/dns/service.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

class cache_command {
 public:
  cache_command(const host& tables, strand& place, const settings& s) : host_(tables), place_(place), settings_(s), work_(place) {}
  cache_command(const cache_command&) = delete;

  static bool is_one(const std::string& name) { return name == "cache"; }
  // In the place of the plugin's start.
  void run(const command_call& call);
  // Of the service that runs here.
  void run_live(const command_call& call, service& here);
  // What is under way has until then; no file is touched afterwards.
  task<void> close(instant deadline) {
    co_await work_.join(deadline);
    work_.clear();
  }

 private:
  struct wish {
    bool clears = false, json = false, kept = false;
    std::string name;  // That is to be forgotten; empty: all.
  };
  static std::optional<wish> read(const command_call& call);
  static task<void> flush(command_call call, wish w, service& here);
  task<void> work(command_call call, wish w);
  void list(const command_call& call, const std::string& text, bool json) const;
  task<error> write(std::string path, std::string text);
  instant clock() const { return instant{duration(place_.wall())}; }

  const host host_;
  strand& place_;
  const settings settings_;
  task_set work_;
};

}  // namespace tharsis::dns
