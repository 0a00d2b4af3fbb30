// What a newly loaded profile changes in a running one: the first half of a reload, which changes nothing.
#pragma once
#include <string>
#include <vector>

#include "runtime/profile.h"

namespace tharsis::runtime {

struct setting_change {
  std::string path;           // Without the plugin's id: "links.main.timeout"; of an entry that came or went its own.
  std::string before, after;  // As people read them; empty: there was or is none. A secret only says that it is one.
  bool of_host = false;       // One of the host's keys, such as `loop`, that no plugin sees.
};

struct plugin_difference {
  enum class kind {
    unchanged,
    changed,  // Other settings; the plugin's configure() may take them.
    added,
    removed,
    moved,  // Another library or another version of it: only a new instance can take that.
  };
  std::string id;
  kind is = kind::unchanged;
  std::vector<setting_change> changes;  // Of changed and moved.
  std::string before, after;            // Of moved: "1.0.0 in /a/stn.so".
};

struct profile_difference {
  // In the order in which the new profile starts them; then those that go, last started first.
  std::vector<plugin_difference> plugins;

  bool empty() const;
};

profile_difference difference(const profile& running, const profile& loaded);

std::string words_of(const profile_difference& d);
std::string json_of(const profile_difference& d);

}  // namespace tharsis::runtime
