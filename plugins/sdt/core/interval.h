// How far a share that was counted may be from the true one.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tharsis::sdt {

struct interval {
  double low = 0, high = 1;
};

// Wilson's, at 95 %: honest for few trials and for shares near 0. `trials` 0: anything.
inline interval wilson(uint32_t hits, uint32_t trials) {
  if (trials == 0) return {};
  constexpr double z = 1.96;
  const double n = trials, p = hits / n;
  const double middle = p + z * z / (2 * n), spread = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)),
               whole = 1 + z * z / n;
  return {std::max(0.0, (middle - spread) / whole), std::min(1.0, (middle + spread) / whole)};
}

}  // namespace tharsis::sdt
