// Loading a plugin's library: the one place with dlopen.
#pragma once
#include <string>

#include "sdk/abi/plugin.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Maps the library for good (unmapping a C++ library is not safe) and asks for its table. It is checked
// on the descriptor that is loaded: os_trust.h, and, unless `sha256` is empty, that it has this sum.
// Failures say what is wrong with the file: missing, untrusted, not the locked one, no library, no
// entry function, another ABI major.
//
// What the library brings beside it is not found by $ORIGIN: it would not have been checked.
result<const tharsis_plugin*> load_library(const std::string& path, const std::string& sha256);

// What the library's entry answers to this major: of a library that load_library() has mapped. Null: nothing, or it was
// not mapped.
const tharsis_plugin* library_entry(const std::string& path, uint32_t major);

// The folder of the file that holds this code: libtharsis, or the program.
std::string own_library_folder();

}  // namespace tharsis::runtime
