// A TLS server whose client lies: see tls_wire.h.
#include "tests/fuzz/tls_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tharsis::fuzz::live(data, size, true);
  return 0;
}
