// Gathers lines and makes a block of them: a payload of texts that a reader has to follow, and one of rows that it
// may leave closed. FORMAT.md has the bytes.
//
//   add_site() for each site, then add() until it says full; finish(), and again. Texts go into a dictionary that
//   lasts for an epoch: a reader needs the texts of an epoch's earlier blocks, so that losing a block loses its rows
//   and the texts that it was the first to have. A file begins with an epoch of its own: begin_epoch().
//
// No memory is taken once blocks have been as large as they get.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/bits.h"
#include "plugins/xlog/core/block_facts.h"
#include "plugins/xlog/core/columns.h"
#include "plugins/xlog/core/dictionary.h"
#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/site.h"
#include "plugins/xlog/core/small_codes.h"

namespace tharsis::xlog {

struct block_settings {
  // Half of them cost one byte of fifty and a twentieth more time; twice as many gain neither.
  uint32_t rows = 4096;             // At most block_rows_max.
  size_t bytes = 256 << 10;         // Of rows as they stand in rings; at most block_bytes_max - row_bytes_max.
  unsigned tick_shift = 0;          // Bits of a tick that are not kept.
  uint64_t epoch_rows = 128 << 10;  // After that many, at the next block, the dictionary begins anew.
  int compress_level = 1;           // Of texts. More costs more than the disk is worth while lines come.
};

struct block {
  std::span<const uint8_t> texts;  // Empty: the block has no new ones.
  std::span<const uint8_t> rows;
  block_facts facts;
};

class block_writer {
 public:
  explicit block_writer(const block_settings& s);
  ~block_writer();

  // Once for each number. False: the codes are no codes, or the number is out of range.
  bool add_site(uint32_t number, const site& s);

  // The row's arguments are read by finish(), and stay where they are until then. `refused`: its site is unknown, or they
  // are not as the site says, or too long.
  enum class added { yes, full, refused };
  added add(const row& r) {
    if (r.site >= places_.size()) return added::refused;
    place& p = places_[r.site];
    const size_t size = r.arguments.size();
    if (!p.known || size < p.fixed || size + row_head > row_bytes_max || !texts_fit(p, r.arguments)) return added::refused;
    if (rows_ == settings_.rows || (rows_ > 0 && bytes_ + size + row_head > settings_.bytes)) return added::full;
    if (p.code == 0) enter(r.site);
    ticks_[rows_] = r.tick >> settings_.tick_shift;
    sites_[rows_] = static_cast<uint16_t>(p.code - 1);
    threads_[rows_] = static_cast<uint16_t>(thread_codes_.code_of(r.thread));
    arguments_[rows_] = {r.arguments.data(), r.arguments.data() + size};
    bytes_ += size + row_head;
    ++p.count;
    ++rows_;
    return added::yes;
  }

  uint32_t rows() const { return rows_; }
  size_t bytes() const { return bytes_; }  // Of its rows as they stood in rings.

  // The rows since the last time, at least one. Good until the next add(). A block with another epoch than
  // the one before begins it: sites are to be written again in front of it.
  block finish();

  // The next block begins an epoch. Between finish() and add().
  void begin_epoch();

 private:
  struct column {
    char code;
    uint16_t offset;  // In the fixed parts.
  };
  struct place {  // A site.
    std::vector<column> columns;
    uint32_t first_text = 0, texts = 0;  // Of text_offsets_ and text_columns_.
    // Where the lengths of the first two texts stand in the arguments, and a mask of all ones; where there is none, the
    // head is read for nothing.
    int32_t length_at[2] = {-4, -4};
    uint32_t length_mask[2] = {0, 0};
    uint32_t fixed = 0;
    uint32_t code = 0;   // In this block, from 1; 0: not in it.
    uint32_t count = 0;  // Rows in this block.
    uint8_t level_bit = 0;
    bool known = false;
  };
  struct present {  // A site of this block.
    uint32_t number;
    uint32_t begin;            // Of its rows in order_.
    uint32_t bytes, literals;  // Bytes of its columns and of its texts that are in no dictionary.
  };
  struct zstd;

  struct arguments {  // Of a row.
    const uint8_t* begin = nullptr;
    const uint8_t* end = nullptr;
  };

  // Whether the lengths that the texts say they have are no more than there is. Sites take turns at random, and no
  // processor foresees where a loop over their texts would end: few have more than two.
  bool texts_fit(const place& p, std::span<const uint8_t> all) const {
    const auto length = [&](int i) { return size_t{load<uint32_t>(all.data() + p.length_at[i]) & p.length_mask[i]}; };
    size_t used = p.fixed + length(0) + length(1);
    for (uint32_t i = 2; i < p.texts; ++i) used += load<uint32_t>(all.data() + text_offsets_[p.first_text + i]);
    return used <= all.size();
  }
  void enter(uint32_t site);
  void order_rows();
  void append_columns(const place& p, std::span<const arguments> rows);
  void gather(const column& c, std::span<const arguments> rows);
  void append_texts_column(uint32_t number, std::span<const arguments> rows, std::span<uint64_t> values);
  std::span<const uint8_t> text_of_row(size_t i, std::span<const uint64_t> lengths) const;
  void append_rows();
  void append_codes(std::span<const uint16_t> codes, size_t of);
  void append_fresh();
  uint32_t append_bindings(uint32_t number, const place& p);
  void close_texts();
  void clear();

  const block_settings settings_;
  std::vector<place> places_;            // By number.
  std::vector<uint16_t> text_offsets_;
  std::vector<dictionary::column> text_columns_;
  dictionary dictionary_;
  double_columns doubles_;

  // The block that grows, for each row.
  std::vector<uint64_t> ticks_;            // Shifted.
  std::vector<uint16_t> sites_, threads_;  // As codes of this block.
  std::vector<arguments> arguments_;
  std::vector<present> present_;
  small_codes thread_codes_;
  uint32_t rows_ = 0;
  size_t bytes_ = 0;
  uint8_t levels_ = 0;

  uint16_t epoch_ = 0;
  uint64_t epoch_rows_ = 0;

  // Used while finishing.
  std::vector<arguments> order_;     // Site by site.
  std::vector<const uint8_t*> text_at_;  // For a site's rows: where their next text begins.
  std::vector<uint64_t> values_, scratch_;
  std::vector<uint64_t> literal_lengths_;
  byte_sink columns_, literal_bytes_, bindings_, fresh_, texts_, rows_out_;
  std::unique_ptr<zstd> zstd_;
};

}  // namespace tharsis::xlog
