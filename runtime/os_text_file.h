// A text that the program writes for a person: a lock file, the files of a new plugin.
#pragma once
#include <optional>
#include <string>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Replaces the file as a whole; its owner may change it, everybody may read it. What was there before is there until all of the
// new text is on the disk. Nothing: it is done.
std::optional<error> replace_text_file(const std::string& path, const std::string& text);

}  // namespace tharsis::runtime
