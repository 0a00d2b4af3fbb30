// The form of a harness: one file NAME_fuzz.cpp that defines this function, named in CMakeLists.txt,
// and a few small files in corpus/NAME. It returns 0, keeps nothing between two calls, and aborts (see
// require) where a claim about the code is false. All else stands in its unnamed namespace.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace tharsis::fuzz {

// A claim that holds for every input; unlike assert also in release builds.
inline void require(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "false: %s\n", claim);
  std::abort();
}

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes an input apart: small numbers first, then what is left of it. Numbers past the end are 0.
class reader {
 public:
  reader(const uint8_t* data, size_t size) : left_(data, size) {}
  uint8_t byte() {
    const auto one = take(1);
    return one.empty() ? uint8_t{0} : one.front();
  }
  std::span<const uint8_t> take(size_t most) {
    const auto taken = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  bool empty() const { return left_.empty(); }

 private:
  std::span<const uint8_t> left_;
};

}  // namespace tharsis::fuzz
