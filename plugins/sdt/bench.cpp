#include "plugins/sdt/bench.h"

#include <array>

namespace tharsis::sdt {

failure failure_of(tharsis_status status) {
  switch (status) {
    case THARSIS_OK: return failure::none;
    case THARSIS_PENDING:
    case THARSIS_E_TIMEOUT: return failure::timeout;
    case THARSIS_E_REFUSED: return failure::refused;
    case THARSIS_E_RESET: return failure::reset;
    case THARSIS_E_UNREACHABLE: return failure::unreachable;
    case THARSIS_E_DENIED: return failure::denied;
    case THARSIS_E_BUSY: return failure::exhausted;
    case THARSIS_E_NOT_FOUND: return failure::not_found;
    case THARSIS_E_UNTRUSTED: return failure::untrusted;
    case THARSIS_E_PROTOCOL: return failure::protocol;
    case THARSIS_E_CANCELLED: return failure::cancelled;
    case THARSIS_E_UNSUPPORTED: return failure::unsupported;
    default: return failure::other;
  }
}

uint64_t random_number(const host& tables) {
  std::array<uint8_t, 8> bytes{};
  tables.random->fill(tables.random->self, bytes.data(), bytes.size());
  uint64_t n = 0;
  for (const uint8_t b : bytes) n = n << 8 | b;
  return n;
}

std::string random_hex(const host& tables, size_t bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::vector<uint8_t> drawn(bytes);
  tables.random->fill(tables.random->self, drawn.data(), drawn.size());
  std::string text;
  for (const uint8_t b : drawn) text += {digits[b >> 4], digits[b & 15]};
  return text;
}

}  // namespace tharsis::sdt
