// What of a log file is shipped, and in which pieces: an answer to what is selected, over the file's bytes as they are
// now. No key is needed: blocks are chosen by their headers.
//
// What a selection does not want is left out block by block; sites, notes and what dead processes left always go. A block
// that is left out leaves its texts if a later block needs them. Pieces begin where the file's offsets pass a whole multiple, at a
// frame: so the same bytes are in the same pieces whatever is left out around them, and however the file has grown.
#pragma once
#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/byte_window.h"
#include "plugins/xlog/core/left_out.h"
#include "sdk/abi/log.h"
#include "sdk/pure/error.h"
#include "sdk/pure/shipping.h"

namespace tharsis::xlog {

// Lines of that time and level, with those that share a block with them.
struct ship_selection {
  uint32_t level = THARSIS_LOG_VERBOSE;  // And worse.
  int64_t since = std::numeric_limits<int64_t>::min();
  int64_t until = std::numeric_limits<int64_t>::max();

  bool is_all() const { return *this == ship_selection(); }
  bool operator==(const ship_selection&) const = default;
};

// A file as it is found.
struct ship_source {
  bool of_frames = false;      // Ours; of other files nothing can be left out.
  bool being_written = false;  // Frames are still to come: what is behind the last whole one is not there yet.
  std::string note;            // What the receiver has of it, as a plan before said in its manifest; that is kept.
};

class ship_plan {
 public:
  // Bytes of the file, or bytes that were made to stand there.
  struct part {
    uint64_t at = 0;
    uint64_t size = 0;
    std::string made;
  };
  using piece = std::vector<part>;

  // THARSIS_E_NOT_FOUND: nothing of it is wanted. THARSIS_E_CANCELLED: `stop` was set. THARSIS_E_UNSUPPORTED: it is too large.
  static result<ship_plan> make(byte_window& file, const ship_source& source, const ship_selection& wanted, const std::atomic<bool>& stop);

  const shipping::manifest& manifest() const { return manifest_; }
  // The bytes of a piece. THARSIS_E_GONE: the file is another one by now.
  result<std::string> read(byte_window& file, uint32_t index) const;

 private:
  class maker;

  std::vector<piece> pieces_;
  shipping::manifest manifest_;
};

}  // namespace tharsis::xlog
