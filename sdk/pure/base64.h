// Base64 (RFC 4648, section 4): the usual alphabet, with padding.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tharsis {

std::string base64_text(std::span<const uint8_t> bytes);
// Nothing: the text is not what base64_text() makes of some bytes.
std::optional<std::vector<uint8_t>> base64_bytes(std::string_view text);

}  // namespace tharsis
