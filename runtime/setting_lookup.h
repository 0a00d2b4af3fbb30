// A setting by its dotted name, description and value side by side: "stn.links.main.timeout".
#pragma once
#include <string>
#include <vector>

#include "runtime/profile.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct found_setting {
  std::string path;  // Whole: "stn.links.main.timeout".
  setting described;
  setting_value value;
  bool set = false;  // False: it has no value and no default; `value` is empty.

  bool holds_more() const;  // It is a group, a map, or a list of such.
};

// The plugin's own settings and those of the host, as one group.
found_setting whole_plugin(const plugin_entry& plugin);

// What is directly below; entries that a map or list has, all members that a group may have.
std::vector<found_setting> below(const found_setting& parent);

// The failure's sentence names the nearest one, or those that there are.
result<found_setting> find_setting(const profile& plan, const std::string& key);

}  // namespace tharsis::runtime
