#include "runtime/os_environment.h"

#include <unistd.h>

#include <string_view>

namespace tharsis::runtime {

environment_map process_environment() {
  environment_map all;
  for (char** at = ::environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos) all.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return all;
}

}  // namespace tharsis::runtime
