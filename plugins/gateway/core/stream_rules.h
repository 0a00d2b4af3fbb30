// What the gateway says to those who bring or fetch large bodies, and what it notes of a half.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/stream_frame.h"
#include "sdk/pure/stream_receiver.h"
#include "sdk/pure/stream_sender.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

struct stream_settings {
  std::string folder;  // Empty: no streams are taken.
  // Of one stream, and of all files and halves together.
  int64_t stream_bytes = int64_t{16} << 30;
  int64_t bytes = int64_t{64} << 30;
  // Names in the folder, or notes of what came whole where these are more, and halves beside them: a folder of more is slow to list.
  int64_t files = 100'000;
  // Of one connection, and of all.
  int64_t streams = 32;
  int64_t streams_in_all = 1024;
  // What streams of all connections may have in memory, each way, beyond 64 KiB each.
  int64_t memory = 64 << 20;
  // A half that nobody came back for is removed after this: a phone that was lost in a drawer for a weekend goes on.
  duration keep_half = 7 * 24h;
  // Whole files; zero: for ever.
  duration keep{};
  bool operator==(const stream_settings&) const = default;
};

// After this long a client that reopens a stream does not learn any more that it was over.
inline constexpr duration done_kept_for = 7 * 24h;
// A piece for the disk, and what is read to be added up before others have their turn.
inline constexpr size_t disk_piece = 1 << 20;
inline constexpr size_t recall_piece = 8 << 20;
inline constexpr size_t read_piece = 256 << 10;

// What stands beside a half, and stays for a while when it is whole.
struct half_record {
  std::string name;
  std::optional<uint64_t> size;       // As its sender announced it.
  std::optional<streams::sum> whole;  // It is in its place,
  int64_t written = 0;                // and the file there was written last then, by the wall clock.
  bool operator==(const half_record&) const = default;
};
std::string record_text(const half_record& r);
result<half_record> parse_half_record(std::string_view text);

// The name of a half in its folder: of what it is called and its key.
std::string half_id(std::string_view name, std::span<const uint8_t> key);
bool is_half_id(std::string_view text);

struct stream_refusal {
  streams::reset_code code;
  std::string text;
};
// Why a stream is not opened, whatever is here.
std::optional<stream_refusal> refuse_open(const streams::message& m, const stream_settings& s);

// For a failure of the disk.
stream_refusal refusal_of(const error& e);

}  // namespace tharsis::gateway
