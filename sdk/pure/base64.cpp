#include "sdk/pure/base64.h"

namespace tharsis {
namespace {
constexpr std::string_view base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64_text(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t here = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < here ? bytes[i + j] : 0u);
    for (size_t j = 0; j < 4; ++j) text += j <= here ? base64_letters[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

std::optional<std::vector<uint8_t>> base64_bytes(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < text.size(); i += 4) {
    std::string_view four = text.substr(i, 4);
    while (i + 4 == text.size() && four.size() > 2 && four.back() == '=') four.remove_suffix(1);
    uint32_t group = 0;
    for (const char c : four) {
      const size_t value = base64_letters.find(c);
      if (value == std::string_view::npos) return {};
      group = group << 6 | static_cast<uint32_t>(value);
    }
    group <<= 6 * (4 - four.size());
    for (size_t j = 0; j + 1 < four.size(); ++j) bytes.push_back(static_cast<uint8_t>(group >> (16 - 8 * j)));
  }
  if (base64_text(bytes) != text) return {};  // Bits beyond the last byte were set.
  return bytes;
}

}  // namespace tharsis
