#include "plugins/xlog/os_host_name_linux.h"

#include <unistd.h>

namespace tharsis::xlog {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace tharsis::xlog
