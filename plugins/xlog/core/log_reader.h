// Takes a log file apart: bytes in, records and damage out. Damage never stops it: what cannot be read is told, and
// reading goes on at the next frame. In a sealed file nothing is believed that its seal does not prove; what is missing,
// doubled or in the wrong place shows.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/frame.h"
#include "plugins/xlog/core/frame_chain.h"
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
    record value;              // When there is no damage.
    std::string damage = {};   // "byte 1234: ...".
    // It is the end of the file: its writer was killed there or still writes, or somebody cut it; and part of a frame is
    // there. What it held is in the rings of a writer that was killed.
    bool cut = false;
    bool torn = false;
    // Where the line is from, and its arguments, good until the next call; null: it was finished text.
    const site* of = nullptr;
    std::span<const uint8_t> arguments = {};
    bool recorded = false;  // It waited for an error to come, and may be older than what was before.
  };

  // `key` opens sealed files; it must outlive this, and may be null.
  explicit log_reader(const private_key* key = nullptr) : key_(key) {}
  ~log_reader();

  void on_bytes(std::string_view bytes);
  void on_end() { ended_ = true; }

  // Whether the file is sealed, and nobody gave its key.
  bool sealed() const { return hopeless_ && header_ && header_->sealed; }

  using segment_id = std::array<uint8_t, 16>;
  // Whose rings the lines came from, as far as known by now; and of which dead process the file holds what it left.
  const std::optional<segment_id>& writer() const { return writer_; }
  const std::set<segment_id>& kept() const { return kept_; }

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
  // A frame with what is in its payloads, as far as they could be opened.
  struct opened {
    std::string bytes;
    std::optional<std::span<const uint8_t>> first, second;
    std::span<const uint8_t> extra;
    bool believed = false;          // What its header says is what was written.
    std::optional<uint32_t> chain;  // What the next frame's must be; nothing: not all of it is what was written.
    std::string why;                // Of a payload that could not be opened.
  };

  std::optional<item> next_frame();
  void on_torn(const std::optional<frame_header>& h, std::string_view left);
  std::optional<item> pass_lost_bytes(std::string_view left, size_t from);
  std::optional<item> at_end();
  void open(const frame_header& h, opened& to);
  void on_frame(const frame_header& h, const opened& o);
  void open_sites(std::span<const uint8_t> entries);
  void open_block(const frame_header& h, const opened& o);
  void open_recovered(std::span<const uint8_t> extra, std::span<const uint8_t> payload);
  void open_note(uint8_t levels, std::string_view payload);
  std::optional<std::span<const uint8_t>> open_payload(const frame_header& h, uint8_t number, std::span<const uint8_t> clear,
                                                       std::span<uint8_t> payload, std::string& why);
  std::optional<item> next_of_block();
  std::optional<item> next_recovered();
  item damaged(const std::string& what) const;
  void tell(const std::string& damage);
  static item line_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments);

  const private_key* key_;
  std::string bytes_;
  size_t taken_ = 0;       // Of bytes_.
  uint64_t offset_ = 0;    // Of bytes_[0] in the file.
  uint64_t frame_at_ = 0;  // Of the frame that is open.
  std::deque<item> told_;  // Before all that follows.
  frame_chain chain_;
  uint64_t lost_ = 0;      // Bytes that are no frame, up to here,
  uint64_t lost_at_ = 0;   // and where they begin.
  bool torn_ = false;      // They look like the beginning of one,
  bool torn_lines_ = false;  // which may have had lines.
  bool end_told_ = false;
  std::optional<segment_id> writer_;
  std::set<segment_id> kept_;
  bool ended_ = false;
  bool hopeless_ = false;
  std::optional<file_header> header_;
  std::optional<file_opener> opener_;
  std::optional<block_reader> block_;
  std::vector<std::unique_ptr<const site>> sites_;  // By number.
  std::string rows_;         // Of the block that is open.
  clock_anchor anchor_;      // Of its lines,
  std::map<uint32_t, uint64_t> threads_;  // and who wrote in which ring.
  uint64_t unreadable_ = 0;  // Lines of it.
  bool in_block_ = false;
  std::unique_ptr<recovered> recovered_;
};

// Whether a file that begins with these bytes (all of it, if `whole`) is worth reading; an empty one is.
bool may_be_log(std::string_view bytes, bool whole);

}  // namespace tharsis::xlog
