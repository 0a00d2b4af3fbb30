// How a segment file looks: what a process that died leaves to the next one.
//
//   0         superblock: who, how large, the clock's anchor; at crash_offset what the process died of (crash_record.h),
//             zeros if nobody noted it; at intents_offset what is about to be written (write_intent.h); at key_offset the
//             wrapped key
//   16 KiB    for each ring its control: head, tail, and whose the bytes are
//   64 KiB    the dictionary: appended, never changed
//   then      the rings, each ring_size bytes, a power of two; the first one is shared (line_thread.h)
//   then      the flight ring, flight_size bytes: lines that are written only when an error comes (flight_line.h)
//
// All numbers are little-endian. What changes while the process runs is written with one store of 4 or 8
// bytes each, so that whoever looks after its death sees the old or the new.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/clock_anchor.h"
#include "plugins/xlog/core/crash_record.h"
#include "plugins/xlog/core/frame.h"
#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/write_intent.h"

namespace tharsis::xlog {

struct segment_geometry {
  uint32_t rings = 16;
  uint32_t ring_size = 1 << 20;           // A power of two, at least 64 KiB.
  uint32_t dictionary_size = 256 << 10;   // A multiple of 64 KiB. About 2,500 sites.
  uint32_t flight_size = 0;               // As ring_size, or none.

  uint32_t all_rings() const { return rings + (flight_size > 0 ? 1 : 0); }
  bool is_flight(uint32_t ring) const { return flight_size > 0 && ring == rings; }
  uint32_t size_of(uint32_t ring) const { return is_flight(ring) ? flight_size : ring_size; }

  bool operator==(const segment_geometry&) const = default;
};

// A line of half a ring fits into a block, and a ring with the dictionary into a frame.
inline constexpr uint32_t ring_size_max = 8 << 20;
static_assert(ring_size_max / 2 <= row_bytes_max);
inline constexpr uint32_t dictionary_size_max = 8 << 20;
inline constexpr uint32_t wrapped_key_max = 12 << 10;
inline constexpr uint32_t record_header_size = 16;

struct segment_info {
  segment_geometry geometry;
  bool sealed = false;
  uint32_t pid = 0;
  uint64_t start = 0;             // Of the process, in the system's clock ticks since boot.
  std::array<uint8_t, 16> boot{}; // Which run of the system.
  std::array<uint8_t, 16> id{};   // Random; blocks name the segment by it.
  std::string instance;           // Of the plugin; what is longer than 59 bytes is cut.
  clock_anchor anchor;

  bool operator==(const segment_info&) const = default;
};

// From this position on the ring's bytes are this thread's.
struct ring_owner {
  uint64_t position = 0;
  uint64_t thread = 0;

