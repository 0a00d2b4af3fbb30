// One key for each block of a file, from one root, such that whoever steals the tree after block n can make
// the keys of n+1 and later, and none before.
//
// A binary tree: a node's two children are two hashes of it, a block's key is a leaf. What is kept are the
// fewest nodes that cover the blocks to come, at most 33. In order a key costs two hashes; any other costs
// at most 64, however far it is: a plain chain of hashes would need a million for block 1,000,000, and a
// forged number would hang the reader.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "plugins/xlog/core/cipher.h"

namespace tharsis::xlog {

class key_tree {
 public:
  static constexpr unsigned height = 32;
  static constexpr uint64_t keys_count = uint64_t{1} << height;

  explicit key_tree(const secret& root) { nodes_.push_back({root, 0, height}); }

  // Afterwards the keys up to this one cannot be made any more. Nothing: it cannot be made now.
  std::optional<secret> take(uint64_t number);
  // The first block whose key can be made.
  uint64_t next() const { return nodes_.empty() ? keys_count : nodes_.back().first; }

 private:
  struct node {
    secret key;
    uint64_t first;   // Of the blocks under it.
    unsigned height;  // 0: a leaf.
  };
  std::vector<node> nodes_;  // The last one covers the next blocks.
};

}  // namespace tharsis::xlog
