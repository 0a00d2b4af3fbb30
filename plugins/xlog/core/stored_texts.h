// The texts of an epoch, for a reader: what the blocks that it has seen told. What stood in a lost block stays unknown.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugins/xlog/core/bits.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class stored_texts {
 public:
  stored_texts();
  ~stored_texts();
  stored_texts(const stored_texts&) = delete;
  stored_texts& operator=(const stored_texts&) = delete;

  // What a block tells; blocks of an epoch in their order. An empty payload tells nothing.
  std::optional<error> on_texts(uint32_t epoch, std::span<const uint8_t> payload);

  // What the codes of a column stand for, and the text with one of them; none: it is not known. Good until the next
  // on_texts().
  std::span<const uint32_t> column(uint32_t site, uint32_t argument) const;
  std::optional<std::span<const uint8_t>> find(std::span<const uint32_t> column, uint64_t code) const {
    if (code == 0 || code > column.size()) return {};
    const uint32_t number = column[code - 1];
    if (number >= texts_.size() || texts_[number].start == absent) return {};
    return std::span(bytes_).subspan(texts_[number].start, texts_[number].size);
  }

  // False: no text of the epoch so far, and no literal of the last block, has this in it.
  bool may_have(std::string_view part);

  // The last block's texts that are in no dictionary, one after the other.
  std::span<const uint8_t> literals() const { return literals_; }

 private:
  struct piece {
    uint32_t start = absent, size = 0;
  };
  static constexpr uint32_t absent = ~uint32_t{0};

  struct decompressor;
  std::optional<std::span<const uint8_t>> open(std::span<const uint8_t> payload);
  bool take(std::span<const uint8_t> content);
  bool take_bindings(byte_source& from, uint64_t fresh);

  struct looked_for {
    std::string part;
    size_t up_to = 0;  // Of bytes_.
    bool found = false;
  };

  std::optional<uint32_t> epoch_;
  std::vector<looked_for> looked_for_;
  std::vector<piece> texts_;
  std::vector<uint8_t> bytes_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> columns_;  // Site and argument: numbers of texts by code.
  size_t bindings_ = 0;
  std::vector<uint8_t> opened_;
  std::span<const uint8_t> literals_;  // Of opened_.
  std::unique_ptr<decompressor> zstd_;
};

}  // namespace tharsis::xlog
