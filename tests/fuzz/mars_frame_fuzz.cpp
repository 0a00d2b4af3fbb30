// Any bytes into the frame reader, cut where the first byte says: what it gives back must be writable
// again and read as the same.
#include <algorithm>
#include <cstdlib>

#include "sdk/pure/mars_frame.h"

using namespace tharsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = data[0] + 1u;
  std::span<const uint8_t> rest(data + 1, size - 1);
  mars::frame_reader reader;
  while (!rest.empty()) {
    const size_t n = std::min(piece, rest.size());
    reader.on_bytes(rest.first(n));
    rest = rest.subspan(n);
    if (reader.pending() > mars::frame_size_max) std::abort();
  }
  while (const auto f = reader.take_frame()) {
    std::vector<uint8_t> wire;
    mars::append_frame(wire, *f);
    mars::frame_reader again;
    if (wire.size() != mars::frame_size(*f) || again.on_bytes(wire) != THARSIS_OK) std::abort();
    const auto g = again.take_frame();
    if (!g || g->command != f->command || g->sequence != f->sequence || g->body != f->body || g->key != f->key ||
        g->refusal != f->refusal)
      std::abort();
  }
  return 0;
}
