// What stands in a file in place of frames that were left out of it on purpose: when it was shipped, a selection did not
// want them. FORMAT.md has the bytes.
//
// Whoever ships a file has no key, so nothing proves such a frame but the frames on both sides of it: their numbers, and
// the chain. It stands for what is missing between them, and for no more.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugins/xlog/core/frame.h"

namespace tharsis::xlog {

struct left_out {
  uint64_t until = 0;  // The number of the frame that comes next.
  uint64_t lines = 0;  // That were in them.
  uint64_t bytes = 0;  // That they had.
  uint32_t chain = 0;  // What stands in the next frame.
  bool operator==(const left_out&) const = default;

  // Instead of a number: the file was still being written, and whatever came later is not here.
  static constexpr uint64_t open_end = std::numeric_limits<uint64_t>::max();
};

// What is missing from a file altogether.
struct left_out_facts {
  uint64_t frames = 0, lines = 0, bytes = 0;
  bool is_open = false;  // More may have come later.
};

// `h`: number, chain, epoch, levels and ticks are those of the frames that are not there. `texts`: the beginning of a block, up
// to its rows, which alone are missing then; or nothing.
std::string left_out_frame(frame_header h, const left_out& what, std::string_view texts = {});

// Of the extra. Nothing: it is damaged.
std::optional<left_out> decode_left_out(std::span<const uint8_t> extra, const frame_header& h);

}  // namespace tharsis::xlog
