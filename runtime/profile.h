// A profile: which plugins, with which settings. Read, checked against the manifests and put in
// order; all of it without running any plugin's code.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/diagnostic.h"
#include "runtime/host_keys.h"
#include "runtime/load_order.h"
#include "runtime/lock_file.h"
#include "runtime/manifest.h"
#include "runtime/os_environment.h"
#include "runtime/setting_value.h"

namespace tharsis::runtime {

// A plugin of a profile, ready to be created.
struct plugin_entry {
  std::string id;
  manifest_pointer manifest;
  setting_value settings;  // Whole: defaults filled in, the host's keys taken out.
  std::optional<locked_plugin> locked;  // Of a pinned profile: what its files must be.
  setting_value host;      // The host's keys, as far as they have a value.
  uint32_t loop = 0;       // THARSIS_STRAND_*.
  duration start_deadline{};
  duration stop_deadline{};
  duration stall_limit = runtime_settings{}.stall_limit;
  stall_policy stall = stall_policy::report;
  restart_policy restart;
  bool starts = true;      // False: created only; one of its commands runs in the place of start().
};

struct profile {
  std::string file;                   // As the person named it; empty for one made from text.
  std::string data_folder;            // ${data}, absolute.
  bool pinned = false;                // `trust: pinned`
  std::vector<plugin_entry> plugins;  // In the order in which they start.
};

struct profile_request {
  std::string file;                           // Read from disk, unless `text` is there.
  std::optional<std::string> text;            // The profile itself; `file` then only names it.
  std::vector<std::string> sets;              // "stn.tasks.timeout=5s", the strongest layer.
  environment_map environment;                // What ${env:X} finds; THARSIS__stn__... is a layer.
  std::vector<std::string> plugin_folders;    // Where plugins are looked for, in this order.
  std::string data_folder;                    // Empty: the user's, by convention.
  bool read_lock = true;                      // False: a pinned profile's lock file is about to be written.
};

// Everything that is wrong is in `problems`, in one pass; the answer is good only when there is
// nothing. `found` (may be null) gets the plugins that were found, for listing.
profile load_profile(const profile_request& request, diagnostics& problems, plugin_catalogue* found = nullptr);

// How the runtime of a profile is called: the file's name without folder and ending.
std::string profile_name(const std::string& file);

// That every plugin's library is there, that nobody else could change it or its manifest, and that it is
// the locked one. What is in it only running its code would tell.
void check_libraries(const profile& plan, diagnostics& problems);

// A profile of one plugin and, as far as they are found, those that provide what it requires, with
// default settings; `sets` name the plugin's own settings, without its id. For a plugin's command, so
// the plugin itself does not start, and what its manifest requires may be missing. Of a pattern that it wants
// those are there too whose star one of the command's words names: `stn send --codec acme` brings the plugin that
// provides tharsis.stn.codec.acme/1.
profile profile_of_plugin(const std::string& plugin, const profile_request& request, diagnostics& problems, const std::vector<std::string>& words = {});

}  // namespace tharsis::runtime
