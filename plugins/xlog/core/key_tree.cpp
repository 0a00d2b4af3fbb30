#include "plugins/xlog/core/key_tree.h"

#include <utility>

namespace tharsis::xlog {
namespace {

secret child(const secret& parent, uint8_t side) { return hmac_sha256(parent.open(), {&side, 1}); }

}  // namespace

std::optional<secret> key_tree::take(uint64_t number) {
  if (number < next() || number >= keys_count) return std::nullopt;
  while (number - nodes_.back().first >= uint64_t{1} << nodes_.back().height) nodes_.pop_back();
  node at = std::move(nodes_.back());
  nodes_.pop_back();
  while (at.height > 0) {
    node right{child(at.key, 1), at.first + (uint64_t{1} << (at.height - 1)), at.height - 1};
    if (number >= right.first) {
      at = std::move(right);
    } else {
      at = {child(at.key, 0), at.first, at.height - 1};
      nodes_.push_back(std::move(right));
    }
  }
  return std::move(at.key);
}

}  // namespace tharsis::xlog
