// What the two ends of streams say to each other: bodies of frames with `stream_command`. plugins/stn/STREAMS.md has the
// layout. Everything from the other side is bounded and checked here.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::streams {

// The client's frames are requests with it, the server's pushes.
inline constexpr uint32_t stream_command = 10110;
inline constexpr uint64_t size_unknown = UINT64_MAX;
// Offsets beyond it do not exist, so that no sum overflows.
inline constexpr uint64_t offset_max = uint64_t{1} << 62;
inline constexpr size_t data_max = 64 * 1024;  // Of one frame; what has a higher priority waits for no more.
inline constexpr size_t key_max = 64;
inline constexpr size_t name_max = 255;
inline constexpr size_t text_max = 512;

using sum = std::array<uint8_t, 32>;  // SHA-256.

enum class direction : uint8_t { up = 1, down = 2, both = 3 };  // As the client sees it.
inline bool goes_up(direction d) { return d != direction::down; }
inline bool comes_down(direction d) { return d != direction::up; }

// Why a stream is broken off.
enum class reset_code : uint8_t {
  cancelled = 1,  // Its application does not want it any more: what came so far may go.
  denied = 2,     // Never here.
  later = 3,      // Not now; it may be opened again after a pause.
  full = 4,       // No room is left.
  not_found = 5,
  mismatch = 6,   // What arrived is not what was sent; nothing of it is kept.
  conflict = 7,   // The key stands for something else.
  violation = 8,  // This end does not keep to the protocol.
  disk = 9,
  taken = 10,     // It was opened again elsewhere.
  leaves = 11,    // This end goes, and may come again.
};
inline constexpr uint8_t reset_code_max = 11;

struct message {
  enum class kind : uint8_t { open = 1, opened = 2, data = 3, credit = 4, end = 5, done = 6, reset = 7 };
  kind is = kind::data;
  uint32_t stream = 0;  // The client counts them on each connection, from 1.

  // open
  streams::direction direction = direction::up;
  int8_t priority = 0;
  uint32_t command = 0;
  std::span<const uint8_t> key;
  std::string_view name;
  // open: of what goes up; opened: of what comes down; end, done: of the half that ends.
  uint64_t size = size_unknown;
  // open: so many bytes of what comes down are there, and `sum` is of them; opened: the same of what goes up.
  uint64_t has = 0;
  // opened: what comes down begins there: at the `has` of open, or at 0 where those bytes are others.
  uint64_t from = 0;
  // end: of the whole half.
  streams::sum sum{};
  // open, opened, credit: the other side may send up to this offset.
  uint64_t limit = 0;
  // credit: so many have arrived, and the application there has so many of them.
  uint64_t seen = 0, confirmed = 0;
  // data
  uint64_t offset = 0;
  std::span<const uint8_t> bytes;
  // reset
  reset_code code = reset_code::leaves;
  std::string_view text;
};

// Behind what is in `out`.
void append_message(std::vector<uint8_t>& out, const message& m);
// Borrows from `body`. A failure is one sentence.
result<message> read_message(std::span<const uint8_t> body);

// UTF-8 without control characters: names, and what a reset says.
bool is_text(std::string_view text);

// Letters, digits, '.', '_' and '-', no point at the beginning, at most 128: no name leads out of a folder.
bool is_file_name(std::string_view text);

// A status for what a reset says.
tharsis_status status_of(reset_code c);

}  // namespace tharsis::streams
