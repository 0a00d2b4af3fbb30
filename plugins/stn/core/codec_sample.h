// Frames as the conformance kit sends them through a codec, and what came out on the other side.
#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "sdk/pure/framing.h"

namespace tharsis::stn {

// A frame that owns what it shows.
struct sample_frame {
  uint32_t kind = 0, command = 0, sequence = 0;
  std::vector<uint8_t> body, key;
  std::string refusal;
  uint32_t retry_after_ms = 0;

  tharsis_stn_frame view() const;
};
sample_frame sample_of(const tharsis_stn_frame& f);

// What distinguishes them where a codec must keep it: of a push not the sequence, of an answer not the command.
// Empty: they are alike.
std::string difference(const sample_frame& sent, const sample_frame& heard);

// Some of each kind that this side sends and the codec carries, bodies up to `body_most`, drawn from `chance`.
std::vector<sample_frame> draw_samples(uint32_t side, const framing& codec, size_t body_most, std::mt19937_64& chance);

// All that was heard, and how it ended.
struct hearing {
  std::vector<sample_frame> frames;
  error end{THARSIS_PENDING, {}};  // THARSIS_PENDING: more bytes may come.
  size_t pending = 0;

  bool defective() const { return end.status == THARSIS_E_INTERNAL; }
};

// Gives `bytes` in pieces of `piece(left)` bytes, and takes what there is after each.
template <class Piece>
hearing hear(framing& from, std::span<const uint8_t> bytes, Piece piece) {
  hearing heard;
  while (!bytes.empty() && heard.end.status == THARSIS_PENDING) {
    const size_t size = std::min<size_t>(bytes.size(), std::max<size_t>(1, piece(bytes.size())));
    from.on_bytes(bytes.first(size));
    bytes = bytes.subspan(size);
    tharsis_stn_frame f;
    tharsis_status status;
    while ((status = from.take(f)) == THARSIS_OK) heard.frames.push_back(sample_of(f));
    if (status != THARSIS_PENDING) heard.end = from.failure();
  }
  heard.pending = from.pending();
  return heard;
}

}  // namespace tharsis::stn
