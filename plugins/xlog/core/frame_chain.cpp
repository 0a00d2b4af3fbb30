#include "plugins/xlog/core/frame_chain.h"

#include <algorithm>
#include <utility>

namespace tharsis::xlog {
namespace {

constexpr size_t gaps_max = 4096;  // What is missing in more places is only told.

std::string named(uint64_t number) { return "frame " + std::to_string(number); }

}  // namespace

std::string frame_chain::missing_text(uint64_t first, uint64_t end) {
  if (end - first == 1) return named(first) + " is missing";
  return "frames " + std::to_string(first) + " to " + std::to_string(end - 1) + " are missing";
}

std::optional<frame_chain::finding> frame_chain::on_frame(uint64_t number, uint32_t before, std::optional<uint32_t> own, bool last) {
  const auto found = [](fault what, std::string text) { return finding{what, std::move(text)}; };
  if (number < next_) {
    if (fill(number)) return found(fault::misplaced, named(number) + " stands in the wrong place");
    return found(fault::repeated, named(number) + " stands here again");
  }
  const uint64_t expected = std::exchange(next_, number + 1);
  const bool fits = !chain_ || *chain_ == before, was_lost = std::exchange(lost_, false), was_ended = ended_;
  chain_ = own;
  ended_ = ended_ || last;
  if (number > expected && gaps_.size() < gaps_max) gaps_.push_back({expected, number});
  if (was_ended) return found(fault::after_last, named(number) + " stands behind the last one");
  if (number > expected) return was_lost ? std::nullopt : std::optional(found(fault::missing, missing_text(expected, number)));
  if (fits || was_lost) return std::nullopt;
  if (number == 0) return found(fault::broken, "frame 0 belongs to a file with another head");
  return found(fault::broken, named(number - 1) + " is not the one that " + named(number) + " was written behind");
}

// Whether it was missing; it is not any more.
bool frame_chain::fill(uint64_t number) {
  const auto in = std::find_if(gaps_.begin(), gaps_.end(), [&](const gap& g) { return number >= g.first && number < g.end; });
  if (in == gaps_.end()) return false;
  const gap after{number + 1, in->end};
  in->end = number;
  if (after.first < after.end) gaps_.push_back(after);
  return true;
}

}  // namespace tharsis::xlog
