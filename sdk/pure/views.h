// Between the contract's borrowed views and the language's.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "sdk/abi/abi.h"

namespace tharsis {

inline std::string_view view(tharsis_text text) { return {text.data, text.size}; }
inline tharsis_text text_of(std::string_view text) { return {text.data(), text.size()}; }
inline std::span<const uint8_t> view(tharsis_bytes bytes) { return {bytes.data, bytes.size}; }
inline tharsis_bytes bytes_of(std::span<const uint8_t> bytes) { return {bytes.data(), bytes.size()}; }
inline std::span<const uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tharsis
