// Lines of one file, whatever its format, for who merges many.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "plugins/xlog/core/left_out.h"
#include "plugins/xlog/core/log_line.h"

namespace tharsis::xlog {

// What cannot be read, or is not where it should be.
struct damage {
  uint64_t at = 0;                     // The byte.
  std::string why;
  std::optional<uint64_t> frame = {};  // Its number, where a frame stands there.
  uint64_t missing_frames = 0;
  uint64_t missing_lines = 0;          // As far as known: those of frames that are missing are not.
  // It is the end of the file: its writer was killed there or still writes, or somebody cut it; and part of a frame is
  // there. What it held is in the rings of a writer that was killed.
  bool cut = false;
  bool torn = false;
  tharsis_status status = THARSIS_E_PROTOCOL;  // Or THARSIS_E_DENIED: the file is sealed, and its key was not given.

  std::string text() const { return "byte " + std::to_string(at) + ": " + why; }
};

class line_source {
 public:
  virtual ~line_source() = default;

  enum class step {
    line,    // See line().
    damage,  // See told().
    later,   // What comes next is no earlier than earliest(): next() opens it, and only then it needs memory; or some time went by.
    more,    // Bytes are still to come.
    end,     // There is no more; where the file grows, there may be later.
  };
  virtual step next() = 0;
  // Good until the next next().
  const log_line& line() const { return line_; }
  virtual const damage& told() const = 0;
  virtual int64_t earliest() const = 0;

  // How far into the file it is.
  virtual uint64_t position() const = 0;
  // Whether the file was closed in peace: its last frame is there. Formats that have no such thing always were.
  virtual bool complete() const { return true; }
  // Frames that were passed, opened or not.
  virtual uint64_t frames() const { return 0; }
  // What a selection left out when the file was shipped.
  virtual left_out_facts missing_by_choice() const { return {}; }

  using segment_id = std::array<uint8_t, 16>;
  // Whose rings the lines came from, as far as known by now; and of which dead processes the file holds what they left.
  virtual std::optional<segment_id> writer() const { return {}; }
  virtual const std::set<segment_id>& kept() const {
    static const std::set<segment_id> none;
    return none;
  }

 protected:
  log_line line_;
};

}  // namespace tharsis::xlog
