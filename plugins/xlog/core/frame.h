// What a log file is made of: its header, and frames. FORMAT.md has the bytes.
//
// A frame is a header in the clear, an extra in the clear (with the header it is what a seal vouches for), and up to
// two payloads: of a block, its texts and its rows. A payload ends with a seal's tag, or in a plain file with a
// checksum.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/clock_anchor.h"

namespace tharsis::xlog {

// Readers pass over kinds that they do not know.
enum class frame_kind : uint8_t {
  sites = 1,      // First payload: entries of append_site().
  block = 2,      // Extra: block_extra. Payloads: texts, rows.
  recovered = 3,  // What a dead process left in a ring, as it stood there.
  note = 4,       // Something that a reader should tell, as lines dropped; `levels` has its level. First payload: i64 wall time, a sentence.
  end = 5,        // The file is complete.
  left_out = 6,   // Frames that a selection did not want when the file was shipped; see core/left_out.h.
};

enum : uint8_t {
  frame_sealed = 1,    // Payloads end with a tag and are unreadable without the key.
  frame_recorded = 2,  // Some rows are older than those of blocks before: they were recorded, and an error came.
};

struct frame_header {
  frame_kind kind = frame_kind::block;
  uint8_t flags = 0;
  uint8_t levels = 0;            // Bit: level of some row.
  uint8_t threads = 0;           // How many; 255: at least that.
  uint32_t extra = 0;            // Bytes; a multiple of 4, at most extra_max.
  uint32_t first = 0, second = 0;  // Bytes of the payloads with what ends them; at most payload_max.
  uint32_t rows = 0;
  uint16_t epoch = 0;
  uint64_t number = 0;           // Of the frame in its file.
  uint64_t tick_min = 0, tick_max = 0;  // Of the rows, shifted as the file's header says.
  uint64_t sites = 0;            // Bit: site_bit() of some row's.
  uint32_t chain = 0;            // The first bytes of the tag, or the checksum, before this frame's.

  uint64_t size() const { return header_size + extra + uint64_t{first} + second; }  // Of the whole frame.
  bool operator==(const frame_header&) const = default;

  static constexpr size_t header_size = 64;
  static constexpr size_t extra_max = 0xFFFF * 4;
  static constexpr size_t payload_max = 32 << 20;  // Nothing that we write is longer.
};

// Where a reader that is lost looks for the next frame.
inline constexpr std::string_view frame_magic = "XLG1";

std::array<uint8_t, frame_header::header_size> encode(const frame_header& h);

// None: these bytes are no header. They may be more than one.
std::optional<frame_header> decode_frame_header(std::span<const uint8_t> bytes);

// The next place in `bytes` where a header stands, or may be cut off; bytes.size(): nowhere.
size_t find_frame(std::span<const uint8_t> bytes);

// Which part of a ring is in a file: lines from there on are not to be taken again.
struct ring_range {
  uint32_t ring = 0;
  uint64_t from = 0, to = 0;
  uint64_t thread = 0;  // The system's number of the one that wrote it.
  bool operator==(const ring_range&) const = default;
};

struct block_extra {
  clock_anchor anchor;                 // Of when the block was made.
  std::array<uint8_t, 16> segment{};   // Where the rings are.
  std::vector<ring_range> consumed;  // At most consumed_max.
  bool operator==(const block_extra&) const = default;

  static constexpr size_t consumed_max = 9'000;
};
void append_block_extra(std::string& to, const block_extra& e);
std::optional<block_extra> decode_block_extra(std::span<const uint8_t> bytes);

struct file_header {
  bool sealed = false;
  std::array<uint8_t, 16> id{};
  clock_anchor anchor;         // Of when the file was begun.
  uint8_t tick_shift = 0;      // Ticks of rows are kept without that many bits.
  int64_t as_old_as = 0;       // Of a file that was compacted: when it was last written before, to the microsecond, from 1970 on; 0: it was not.
  std::string seal;            // The seal's own part; at most seal_max.
  bool operator==(const file_header&) const = default;

  static constexpr size_t seal_max = 32 << 10;
  static constexpr size_t fixed_size = 64;
};
std::string encode(const file_header& h);

struct file_opening {
  file_header header;
  size_t size = 0;  // Where the first frame begins.
};
// A sentence that says what is wrong, `cut` if more bytes would help: the start of a file of at least fixed_size +
// seal_max + 4 bytes never is.
struct file_damage {
  bool cut = false;
  std::string why;
};
std::optional<file_damage> decode_file_header(std::span<const uint8_t> bytes, file_opening& to);

// A payload of a plain file: with its checksum; and without it, or none where it is wrong.
inline constexpr size_t checksum_size = 4;
void append_checked(std::string& to, std::span<const uint8_t> payload);
std::optional<std::span<const uint8_t>> without_checksum(std::span<const uint8_t> payload);

}  // namespace tharsis::xlog
