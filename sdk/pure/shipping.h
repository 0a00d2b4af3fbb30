// What the sender and the receiver of log files say to each other, as values; plugins/xlog/SHIPPING.md tells the protocol.
// Everything that comes from the other side is bounded and checked here.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::shipping {

// Enough for a file of 15 GiB in pieces of 256 KiB; and a text that is read at once.
inline constexpr size_t pieces_max = 60'000;
inline constexpr size_t manifest_max = 8 << 20;
// One piece, and what one request may bring: small ones go together, so that a round trip moves about a megabyte.
inline constexpr size_t piece_max = 1 << 20;
inline constexpr size_t post_max = piece_max + (64 << 10);
// What a sender may have noted with a file.
inline constexpr size_t note_max = 4 << 10;
// Files of one source that a receiver tells of, and wishes.
inline constexpr size_t files_max = 4'000;
inline constexpr size_t wishes_max = 16;
inline constexpr size_t standing_max = files_max * (note_max + 512);

// Letters, digits, '.', '_' and '-', not a point at the beginning: so no name leads out of a folder. At most 128.
bool is_name(std::string_view text);
// 64 hexadecimal digits, small ones.
bool is_sum(std::string_view text);

struct piece {
  uint32_t size = 0;
  std::string sum;  // SHA-256, hexadecimal.
  bool operator==(const piece&) const = default;
};

// A file, as its sender has it.
struct manifest {
  std::string over;     // The edition that the sender knows and that this one takes the place of; empty: none.
  bool closed = false;  // Nothing will be added any more.
  bool whole = false;   // Nothing was left out.
  std::string note;     // The sender's own; printable, without spaces.
  std::vector<piece> pieces;

  uint64_t size() const;
  // What the receiver calls what it has. The same for the same content.
  std::string edition() const;
  bool operator==(const manifest&) const = default;
};
std::string text_of(const manifest& m);
result<manifest> parse_manifest(std::string_view text);

// The lines of a manifest before its pieces: what a receiver must know to tell of a file.
result<manifest> parse_manifest_head(std::string_view text);

// Lines of that time and level are wanted; times in nanoseconds since 1970 UTC.
struct wish {
  std::string id;
  int64_t since = 0, until = 0;
  uint32_t level = 0;
  bool operator==(const wish&) const = default;
};

inline constexpr std::array<std::string_view, 6> level_words = {"verbose", "debug", "info", "warning", "error", "fatal"};
// "verbose" to "fatal": 0 to 5.
std::optional<uint32_t> level_of(std::string_view word);

struct stored_file {
  std::string name;
  enum class state { whole, part, gone } is = state::part;  // Gone: it was here and made room; do not send it again.
  uint64_t size = 0;
  std::string edition;
  std::string note;
  bool operator==(const stored_file&) const = default;
};

// What a receiver has of one source, and wants of it.
struct standing {
  std::vector<wish> wishes;
  std::vector<stored_file> files;
  bool operator==(const standing&) const = default;
};
std::string text_of(const standing& s);
result<standing> parse_standing(std::string_view text);

// Which pieces are missing: first and last of each run, ascending.
using runs = std::vector<std::pair<uint32_t, uint32_t>>;
std::string text_of_missing(const runs& missing);
result<runs> parse_missing(std::string_view text, size_t pieces);

// A request's body of pieces: for each 32 bytes of SHA-256, its size in four bytes, the lowest first, and its bytes.
void append_piece(std::string& to, const piece& p, std::string_view bytes);
struct posted_piece {
  piece what;
  std::string_view bytes;
};
// Not whether the sums are right.
result<std::vector<posted_piece>> parse_post(std::string_view body);

// In a time that depends on the lengths alone.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace tharsis::shipping
