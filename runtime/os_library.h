// Loading a plugin's library: the one place with dlopen.
#pragma once
#include <string>

#include "sdk/abi/plugin.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Maps the library for good (unmapping a C++ library is not safe) and asks for its table. Failures
// say what is wrong with the file: missing, no library, no entry function, another ABI major.
result<const tharsis_plugin*> load_library(const std::string& path);

}  // namespace tharsis::runtime
