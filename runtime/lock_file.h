// PROFILE.lock, beside a profile with `trust: pinned`: the sha256 of each plugin's library and manifest.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/manifest.h"
#include "runtime/os_trust.h"

namespace tharsis::runtime {

struct locked_plugin {
  std::string library, manifest;  // Each a sha256.
  source_position library_at, manifest_at;
  std::string profile;  // What to lock anew.
};

class lock_file {
 public:
  // What is locked for this plugin. Nothing, and a problem, when it is not in the file or its manifest
  // is another one.
  std::optional<locked_plugin> locked(const plugin_manifest& manifest, diagnostics& problems) const;

  source_position at;
  std::string profile;
  std::map<std::string, locked_plugin> plugins;
};

std::string lock_file_of(const std::string& profile);

// Nothing, and a problem, when it is not there, could be changed by others or is not what `tharsis lock`
// writes. `asked`: where the profile says that it is pinned.
std::optional<lock_file> read_lock_file(const std::string& file, const std::string& profile, const source_position& asked,
                                        diagnostics& problems);

// A problem when the library is another one.
void check_locked_library(const std::string& id, const locked_plugin& locked, const trusted_file& library,
                          diagnostics& problems);

// The file's text. The same plugins always give the same one.
std::string lock_text(const std::map<std::string, locked_plugin>& plugins);

}  // namespace tharsis::runtime
