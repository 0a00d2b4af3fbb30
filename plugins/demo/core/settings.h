// Every number the demo uses. plugin.yaml sets them by these names.
#pragma once
#include <cstdint>
#include <string>

#include "sdk/pure/time.h"

namespace tharsis::demo {

struct settings {
  std::string role = "sender";  // "sender" sends the text; "friend" sends small talk until it is stopped.
  std::string text;             // The file whose lines are sent.
  // 400 lines at this pace take 6 s, so that an outage of 2 s lies in the middle and all ends in 20 s.
  duration pace = 15ms;
  // The friend's: some twenty messages before, during and after the outage.
  duration friend_pace = 250ms;
  // Longer than the outage and the reconnect behind it, so that no task needs to fail.
  duration task_timeout = 12s;
  // When the work should have ended by itself; then the demo gives up and says what is missing.
  duration limit = 17s;
  // At least so many times the link must have come up again: the outage is part of the job.
  int64_t outages = 1;
  std::string topic = "0";  // The sample server's first conversation.
  std::string program = "tharsis";
};

// A text of a few hundred lines has some 20 KiB; this keeps a wrong path from filling the memory.
inline constexpr size_t text_size_max = 4 << 20;
// Lines are messages: far below the frame's limit.
inline constexpr size_t line_size_max = 64 << 10;
// How long stn is left alone when it has too much waiting.
inline constexpr duration busy_pause = 50ms;
// How often the live line is renewed.
inline constexpr duration progress_interval = 100ms;
// For one question about the gateway's counts.
inline constexpr duration statistics_timeout = 4s;
// After the give-up limit, reading the log back may still take so long.
inline constexpr duration closing_time = 1s;

}  // namespace tharsis::demo
