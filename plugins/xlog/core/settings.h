// Every number xlog uses. plugin.yaml sets the first part by these names.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "sdk/abi/log.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

struct settings {
  uint32_t level = THARSIS_LOG_INFO;  // What is less severe is not kept.
  std::string directory;              // Absolute.
  // Small enough to send and to open in an editor, large enough that a busy day is a few files.
  uint64_t file_size = 64 << 20;
  // Lines that wait for the file. A full disk for a minute, at 1,000 lines of 130 bytes a second.
  size_t memory = 8 << 20;
  // How long a line may wait for others to share its write. People who follow the file do not see it,
  // and a burst costs ten writes a second instead of one for each line.
  duration interval = 100ms;
  // Waiting lines that are written at once: a write of this size costs little more than a small one.
  size_t batch = 256 << 10;
  // The pause after a write that failed: the first, then twice as long each time up to the last. A
  // full disk is seldom emptied within a second, and ten seconds are what a person waits gladly.
  duration retry_min = 200ms;
  duration retry_max = 10s;

  bool operator==(const settings&) const = default;
};

// The text of one line; what is longer is cut, and says so. Longer than any stack trace, and four
// times as much, escaped, still fits into a batch of reading.
inline constexpr size_t text_max = 256 << 10;
inline constexpr size_t plugin_max = 256;  // Bytes of a plugin's id.

// The longest line a file may hold: every byte escaped, and what stands before the text.
inline constexpr size_t line_max = 4 * (text_max + plugin_max) + 512;

// What `cat` reads at a time from one file.
inline constexpr size_t read_size = 256 << 10;

}  // namespace tharsis::xlog
