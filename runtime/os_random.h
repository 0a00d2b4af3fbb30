// The system's randomness, good enough for keys.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tharsis::runtime {

void fill_random(uint8_t* into, size_t size);

}  // namespace tharsis::runtime