  bool operator==(const ring_owner&) const = default;
};

namespace segment_file {

inline constexpr std::array<char, 8> magic = {'T', 'H', 'X', 'L', 'R', 'I', 'N', 'G'};
// What begins otherwise is somebody else's file; a loss of power may leave zeros, and who died while making it nothing.
inline bool may_begin(const std::array<char, magic.size()>& first) { return first == magic || first == std::array<char, magic.size()>{}; }
inline constexpr uint32_t version = 2;
inline constexpr uint64_t crash_offset = 1 << 10;
inline constexpr uint64_t intents_offset = 2 << 10;
inline constexpr uint64_t key_offset = 4 << 10;
inline constexpr uint64_t control_offset = 16 << 10;
inline constexpr uint64_t dictionary_offset = 64 << 10;
inline constexpr uint32_t flag_sealed = 1;
inline constexpr size_t owners_max = 16;

struct superblock {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t flags;
  uint32_t rings;
  uint32_t ring_size;
  uint32_t dictionary_size;
  uint32_t pid;
  uint64_t start;
  std::array<uint8_t, 16> boot;
  std::array<uint8_t, 16> id;
  std::array<char, 60> instance;
  uint32_t flight_size;
  uint32_t key_size;
  uint32_t sum;               // CRC-32C of all before it, then of the key.
  // From here on it changes while the process runs.
  uint64_t dictionary_used;
  uint64_t anchor_turn;      // The last bit says which anchor holds.
  struct {
    uint64_t tick;
    int64_t wall;
    uint64_t ticks_per_second;  // The bits of a double.
  } anchors[2];
};
static_assert(sizeof(superblock) == 208 && sizeof(superblock) <= crash_offset);
static_assert(crash_offset + sizeof(crash_record) <= intents_offset);
static_assert(intents_offset + 2 * sizeof(write_intent) <= key_offset);

// The producer's line of cache, the drain's, and what seldom changes. Two lines apart: they are fetched in pairs.
struct control {
  alignas(128) uint64_t head;
  alignas(128) uint64_t tail;
  alignas(128) uint64_t owners;       // Ever; the last owners_max stand below, number n at n % owners_max.
  alignas(128) ring_owner owner[owners_max];
};
static_assert(sizeof(control) == 640);
inline constexpr uint64_t control_size = 1 << 10;
static_assert(control_offset + rings_max * control_size <= dictionary_offset);
static_assert(key_offset + wrapped_key_max <= control_offset);

constexpr uint64_t ring_offset(const segment_geometry& g, uint32_t ring) {
  return dictionary_offset + g.dictionary_size + uint64_t{ring} * g.ring_size;
}
constexpr uint64_t size(const segment_geometry& g) { return ring_offset(g, g.rings) + g.flight_size; }

// What superblock.sum must be.
uint32_t sum_of(const superblock& s, std::span<const uint8_t> key);

}  // namespace segment_file

// Whether a segment may look like that.
bool is_sound(const segment_geometry& g);

// The first bytes of a new segment file, up to the dictionary. `wrapped` is the ring key, sealed for whoever may
// read; at most wrapped_key_max.
std::vector<uint8_t> new_segment(const segment_info& info, std::span<const uint8_t> wrapped);

// Every byte of a segment has a place of its own in the keystream of its one key.
inline constexpr uint32_t dictionary_stream = 0xFFFF;
constexpr uint64_t stream_position(uint32_t ring, uint64_t position) { return uint64_t{ring} << 48 | position; }

inline constexpr uint64_t keystream_unit = 64;

// Makes the keystream from this position of the whole stream on, a multiple of keystream_unit. False: it cannot.
using fill_keystream = std::function<bool(uint64_t position, std::span<uint8_t> into)>;

// Memory that others read or write at the same time, or after our death.
template <class T>
T load(const T& from, std::memory_order order = std::memory_order_acquire) {
  return std::atomic_ref<T>(const_cast<T&>(from)).load(order);
}
template <class T>
void store(T& to, T value, std::memory_order order = std::memory_order_release) {
  std::atomic_ref<T>(to).store(value, order);
}

// The side that lives: what a process changes in its own segment's first bytes.
class segment_front {
 public:
  explicit segment_front(uint8_t* bytes) : bytes_(bytes) {}

  segment_file::superblock& superblock() { return *reinterpret_cast<segment_file::superblock*>(bytes_); }
  segment_file::control& control(uint32_t ring) {
    return *reinterpret_cast<segment_file::control*>(bytes_ + segment_file::control_offset + ring * segment_file::control_size);
  }
  // A better anchor; the old one holds until this one stands. [one thread at a time]
  void set_anchor(const clock_anchor& a);
  // What is about to be written; the one before holds until this one stands. [one thread at a time]
  void set_intent(write_intent w);

  // False: no room. `entry` is there for whoever looks after our death when this has come back. [one thread at a time]
  bool append_to_dictionary(std::span<const uint8_t> entry);
  uint64_t dictionary_used() { return load(superblock().dictionary_used); }

  // Notes whose bytes come now. False: too many owners whose bytes are not consumed yet. [the ring's next owner]
  bool add_owner(uint32_t ring, uint64_t thread);
  // Whose the byte at `position` is; it must be one between tail and head.
  uint64_t owner_of(uint32_t ring, uint64_t position);
  // From which position on the bytes behind this one are another thread's; all ones: there are none.
  uint64_t owned_until(uint32_t ring, uint64_t position);

 private:
  uint8_t* bytes_;
  uint64_t intent_turn_ = 0;
};

}  // namespace tharsis::xlog
