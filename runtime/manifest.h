// plugin.yaml: everything about a plugin that can be known without running its code.
//
//     id: com.acme.hello
//     version: 1.0.0
//     abi: 1
//     library: hello.so
//     host: { loop: dedicated }     # How the host treats it, unless the profile says otherwise: see host_keys.h.
//     settings: { ... }             # See schema.h.
//     commands: { greet: "greet NAME: says hello." }
//     live: [greet]                 # Carried out by a plugin that runs already, where one does.
//     command_files: { greet: { guests: { type: list, ... } } }   # See command_files.h.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/diagnostic.h"
#include "runtime/schema.h"

namespace tharsis::runtime {

struct placed_name {
  std::string name;
  source_position at;
};

bool holds(const std::vector<placed_name>& names, std::string_view name);

struct plugin_command {
  std::string name;
  std::string help;     // One line.
  std::string carrier;  // The plugin that has it and carries it out; empty: this one.
  std::string helper;   // The plugin that runs beside it where it is found; empty: none but those it requires.
  std::vector<setting> files;  // What the files hold that its options name.
  bool live = false;    // Where the plugin runs already it is carried out there: see sdk/abi/command.h.
};

struct plugin_manifest {
  std::string id;
  source_position at;  // Of the id.
  std::string version;
  std::string library;  // A file in `folder`.
  source_position library_at;
  std::string summary;
  std::string folder;  // Absolute.
  std::vector<placed_name> provided, required, wanted;  // Interface ids, "tharsis.stn/1"; wanted: see interface_wish.h.
  std::vector<placed_name> published, subscribed;       // Topics, and patterns of topics.
  std::vector<placed_name> capabilities;
  std::vector<plugin_command> commands;
  std::vector<setting> host_settings;  // All that the host has, with the defaults of this plugin.
  setting settings;  // A group.

  // Null: it has none of this name.
  const plugin_command* command(std::string_view name) const {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const plugin_command& c) { return c.name == name; });
    return found != commands.end() ? &*found : nullptr;
  }
  std::string library_path() const { return folder + "/" + library; }
  std::string file() const { return folder + "/plugin.yaml"; }
};

using manifest_pointer = std::shared_ptr<const plugin_manifest>;

// Nothing but the text is looked at. Null when there were problems.
manifest_pointer parse_manifest(const std::shared_ptr<const source>& text, const std::string& folder,
                                diagnostics& problems);

// A folder with a plugin.yaml, good or bad: bad ones matter only to those who name them.
struct found_plugin {
  std::string id;             // The folder's name when the manifest could not be understood.
  std::string folder;         // Absolute.
  manifest_pointer manifest;  // Null when `problems` is not empty.
  diagnostics problems;
};

// The plugin in this folder, its plugin.yaml read.
found_plugin read_plugin_folder(const std::string& folder);

class plugin_catalogue {
 public:
  std::vector<found_plugin> plugins;  // In the order of search; the first one with an id counts.
  std::vector<std::string> folders;   // Where was looked.

  const found_plugin* find(std::string_view id) const;
  std::vector<std::string> ids() const;
  std::vector<const plugin_manifest*> manifests() const;
};

// Looks at each folder's sub-folders. Folders that do not exist are remembered and skipped.
plugin_catalogue find_manifests(const std::vector<std::string>& folders);

}  // namespace tharsis::runtime
