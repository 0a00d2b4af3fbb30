// Takes a log file apart: bytes in, records and damage out. Damage never stops it: what cannot be read is told, and
// reading goes on at the next frame.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/frame.h"
#include "plugins/xlog/core/key_file.h"
#include "plugins/xlog/core/keystream.h"
#include "plugins/xlog/core/record.h"
#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/core/seal.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

class log_reader {
 public:
  struct item {
    record value;        // When there is no damage.
    std::string damage;  // "byte 1234: ...".
  };

  // `key` opens sealed files; it must outlive this, and may be null.
  explicit log_reader(const private_key* key = nullptr) : key_(key) {}
  ~log_reader();

  void on_bytes(std::string_view bytes);
  void on_end() { ended_ = true; }

  // Whether the file is sealed, and nobody gave its key.
  bool sealed() const { return hopeless_ && header_ && header_->sealed; }

  // The next record or damage; nothing: more bytes are needed, or that was all.
  std::optional<item> take();

 private:
  // Records that a dead process left in its rings.
  struct recovered {
    segment_image image;
    std::optional<keystream> stream;
    std::vector<site> sites;
    clock_anchor anchor;
    std::optional<recovered_records> records;
  };

  std::optional<item> begin();
  std::optional<item> next_frame();
  std::optional<item> open_frame(const frame_header& h, std::string_view bytes);
  std::optional<item> open_sites(std::span<const uint8_t> entries);
  std::optional<item> open_block(const frame_header& h, std::span<const uint8_t> extra, std::span<const uint8_t> rows);
  std::optional<item> open_recovered(std::span<const uint8_t> extra, std::span<const uint8_t> payload);
  std::optional<item> open_note(std::string_view payload);
  std::optional<std::span<const uint8_t>> open_payload(const frame_header& h, uint8_t number, std::span<const uint8_t> clear,
                                                       std::span<uint8_t> payload, std::string& why);
  std::optional<item> next_of_block();
  std::optional<item> next_recovered();
  item damaged(const std::string& what) const;
  record record_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments) const;

  const private_key* key_;
  std::string bytes_;
  size_t taken_ = 0;       // Of bytes_.
  uint64_t offset_ = 0;    // Of bytes_[0] in the file.
  uint64_t frame_at_ = 0;  // Of the frame that is open.
  std::optional<uint64_t> next_number_ = 0;  // Of the next frame; none: bytes were lost in front of it.
  bool ended_ = false;
  bool hopeless_ = false;
  std::optional<file_header> header_;
  std::optional<file_opener> opener_;
  std::optional<block_reader> block_;
  std::vector<site> sites_;  // By number.
  std::string rows_;         // Of the block that is open.
  block_extra extra_;
  bool in_block_ = false;
  std::unique_ptr<recovered> recovered_;
};

// Whether a file that begins with these bytes (all of it, if `whole`) is worth reading; an empty one is.
bool may_be_log(std::string_view bytes, bool whole);

}  // namespace tharsis::xlog
