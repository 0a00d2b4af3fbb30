// The texts of an epoch, for a writer: each is written once, and from then on is a small number of its column.
//
// A text has one number for the whole epoch, and one in each column where it stands (its code, from 1), so that a
// column's codes are as narrow as its own variety. What is new since the last block is told by fresh().
//
// Texts are given where they stand in rows: row_head bytes before each can be read.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "plugins/xlog/core/bits.h"
#include "plugins/xlog/core/row.h"

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

  // What code_of() wants to know. Asked for some texts ahead, their places are on the way from memory meanwhile.
  uint64_t approach(uint32_t number, std::span<const uint8_t> text) const;

  // The text's code in the column with this number; 0: it is not kept, write it out. `approached`: the answer
  // of approach() for both.
  uint32_t code_of(column& where, uint32_t number, std::span<const uint8_t> text, uint64_t approached);

  // What came since the last call of told(): the number of the first, and how to see them all in their order.
  uint32_t fresh_first() const { return told_; }
  uint32_t fresh_count() const { return count_ - told_; }
  template <class visit>
  void each_fresh(const visit& see) const {
    for (size_t at = told_at_; at < bytes_.size();) {
      const auto text = text_at(at);
      see(text);
      at += head + text.size();
    }
  }
  void told() {
    told_ = count_;
    told_at_ = bytes_.size();
  }

  // It is time for another epoch.
  bool full() const;
  // Forgets everything; the columns' are to be cleared by their owner.
  void clear();

 private:
  // Of one text in one column, or of the text itself (column 0). A cache line has four, and the text stands in
  // another with its number and length in front: two misses at most for a text that is known.
  struct slot {
    uint32_t mark;  // The upper part of the hash; its highest bits are the slot where searching begins.
    uint32_t at;    // Where the text stands.
    uint32_t column;
    uint32_t code;  // 0: nobody's.
  };
  static constexpr size_t head = 8;

  std::span<const uint8_t> text_at(size_t at) const { return {&bytes_[at] + head, load<uint32_t>(&bytes_[at] + 4)}; }
  slot* slot_of(uint32_t mark, uint32_t number, std::span<const uint8_t> text);
  bool is(uint32_t at, std::span<const uint8_t> text) const;
  uint32_t admit(column& where, uint32_t number, uint64_t hash, std::span<const uint8_t> text);
  bool worth_it(const column& where, uint64_t hash, size_t size);
  void keep(std::span<const uint8_t> text);
  void grow();

  std::vector<slot> slots_;  // A power of two, at most half of them taken.
  size_t taken_ = 0;
  unsigned shift_ = 0;       // From a mark to a slot.
  std::vector<uint8_t> bytes_;
  uint32_t count_ = 0;       // Texts in bytes_.
  std::vector<uint32_t> glimpses_;  // Hashes of texts that came to a picky column.
  uint32_t told_ = 0;
  size_t told_at_ = 0;
};

}  // namespace tharsis::xlog
