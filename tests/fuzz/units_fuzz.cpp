// Numbers with units: nothing is negative that cannot be, and every refusal says what was expected.
#include "sdk/pure/units.h"

#include <cmath>

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto number = parse_integer(text))
    require(parse_integer(std::to_string(*number)).ok(), "a whole number survives being written and read");
  else
    require(number.failure().text.starts_with("expected "), "a refused number says what was expected");
  if (const auto number = parse_real(text)) require(std::isfinite(*number), "a real number is finite");
  if (const auto wait = parse_duration(text)) require(*wait >= duration::zero(), "a duration is not negative");
  if (const auto bytes = parse_size(text)) require(*bytes >= 0, "a size is not negative");
  return 0;
}
