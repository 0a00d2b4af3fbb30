// What a dead process left in its segment: found, checked, and handed on.
//
// A segment is read into an image: what no file holds yet. The image of a plain one, and of a sealed one by whoever
// has the key, gives its records in the order of their ticks. Without the key the image travels as it is, as the
// payload of a "recovered" frame:
//
//   0   4,4      magic "XLRV", version
//   8   4,4,4,4  bytes of superblock, wrapped key and dictionary; rings
//   24           superblock, wrapped key, dictionary, as they stood in the segment
//   then for each ring:  u32 ring, u32 owners, u64 from, u64 to, owners x {u64 position, u64 thread}, the bytes
//
// A line of the flight ring may still stand in the ring that it came from, unconsumed: then that one counts. So the
// flight ring has no owners, but for each other ring with something left: its `from`, its number.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/flight_line.h"
#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/core/ring_cursor.h"
#include "plugins/xlog/core/ring_layout.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

struct recovered_ring {
  uint32_t ring = 0;
  uint64_t from = 0;
  uint64_t to = 0;
  std::vector<ring_owner> owners;  // In the order of their positions. Of the flight ring see above.
  std::vector<uint8_t> bytes;      // As they stood there: to - from.

  bool operator==(const recovered_ring&) const = default;
};

struct segment_image {
  segment_info info;
  std::vector<uint8_t> superblock;  // As it stood there; info is what it says.
  std::vector<uint8_t> wrapped;
  std::vector<uint8_t> dictionary;  // As it stood there.
  std::vector<recovered_ring> rings;
  std::optional<crash_record> crash;  // What its process died of; a payload does not hold it.
  std::vector<uint32_t> damaged;    // Rings of which nothing can be said: their head and tail contradict each other, or
                                    // their bytes cannot be read.

  bool empty() const { return rings.empty(); }
};

// Answers false where the file ends.
using read_bytes = std::function<bool(uint64_t offset, std::span<uint8_t> into)>;

// What its process was about to write last; nothing: its files say themselves what they hold.
std::optional<write_intent> last_intent(const read_bytes& file);

// What the segment holds and no file. `done` is what the files' frames say of this segment (by its id). Fails,
// with what is wrong and nothing to be done, for what is no whole segment of this version: set it aside.
result<segment_image> read_segment(const read_bytes& file, std::span<const ring_range> done);

// One for each frame: `most` bytes, or one ring and what goes with it, which is below frame_header::payload_max.
struct recovered_payload {
  std::vector<uint8_t> bytes;
  std::vector<ring_range> ranges;  // For the frame's extra: where this is in a file, it is not to be kept again.
};
std::vector<recovered_payload> recovered_payloads(const segment_image& image, size_t most = frame_header::payload_max / 2);
result<segment_image> read_recovered(std::span<const uint8_t> payload);

// The dictionary in plain, whole entries as they were appended; empty where `fill` failed.
std::vector<uint8_t> open_dictionary(const segment_image& image, const fill_keystream& fill);

struct recovered_record {
  uint32_t ring = 0;
  uint64_t thread = 0;
  ring_record record;
};

// The records of an image, merged by tick. It keeps a reference to the image. Ticks prove nothing: within a ring they
// may turn back, as lines that waited for each other, or were said by a clock that is set, do.
class recovered_records {
 public:
  // `sites`: the highest number in its dictionary and one. `fill` is not asked where the segment is plain.
  recovered_records(const segment_image& image, const fill_keystream& fill, uint32_t sites);

  // False: that was all. The arguments are good until the next call.
  bool next(recovered_record& out);

  // Bytes behind a record that was none: half a line, or rot. They are lost.
  uint64_t unreadable() const { return unreadable_; }

 private:
  struct source {
    const recovered_ring* ring;
    std::vector<uint8_t> keystream;
    ring_cursor cursor;
    ring_record record;  // The next one, where `has`.
    bool has = false;
    bool flight = false;
    flight_origin origin;              // Of the next one, in the flight ring; in the shared one only its thread.
    std::vector<uint64_t> origins;     // For each ring where the last line from it stood, and one.
  };
  void advance(source& s);
  bool is_credible(source& s);
  static bool stands_elsewhere(const source& s);

  std::vector<source> sources_;
  uint32_t sites_;
  uint32_t rings_;           // Without the flight ring.
  size_t given_ = ~size_t{0};
  uint64_t unreadable_ = 0;
};

}  // namespace tharsis::xlog
