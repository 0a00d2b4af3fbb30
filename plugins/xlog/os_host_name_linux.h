// What this machine is called.
#pragma once
#include <string>

namespace tharsis::xlog {

// As the system says it; empty: it does not.
std::string host_name();

}  // namespace tharsis::xlog
