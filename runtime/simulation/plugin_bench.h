// The plugin that lies on the bench: its manifest, those whom it requires, and profiles of them.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/profile.h"
#include "runtime/simulation/drawn_settings.h"
#include "runtime/simulation/shipped_files.h"

namespace tharsis::runtime {

class plugin_bench {
 public:
  // Everything that keeps it from being tried is in `problems`: its own files, a required interface that no plugin in
  // request.plugin_folders provides, settings of request.sets that do not fit.
  plugin_bench(const std::string& folder, const profile_request& request, diagnostics& problems);

  const std::string& id() const { return manifest_->id; }
  const plugin_manifest& manifest() const { return *manifest_; }
  // Those that provide what it requires; with `wanted`, also what it wants, as far as they are found.
  std::vector<std::string> others(bool wanted) const;

  // Itself with these settings and under them request.sets, the others with what they need.
  result<profile> plan(drawing how, uint64_t seed, bool wanted = false) const;

  // Itself with what it needs and one setting more, of so many.
  size_t settings() const { return count_of_settings(manifest_->settings); }
  result<profile> plan_with(size_t setting, uint64_t seed) const;

  // What is shipped beside the libraries, put where it lies on the real disk.
  void ship_to(sim::disk& disk) const { put_files(shipped_, disk); }

 private:
  profile load(drawing how, uint64_t seed, bool wanted, diagnostics& problems) const;
  profile load(const std::string& settings, bool wanted, dice& chance, diagnostics& problems) const;
  static result<profile> made(profile plan, const diagnostics& problems);
  void find_others(const plugin_manifest& of, const plugin_catalogue& found, bool wanted, diagnostics& problems);

  profile_request request_;
  manifest_pointer manifest_;
  std::vector<manifest_pointer> required_, wanted_;
  std::map<std::string, std::string> shipped_;  // Texts by paths.
};

}  // namespace tharsis::runtime
