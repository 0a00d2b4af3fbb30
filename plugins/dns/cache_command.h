// `tharsis dns cache list | clear`: proven names that dns keeps for its next start with this state folder.
#pragma once
#include <string>

#include "plugins/dns/core/settings.h"
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

 private:
  struct wish {
    bool clears = false, json = false;
    std::string name;  // Of `clear`; empty: all.
  };
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
