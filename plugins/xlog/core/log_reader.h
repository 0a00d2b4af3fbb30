// Takes a log file apart: bytes in, records and damage out. Damage never stops it: what cannot be read is told, and
// reading goes on at the next frame. See log_lines.h, which needs fewer bytes where they can be read at offsets.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/byte_window.h"
#include "plugins/xlog/core/log_lines.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

class log_reader {
 public:
  struct item {
    record value;              // When there is no damage.
    std::string damage = {};   // "byte 1234: ...".
    bool cut = false;          // As in damage, of file_walk.h.
    bool torn = false;
    // Where the line is from, and its arguments, good until the next call; null: it was finished text.
    const site* of = nullptr;
    std::span<const uint8_t> arguments = {};
    bool recorded = false;  // It waited for an error to come, and may be older than what was before.
  };

  // `key` opens sealed files; it must outlive this, and may be null.
  explicit log_reader(const private_key* key = nullptr) : lines_(bytes_, key, all_) {}
  log_reader(const log_reader&) = delete;
  log_reader& operator=(const log_reader&) = delete;

  void on_bytes(std::string_view bytes) {
    bytes_.forget_before(lines_.walk().needed_from());
    bytes_.push(bytes);
  }
  void on_end() { bytes_.end(); }

  // Whether the file is sealed, and nobody gave its key.
  bool sealed() const { return lines_.walk().sealed(); }

  using segment_id = log_lines::segment_id;
  std::optional<segment_id> writer() const { return lines_.writer(); }
  const std::set<segment_id>& kept() const { return lines_.kept(); }

  // The next record or damage; nothing: more bytes are needed, or that was all.
  std::optional<item> take();

 private:
  item item_of(const log_line& l);

  const query all_;
  pushed_bytes bytes_;
  log_lines lines_;
  std::vector<uint8_t> arguments_;
};

}  // namespace tharsis::xlog
