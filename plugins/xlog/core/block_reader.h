// Takes the lines out of the blocks of one file. FORMAT.md has the bytes.
//
// For every block of an epoch in its order on_texts(), also where its rows are not wanted; on_rows() where they are,
// and then next() for each, or for each of some sites. arguments() opens the columns of one site the first time that they
// are asked for.
// Whatever the bytes are, memory stays within some tens of MiB, and a block's rows within block_bytes_max.
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
#include "plugins/xlog/core/block_facts.h"
#include "plugins/xlog/core/cells.h"
#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/site.h"
#include "plugins/xlog/core/stored_texts.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class block_reader {
 public:
  explicit block_reader(unsigned tick_shift) : tick_shift_(tick_shift & 63) {}

  // A site of the file; the latest with a number counts. False: it is none that a writer takes.
  bool add_site(uint32_t number, const site& s);

  // `payload`: of a block of this epoch, plain. After an error its rows can still be read; texts that it was the first
  // to have are unknown.
  std::optional<error> on_texts(uint32_t epoch, std::span<const uint8_t> payload);

  // False: no text of the epoch so far, and no literal of the last block, has this in it.
  bool may_have_text(std::string_view part) { return texts_.may_have(part); }

  // `payload` must stay until the last row is taken; `rows` is what the header says.
  std::optional<error> on_rows(std::span<const uint8_t> payload, uint32_t rows);

  // What these rows are, for whoever wants to know whether the header told the truth.
  rows_facts facts() const;

  // Texts of the columns that were opened since on_rows() of which nobody knows what their codes stand for.
  uint64_t unknown_texts() const { return unknown_texts_; }

  // Only rows of sites for which `wanted` says so are of interest, until the next block. False: there are none.
  template <class Wanted>
  bool choose_sites(Wanted wanted) {
    bool any = false;
    for (size_t i = 0; i < sections_.size(); ++i) {
      wanted_[i] = wanted(sections_[i].site);
      any = any || wanted_[i] != 0;
    }
    return any;
  }

  // The next row without its arguments. False: that was the last.
  bool next(row& r) {
    const size_t rows = times_.size();
    size_t i = next_;
    while (i < rows && wanted_[site_codes_[i]] == 0) ++i;
    next_ = i;
    if (i == rows) return false;
    current_ = &sections_[site_codes_[i]];
    ++current_->at;
    r = {current_->site, threads_[thread_codes_[i]], times_[i] << tick_shift_, {}};
    next_ = i + 1;
    return true;
  }

  // The arguments of the row that next() gave, without copying them: `fixed` as it stood in its ring, and the bytes of
  // its texts. Good until the next block. A text that is not known is "<str#n>" with its code in place of n. False: the
  // site is unknown, or its columns are damaged.
  bool values(cells& to);

  // The same as it stood in its ring, in one piece; good until the next call.
  std::optional<std::span<const uint8_t>> arguments();

 private:
  struct place {
    std::string codes;
    size_t fixed = 0;  // Bytes of the fixed parts of a row.
    size_t texts = 0;  // Of a row.
    uint8_t level_bit = 0;
  };
  enum class state { closed, open, damaged };
  struct section {  // Of one site.
    uint32_t site = 0;
    uint32_t count = 0;  // Its rows.
    uint32_t at = 0;     // The one after that of the last next().
    std::span<const uint8_t> columns;
    state is = state::closed;
    std::span<const uint8_t> literals;
    size_t fixed_at = 0;  // Where its rows begin in fixed_, and in all_texts_.
    size_t texts_at = 0;
  };

  bool take_rows(byte_source from, size_t rows);
  bool take_sections(byte_source& from, size_t rows);
  bool take_codes(byte_source& from, size_t choices, std::vector<uint16_t>& to);
  bool open(section& s, const place& p);
  bool open_texts(section& s, const place& p, byte_source& from, uint32_t argument, size_t offset, size_t column);
  bool take_literal(section& s, uint64_t size, std::string_view& t);
  std::string_view placeholder(uint64_t code);
  bool spend(uint64_t bytes);

  const unsigned tick_shift_;
  std::vector<std::unique_ptr<const place>> places_;  // By number.
  stored_texts texts_;
  std::vector<section> sections_;
  std::vector<uint8_t> wanted_;   // Whether their rows are.
  std::vector<uint8_t> fixed_;    // Of the sections that are open: rows of fixed parts, lengths of texts included;
  std::vector<std::string_view> all_texts_;  // and their texts, row by row.
  std::unordered_map<uint64_t, std::string> placeholders_;  // What stands for those that are not known, by their code.
  std::vector<uint64_t> sizes_;    // Of sections: columns, literals.
  std::vector<uint32_t> threads_;
  std::vector<uint16_t> site_codes_, thread_codes_;
  std::vector<uint64_t> times_, values_, lengths_;
  uint64_t unknown_texts_ = 0;
  size_t budget_ = 0;              // Bytes that the block's rows may still be.
  size_t next_ = 0;
  section* current_ = nullptr;
  std::vector<uint8_t> row_;
};

}  // namespace tharsis::xlog
