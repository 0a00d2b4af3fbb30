// Every number xlog uses. plugin.yaml sets the first part by these names.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/xlog/core/file_format.h"
#include "plugins/xlog/core/line_rules.h"
#include "plugins/xlog/core/mars_settings.h"
#include "plugins/xlog/core/retention.h"
#include "sdk/abi/log.h"
#include "sdk/pure/secret_names.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

struct settings {
  levels kept;            // What is less severe is not kept.
  levels flight{THARSIS_LOG_OFF, {}};  // But recorded, down to this, and written when an error comes.
  std::string directory;  // Absolute.
  // What files and segments are called by. Letters, digits and '-'; as long as a segment can remember.
  std::string name = "xlog";
  // Whether what the process dies of is noted. Not unless it is wanted: signals belong to the application.
  bool crash_handler = false;
  // Small enough to send, large enough that a busy day is a few files.
  uint64_t file_size = 64 << 20;
  // A file for each such part of a day; zero: for each day. More often than each minute a file is not worth its frame.
  duration rotate_every{};
  bool local_days = false;  // Days are those of the machine's zone, not of UTC.
  // Which files stay.
  retention keep;
  // Whether files go, too, when a disk is full that these limits knew nothing of. A log is worth more tomorrow than what it said
  // weeks ago.
  bool make_room = true;
  // While a disk is full and nothing may go, half of each ring is for lines of this level and worse.
  uint32_t full_level = THARSIS_LOG_WARNING;
  // Where files are written before they come to `directory`, so many days after their last line; empty: there at once.
  std::string cache_directory;
  uint32_t cache_days = 0;
  // Of each thread. At 500,000 lines of 56 bytes a second it is full after 37 ms: as long as a busy system may keep
  // the writer from the processor.
  uint32_t ring_size = 1 << 20;
  // Threads that log at a time with a ring of their own; the others share one.
  uint32_t rings = 16;
  // What is recorded: some ten thousand lines, the last seconds of a busy program.
  uint32_t flight_size = 1 << 20;
  // How long a line may wait in its ring for others to share its block. A crash loses nothing of it; a block of one
  // line is ten times as large as its part of a full one.
  duration interval = 1s;
  // What a line does that finds its ring full. It waits as long as a disk hangs that is busy; what a person notices is
  // longer.
  full_policy full{{THARSIS_LOG_VERBOSE, 50ms}, {}};
  // A line's call comes back when the line is in the file. Far slower, and only for those who want a log that others see
  // at once: in either mode a crash of the process loses nothing.
  bool sync = false;
  // How long a call waits for that at most; the line then stays in its ring. A sync of a busy disk takes tenths of a second,
  // and a person thinks a program has died that stands still for longer.
  duration sync_wait = 1s;
  // How long after its call a line may be lost to a loss of power. Zero: nothing is promised, and the disk not hurried.
  duration power_loss{0};
  // The pause after a write that failed: the first, then twice as long each time up to the last. A
  // full disk is seldom emptied within a second, and ten seconds are what a person waits gladly.
  duration retry_min = 200ms;
  duration retry_max = 10s;
  // Whether closed files are put into larger blocks while there is little to write; only plain ones can be. And for how long there
  // must have been little: whoever reads a file that was just closed, or copies it away, has done so by then.
  bool compact = true;
  duration compact_after = 1min;
  // What files are. Every form but our own puts each line into words while it writes.
  file_format format = file_format::xlog;
  mars_settings mars;
  // Whom files are sealed for: public keys, or paths of files that hold one. Empty: nobody, and files are plain.
  std::vector<std::string> recipients;
  // Fields whose values are never written; see sdk/pure/secret_names.h.
  std::vector<std::string> redact{usual_secrets.begin(), usual_secrets.end()};
  // From which level on lines are printed for the person in front of the runtime.
  uint32_t console = THARSIS_LOG_OFF;
  // Bits of a tick that files do not keep: at some 3 GHz less than a microsecond.
  unsigned tick_shift = 11;

  // The file that is written and those that always stay must fit into keep_bytes together, with one that may go.
  uint64_t whole_file() const {
    const uint64_t parts = uint64_t{keep.keep_at_least} + 2;
    return keep.keep_bytes > 0 ? std::clamp<uint64_t>(keep.keep_bytes / parts, 4 << 10, file_size) : file_size;
  }
  // Where files are, the one first where they are begun.
  std::vector<std::string> directories() const {
    return cache_directory.empty() || cache_directory == directory ? std::vector{directory} : std::vector{cache_directory, directory};
  }

  line_rules rules() const { return {kept, flight, full}; }
  bool records() const { return flight.lowest() < THARSIS_LOG_OFF; }

  bool operator==(const settings&) const = default;
};

// The text of one line; what is longer is cut, and says so. Longer than any stack trace, and four
// times as much, escaped, still fits into what is read at a time.
inline constexpr size_t text_max = 256 << 10;
inline constexpr size_t plugin_max = 256;  // Bytes of a plugin's id.

// Compacting. Lines in that many bytes of ring or rows make a block: twice those of the writer, which is where more gains less
// than the lines cost that a query has to open for the one it wants.
inline constexpr uint32_t compact_rows = 8192;
inline constexpr size_t compact_bytes = 512 << 10;
// Of zstd, for texts: the time is nobody's.
inline constexpr int compact_level = 9;
// Blocks of fewer lines than this, in the mean, are small: below it a file of a messenger's lines loses a tenth and more.
inline constexpr uint64_t compact_small_block = 128;
// A smaller file is not worth two writes and two syncs.
inline constexpr uint64_t compact_bytes_least = 16 << 10;
// A new file that is not smaller by a tenth does not replace the old one.
inline constexpr uint64_t compact_gain = 10;
// So few lines within compact_after are quiet: what a program says of itself while nobody uses it.
inline constexpr uint64_t compact_quiet_lines = 1000;
// One step: some milliseconds, so that the writer, which may need the same thread, hardly waits. Rows that are read, or headers
// of frames that are looked at.
inline constexpr uint64_t compact_rows_at_once = 4096;
inline constexpr uint64_t compact_frames_at_once = 512;
// After each, three times as long nothing: a quarter of a core at most.
inline constexpr int compact_pauses = 3;
inline constexpr duration compact_pause_least = 5ms, compact_pause_most = 1s;
// How often files are looked for when none was begun, and after a disk was full.
inline constexpr duration compact_look_interval = 1h;

// How often `tail -f` looks for what came: a person sees no delay, and a disk that sleeps is not kept awake by much.
inline constexpr duration follow_interval = 250ms;

// Work that is done before a person wonders tells no progress; then so often that the line moves, and can be read.
inline constexpr duration progress_after = 1s;
inline constexpr duration progress_interval = 100ms;

// What is read at a time from one file that is taken as a whole.
inline constexpr size_t read_size = 256 << 10;

// How often taps are told what has come: a person watches lines appear without a jerk.
inline constexpr duration tap_interval = 50ms;

// Two looks at the clocks for a first guess of the counter's speed, so far apart; it gets better with time.
inline constexpr duration first_measure = 2ms;

}  // namespace tharsis::xlog
