// After how long an HTTP server may be asked again: Retry-After, in seconds or as a date. Pure.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sdk/pure/cookies.h"
#include "sdk/pure/http1.h"
#include "sdk/pure/time.h"

namespace tharsis {

// `wall_seconds` since 1970 is now, by which a date is told. Nothing: it says nothing, or nothing that means something.
// Zero: at once.
inline std::optional<duration> read_retry_after(std::string_view value, int64_t wall_seconds) {
  constexpr int64_t most = 365 * 86'400;  // Whoever is told so is spared for less anyway.
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    int64_t seconds = 0;
    for (const char c : value) seconds = std::min(seconds * 10 + (c - '0'), most);
    return std::chrono::seconds(seconds);
  }
  const auto date = parse_cookie_date(value);
  if (!date) return std::nullopt;
  return std::chrono::seconds(std::clamp<int64_t>(*date - wall_seconds, 0, most));
}

// What a server answers that cannot answer: itself, or what stands before it.
inline bool is_overload(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

// Of an answer that says that the server has too much to do.
inline std::optional<duration> busy_for(const http1::response_head& head, int64_t wall_seconds) {
  if (head.status != 429 && head.status != 503) return std::nullopt;
  return read_retry_after(http1::value_of(head.fields, "Retry-After"), wall_seconds);
}

}  // namespace tharsis
