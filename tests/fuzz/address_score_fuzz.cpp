// Any text as a file of addresses: it is refused and changes nothing, or says what it is written from again.
#include "sdk/pure/address_score.h"
#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis;
  const instant now = instant_from(0);
  constexpr int64_t wall = 1'767'225'600;
  address_score read;
  const error why = read.read({reinterpret_cast<const char*>(data), size}, now, wall);
  if (why.status != THARSIS_OK) {
    fuzz::require(!why.text.empty(), "a refusal has a sentence");
    fuzz::require(read.size() == 0, "a refusal changes nothing");
    return 0;
  }
  fuzz::require(read.size() <= address_score::known_max, "the list is bounded");
  address_score again;
  fuzz::require(again.read(read.text(now, wall), now, wall).status == THARSIS_OK, "what is written is read");
  fuzz::require(again.text(now, wall) == read.text(now, wall), "and says the same");
  return 0;
}
