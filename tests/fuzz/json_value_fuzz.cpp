// JSON from anybody: one value, or the place of a mistake.
#include "sdk/pure/json_value.h"

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto value = parse_json(fuzz::text_of(data, size));
  require(value.ok() || value.failure().text.starts_with("line "), "a refusal has its place");
  return 0;
}
