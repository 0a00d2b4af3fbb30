// Takes a log file apart: bytes in, records and damaged lines out. Damage never stops it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/settings.h"

namespace tharsis::xlog {

class reader {
 public:
  struct item {
    uint64_t line = 0;  // From 1.
    record value;       // When there is no damage.
    std::optional<line_damage> damage;
    std::string excerpt;  // The beginning of a damaged line, fit for a terminal.
  };

  void on_bytes(std::string_view bytes);
  void on_end() { ended_ = true; }

  // The next line; nothing: more bytes are needed, or that was all.
  std::optional<item> take();

 private:
  item item_of(std::string_view line, bool whole);

  std::string bytes_;
  size_t taken_ = 0;     // Of bytes_.
  size_t searched_ = 0;  // Up to here there is no newline.
  bool too_long_ = false;  // Inside a line of which the beginning was reported and dropped.
  bool ended_ = false;
  uint64_t line_ = 0;
};

// Whether a file that begins with these bytes (all of it, if `whole`) is worth reading: an empty one
// is, and one with a line of ours, be it cut off.
bool may_be_log(std::string_view bytes, bool whole);

}  // namespace tharsis::xlog
