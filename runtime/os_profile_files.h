// The files that profiles and manifests are read from; the only place where loading a profile meets
// the file system.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

// A regular file of at most `largest` bytes, without a byte order mark.
result<std::string> read_text_file(const std::string& path, size_t largest);

// The folder and its parents; one that exists is no failure. Nothing: it is there.
std::optional<error> make_folders(const std::string& path);

// Names of the folders inside a folder, sorted. Empty when it does not exist or cannot be read.
std::vector<std::string> list_folders(const std::string& path);

// Names of the regular files inside a folder, sorted.
std::vector<std::string> list_files(const std::string& path);

bool file_exists(const std::string& path);
bool folder_exists(const std::string& path);

// Relative to where the process was started.
std::string absolute_path(const std::string& path);

// Where the person stands; absolute.
std::string working_folder();

// The one name of a file that has several: without links and "..", as far as it exists.
std::string canonical_path(const std::string& path);

// Where this user's programs keep what they must not lose: $XDG_DATA_HOME/tharsis, else
// ~/.local/share/tharsis.
std::string user_data_folder();
// ... and what they can make anew: $XDG_CACHE_HOME/tharsis, else ~/.cache/tharsis.
std::string user_cache_folder();

}  // namespace tharsis::runtime
