// Any text as a file of segment sizes: it is refused and changes nothing, or says what it is written from again.
#include "plugins/stn/core/segment_sizes.h"
#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis;
  constexpr int64_t wall = 1'767'225'600;
  stn::segment_sizes read;
  const error why = read.read({reinterpret_cast<const char*>(data), size}, wall);
  if (why.status != THARSIS_OK) {
    fuzz::require(!why.text.empty(), "a refusal has a sentence");
    fuzz::require(read.size() == 0, "a refusal changes nothing");
    return 0;
  }
  fuzz::require(read.size() <= stn::segment_sizes::known_max, "the list is bounded");
  stn::segment_sizes again;
  fuzz::require(again.read(read.text(), wall).status == THARSIS_OK, "what is written is read");
  fuzz::require(again.text() == read.text(), "and says the same");
  return 0;
}
