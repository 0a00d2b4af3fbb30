// Follows a file's blocks without any key: says what is missing, doubled or out of order, and goes on
// behind it. That a block's bytes are what was written, only its seal tells.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "plugins/xlog/core/cipher.h"

namespace tharsis::xlog {

class seal_chain {
 public:
  enum class fault {
    missing,     // Blocks before this one are not there.
    repeated,    // This block was there already, or comes too late.
    broken,      // The block before was replaced or damaged: this one was written behind another.
    after_last,  // Something stands behind the last block.
    cut,         // The last block is not there.
  };
  struct finding {
    fault what;
    uint64_t number;  // Of the block at which it shows.
    std::string text;
  };

  // `chain` is that of the file's envelope: see chain_of.
  explicit seal_chain(uint32_t chain) : chain_(chain) {}

  // A block whose header can be read. `before` is the chain that stands in its header; `own` that of its last
  // tag, nothing where the tag cannot be read.
  std::optional<finding> on_block(uint64_t number, uint32_t before, std::optional<uint32_t> own, bool last);
  std::optional<finding> on_end() const;

  uint64_t next() const { return next_; }

 private:
  uint64_t next_ = 0;
  std::optional<uint32_t> chain_;  // Of the block before the next one; nothing: unknown.
  bool ended_ = false;
};

}  // namespace tharsis::xlog
