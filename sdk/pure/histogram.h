// The buckets of a histogram (sdk/abi/metrics.h): which value falls where, and what can be said about many
// values from the buckets alone.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sdk/abi/metrics.h"

namespace tharsis {

constexpr size_t bucket_of(uint64_t value) {
  if (value == 0) return 0;
  const auto high = static_cast<unsigned>(63 - __builtin_clzll(value));
  const uint64_t next_bit = high == 0 ? 0 : (value >> (high - 1)) & 1;
  return 1 + 2 * size_t{high} + static_cast<size_t>(next_bit);
}

// The smallest and the largest value of a bucket. No value falls into bucket 2: 1 has no bit below its highest.
constexpr uint64_t bucket_least(size_t bucket) {
  if (bucket == 0) return 0;
  const uint64_t high = uint64_t{1} << ((bucket - 1) / 2);
  return bucket % 2 == 1 ? high : high + high / 2;
}
constexpr uint64_t bucket_most(size_t bucket) {
  if (bucket == 0) return 0;
  const uint64_t high = uint64_t{1} << ((bucket - 1) / 2);
  return bucket % 2 == 1 && bucket != 1 ? high + (high / 2 - 1) : high + (high - 1);
}

constexpr uint64_t values_in(const uint64_t* buckets) {
  uint64_t count = 0;
  for (size_t b = 0; b < THARSIS_HISTOGRAM_BUCKETS; ++b) count += buckets[b];
  return count;
}

// About the value that a share of `share` (0 to 1) of all values does not exceed: it lies in the same bucket
// as the true one, so it is off by less than half of it. Inside a bucket the values are taken to be spread
// evenly. 0 when there are none.
constexpr uint64_t quantile(const uint64_t* buckets, double share) {
  const uint64_t count = values_in(buckets);
  const double exact = share * static_cast<double>(count);
  uint64_t rank = exact <= 1 ? 1 : static_cast<uint64_t>(exact);  // Of the value, counted from 1.
  if (static_cast<double>(rank) < exact) ++rank;
  if (rank > count) rank = count;
  for (size_t b = 0; b < THARSIS_HISTOGRAM_BUCKETS; ++b) {
    if (buckets[b] == 0) continue;
    if (rank > buckets[b]) {
      rank -= buckets[b];
      continue;
    }
    const double inside = (static_cast<double>(rank) - 0.5) / static_cast<double>(buckets[b]);
    return bucket_least(b) + static_cast<uint64_t>(inside * static_cast<double>(bucket_most(b) - bucket_least(b)));
  }
  return 0;
}

// No value is larger; 0 when there are none.
constexpr uint64_t largest_at_most(const uint64_t* buckets) {
  for (size_t b = THARSIS_HISTOGRAM_BUCKETS; b > 0; --b)
    if (buckets[b - 1] != 0) return bucket_most(b - 1);
  return 0;
}

}  // namespace tharsis
