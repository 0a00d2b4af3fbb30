// Many runs from many seeds, each told apart by its number.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace tharsis::test {

// A test on one thread has nothing to show a sanitizer that looks for races; at the head of one that takes long.
#if defined(THARSIS_SANITIZED_THREAD)
#define THARSIS_ONE_THREAD() GTEST_SKIP() << "one thread: no race to find"
#else
#define THARSIS_ONE_THREAD() static_cast<void>(0)
#endif

// How many of `count` seeds this build runs: all of them, but under sanitizers a tenth. There a simulated world
// takes 5 to 20 times as long, and what a sanitizer finds is on paths that each seed takes.
constexpr uint64_t seeds(uint64_t count) {
#if defined(THARSIS_SANITIZED)
  return std::min(count, std::max<uint64_t>(count / 10, 10));
#else
  return count;
#endif
}

// Calls one(seed) for 1 to `count` and prints how many there were; stops at the first that fails.
// THARSIS_SEED=4711 runs that one alone, THARSIS_SEEDS=100000 as many.
template <class Function>
void for_each_seed(uint64_t count, Function one) {
  const auto number = [](const char* name) -> uint64_t {
    const char* const text = std::getenv(name);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  };
  const uint64_t only = number("THARSIS_SEED");
  if (const uint64_t wanted = number("THARSIS_SEEDS"); wanted != 0) count = wanted;
  const uint64_t first = only != 0 ? only : 1;
  const uint64_t last = only != 0 ? only : count;
  uint64_t ran = 0;
  for (uint64_t seed = first; seed <= last && !testing::Test::HasFailure(); ++seed, ++ran) {
    SCOPED_TRACE("THARSIS_SEED=" + std::to_string(seed));
    one(seed);
  }
  std::printf("%llu seeds\n", static_cast<unsigned long long>(ran));
}

// A claim about many seeds together makes no sense for one.
inline bool all_seeds() { return std::getenv("THARSIS_SEED") == nullptr; }

}  // namespace tharsis::test
