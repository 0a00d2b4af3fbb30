// The texts of an epoch, for a writer: each is written once, and from then on is a small number of its column.
//
// A text has one number for the whole epoch, and one in each column where it stands (its code, from 1), so that a
// column's codes are as narrow as its own variety. What is new since the last block is told by fresh().
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/bits.h"

namespace tharsis::xlog {

class dictionary {
 public:
  // What one column has in common with the dictionary. Codes are places in `texts`, from 1.
  struct column {
    std::vector<uint32_t> texts;  // Numbers of its texts.
    size_t told = 0;              // Of these, how many earlier blocks told.
    uint32_t seen = 0, unknown = 0;
    bool picky = false;  // Most of its texts come once only: admit those that come twice.
  };

  dictionary();

  // The text's code in the column with this number; 0: it is not kept, write it out.
  uint32_t code_of(column& where, uint32_t number, std::span<const uint8_t> text);

  // What came since the last call of told(): the number of the first and their bytes in order.
  uint32_t fresh_first() const { return told_; }
  uint32_t fresh_count() const { return static_cast<uint32_t>(texts_.size()) - told_; }
  std::span<const uint8_t> text(uint32_t number) const {
    return {bytes_.data() + texts_[number].start, texts_[number].size};
  }
  void told() { told_ = static_cast<uint32_t>(texts_.size()); }

  // It is time for another epoch.
  bool full() const;
  // Forgets everything; the columns' are to be cleared by their owner.
  void clear();

 private:
  struct slot {
    uint64_t key;
    uint32_t text;
    uint32_t code;  // 0: nobody's.
  };
  struct piece {
    uint32_t start, size;
  };
  slot* slot_of(uint64_t key, std::span<const uint8_t> text);
  bool is(uint32_t number, std::span<const uint8_t> text) const;
  uint32_t admit(column& where, uint64_t hash, uint64_t key, std::span<const uint8_t> text);
  bool worth_it(const column& where, uint64_t hash, size_t size);
  void grow();

  std::vector<slot> slots_;  // A power of two, at most half of them taken.
  size_t taken_ = 0;
  unsigned shift_ = 0;       // From a key to a slot.
  std::vector<piece> texts_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> glimpses_;  // Hashes of texts that came to a picky column.
  uint32_t told_ = 0;
};

}  // namespace tharsis::xlog
