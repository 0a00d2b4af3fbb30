#include "runtime/os_random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace tharsis::runtime {

void fill_random(uint8_t* into, size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      // Going on with predictable keys would be worse than not going on.
      std::perror("the system has no randomness");
      std::abort();
    }
    into += got;
    size -= static_cast<size_t>(got);
  }
}

}  // namespace tharsis::runtime
