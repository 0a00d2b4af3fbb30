// What SHA-256 does with whole blocks of 64 bytes: in plain C++, and by the instructions that processors of x86-64 have for it, which
// take a tenth of the time. Sums of streams are made of every byte at both ends.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace tharsis {

using sha256_state = std::array<uint32_t, 8>;

void sha256_blocks_plainly(sha256_state& state, const uint8_t* blocks, size_t count);
// False: this processor has no such instructions, and nothing was done.
bool sha256_blocks_by_instructions(sha256_state& state, const uint8_t* blocks, size_t count);

}  // namespace tharsis
