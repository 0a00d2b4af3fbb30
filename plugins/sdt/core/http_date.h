// The time in a Date field (RFC 9110, 5.6.7), in the one form that servers write today. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace tharsis::sdt {

// Seconds since 1970, of "Sun, 06 Nov 1994 08:49:37 GMT"; nothing: it is not written so.
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace tharsis::sdt
