// What the tests of sealing share: chance that is the same every time, keys, bytes from hexadecimal.
#pragma once
#include <random>
#include <string>
#include <vector>

#include "plugins/xlog/core/key_file.h"

namespace tharsis::xlog {

class seeded_random {
 public:
  explicit seeded_random(uint64_t seed) : dice_(seed) {}
  operator tharsis_random() { return {sizeof(tharsis_random), this, fill}; }
  std::vector<uint8_t> data(size_t size) {
    std::vector<uint8_t> made(size);
    fill(this, made.data(), size);
    return made;
  }
  // From 0 to less than `end`.
  size_t below(size_t end) { return static_cast<size_t>(dice_() % end); }

 private:
  static void fill(void* self, uint8_t* into, size_t size) {
    for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(static_cast<seeded_random*>(self)->dice_());
  }
  std::mt19937_64 dice_;
};

inline private_key test_key(uint64_t seed) {
  seeded_random random(seed);
  return *make_private_key(random);
}

inline std::vector<uint8_t> from_hex(const std::string& hex) {
  std::vector<uint8_t> out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}
inline std::string to_hex(byte_view from) {
  std::string hex;
  for (const uint8_t b : from) hex += std::string(1, "0123456789abcdef"[b >> 4]) + "0123456789abcdef"[b & 15];
  return hex;
}
inline secret secret_from(const std::string& hex) {
  const auto raw = from_hex(hex);
  return secret(std::span<const uint8_t, key_size>(raw.data(), key_size));
}

}  // namespace tharsis::xlog
