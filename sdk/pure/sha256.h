// SHA-256 (FIPS 180-4), for lock files and what is known by its content.
//
// Our own, because libtharsis must not bring an OpenSSL into its host: inside Node or Electron that one's
// inner calls would reach the application's, and plugins that load it later would share the mixture.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tharsis {

class sha256_sum {
 public:
  void add(const void* bytes, size_t size);
  // The sum, and the same in 64 hexadecimal digits. Nothing may be added behind it.
  std::array<uint8_t, 32> digest();
  std::string hex();

 private:
  static constexpr size_t block_size = 64;

  void take(const uint8_t* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, block_size> open_{};  // The first size_ % block_size bytes wait for the rest.
  uint64_t size_ = 0;
};

std::string sha256_of(std::string_view text);

}  // namespace tharsis
