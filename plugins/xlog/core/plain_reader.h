// Takes a file of lines apart, each one of ours as text or as JSON: bytes in, records and damage out. A line that is neither is
// damage, and costs itself.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/line_item.h"

namespace tharsis::xlog {

class plain_reader {
 public:
  using item = line_item;

  void on_bytes(std::string_view bytes);
  void on_end() { ended_ = true; }
  // The next record or damage; nothing: more bytes are needed, or that was all.
  std::optional<item> take();
  // Nobody seals such files.
  bool sealed() const { return false; }

 private:
  std::optional<item> next_line(std::string_view line, uint64_t at);

  std::string bytes_;
  size_t taken_ = 0;     // Of bytes_.
  uint64_t offset_ = 0;  // Of bytes_[0] in the file.
  bool passes_ = false;  // Up to the end of a line that is too long.
  bool ended_ = false;
};

// Whether a file that begins with these bytes has such lines.
bool may_be_plain(std::string_view bytes);

}  // namespace tharsis::xlog
