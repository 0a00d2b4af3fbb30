// The files that a profile is made of: itself and what it `extends`, laid over one another.
#pragma once
#include <optional>
#include <string>

#include "runtime/diagnostic.h"
#include "runtime/yaml_tree.h"

namespace tharsis::runtime {

struct profile_text {
  std::string file;                 // As the person named it; may be empty when there is a text.
  std::optional<std::string> text;  // Read from the file when it is not there.
  std::string folder;               // Of the file; absolute.
};

// The merged map of the profile's top, without `extends`; its `tharsis` and `trust` are good, `plugins` has
// not been looked at. Nothing when the file itself cannot be read. A problem of a file that is
// extended is told like one of the profile.
std::optional<yaml_node> read_layers(const profile_text& profile, diagnostics& problems);

}  // namespace tharsis::runtime
