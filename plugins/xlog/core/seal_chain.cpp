#include "plugins/xlog/core/seal_chain.h"

namespace tharsis::xlog {
namespace {

std::string named(uint64_t number) { return "block " + std::to_string(number); }

std::string range(uint64_t first, uint64_t end) {
  if (end - first == 1) return named(first) + " is missing";
  return "blocks " + std::to_string(first) + " to " + std::to_string(end - 1) + " are missing";
}

}  // namespace

std::optional<seal_chain::finding> seal_chain::on_block(uint64_t number, uint32_t before,
                                                        std::optional<uint32_t> own, bool last) {
  const auto at_this = [&](fault what, std::string text) { return finding{what, number, std::move(text)}; };
  if (number < next_) return at_this(fault::repeated, named(number) + " stands here again, or in the wrong place");
  const uint64_t expected = next_;
  const bool was_ended = ended_, fits = !chain_ || *chain_ == before;
  next_ = number + 1;
  chain_ = own;
  ended_ = ended_ || last;
  if (was_ended) return at_this(fault::after_last, named(number) + " stands behind the last block");
  if (number > expected) return at_this(fault::missing, range(expected, number));
  if (fits) return std::nullopt;
  if (number == 0) return at_this(fault::broken, "block 0 belongs to a file with another head");
  return at_this(fault::broken, named(number - 1) + " is not the one that " + named(number) + " was written behind");
}

std::optional<seal_chain::finding> seal_chain::on_end() const {
  if (ended_) return std::nullopt;
  return finding{fault::cut, next_, "the file ends before its last block: nothing is there from " + named(next_) + " on"};
}

}  // namespace tharsis::xlog
