#include "runtime/os_memory.h"

#include <malloc.h>

namespace tharsis::runtime {

uint64_t allocated_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 0;  // Their allocators are others.
#elif defined(__GLIBC__)
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
#else
  return 0;
#endif
}

}  // namespace tharsis::runtime
