#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/os_state_folder.h"

namespace tharsis::runtime {
namespace {

error failure(const std::string& path, const char* what, int reason) {
  const tharsis_status status = reason == EACCES || reason == EROFS || reason == EPERM ? THARSIS_E_DENIED : THARSIS_E_IO;
  return {status, "the state folder " + path + " " + what + ": " + std::strerror(reason) + "; name another with --state DIR"};
}

}  // namespace

std::optional<error> prepare_state_folder(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      // Of a parent that is there, no right to make it again is no failure.
      const int reason = errno;
      struct stat facts;
      if (stat(part.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) return failure(path, "cannot be made", reason);
    }
    if (slash == std::string::npos) break;
  }
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0) return failure(path, "cannot be used", errno);
  if (!S_ISDIR(facts.st_mode)) return failure(path, "cannot be used", ENOTDIR);
  if (access(path.c_str(), W_OK | X_OK) != 0) return failure(path, "cannot be written to", errno);
  return {};
}

}  // namespace tharsis::runtime
