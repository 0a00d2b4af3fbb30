// Any text as a file of learned intervals: it is refused, or says what it is written from again.
#include "plugins/stn/core/learned_intervals.h"
#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis;
  const auto read = stn::learned_intervals::parse({reinterpret_cast<const char*>(data), size});
  if (!read) {
    fuzz::require(!read.failure().text.empty(), "a refusal has a sentence");
    return 0;
  }
  fuzz::require(read->size() <= stn::learned_intervals::kept_max, "the list is bounded");
  const auto again = stn::learned_intervals::parse(read->text());
  fuzz::require(again && again->text() == read->text(), "what is written is read");
  return 0;
}
