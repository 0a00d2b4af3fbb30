// Chance from a seed: one stream of numbers, the same on every machine. For simulations; secrets are made otherwise.
#pragma once
#include <cstdint>

#include "sdk/pure/time.h"

namespace tharsis {

class dice {
 public:
  explicit dice(uint64_t seed) : state_(seed) {}

  // splitmix64: short, passes the usual batteries, any seed is a good one.
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  uint64_t below(uint64_t bound) { return next() % bound; }  // Bounds are small: the bias is not felt.

  // From 0 up to, but not, 1.
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  bool chance(double probability) { return probability > 0 && share() < probability; }

  // From nothing to `most`, both included.
  duration up_to(duration most) {
    return most.count() <= 0 ? duration{} : duration(below(static_cast<uint64_t>(most.count()) + 1));
  }

 private:
  uint64_t state_;
};

}  // namespace tharsis
