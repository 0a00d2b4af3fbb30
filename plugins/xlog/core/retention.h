// Which log files go: those that are too old, the oldest where all together are too large, and where the disk runs out
// of room the least severe first.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plugins/xlog/core/file_name.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

struct retention {
  // As long as a person needs who hears of trouble from somebody else, a week later.
  duration keep_for = 240h;  // Zero: for ever.
  uint64_t keep_bytes = 0;   // Of all files; 0: as many as there are.
  uint64_t keep_free = 0;    // Of the disk; 0: nothing.
  // The newest files stay whatever their age and the room: of a program that runs twice a year, or after the clock jumped ahead,
  // the last run's lines are there.
  uint32_t keep_at_least = 2;

  bool operator==(const retention&) const = default;
};

struct kept_file {
  file_name name;
  uint64_t bytes = 0;
  int64_t modified = 0;       // 0: nobody knows.
  uint8_t levels = 0xFF;      // Bit: some line may have that level.
  bool may_go = true;         // Nobody writes it.
};

enum class departure_reason { age, bytes, room };
struct departure {
  size_t file = 0;  // Its place in the list.
  departure_reason why{};
  bool operator==(const departure&) const = default;
};

// `reserve`: what the file that is written may still grow, a part of keep_bytes. `free`: of the disk, where it is known.
std::vector<departure> departures(std::span<const kept_file> files, const retention& limits, uint64_t reserve,
                                  std::optional<uint64_t> free, int64_t now);

// The one that is missed least, of those that limits do not protect: whose worst line is least severe, and of such the oldest.
std::optional<size_t> least_missed(std::span<const kept_file> files, uint32_t keep_at_least, int64_t now);

}  // namespace tharsis::xlog
