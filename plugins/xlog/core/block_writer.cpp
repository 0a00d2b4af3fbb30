#include "plugins/xlog/core/block_writer.h"

#include <zstd.h>

#include <algorithm>
#include <cassert>

#include "sdk/abi/log.h"

namespace tharsis::xlog {
namespace {

constexpr size_t compress_from = 256;          // Fewer bytes do not become less.
constexpr uint32_t picky_after = 64;           // Texts of a column that say what most of its texts are like.
constexpr uint8_t plain = 0, compressed = 1;   // The first byte of texts.

unsigned code_width(size_t count) { return static_cast<unsigned>(std::bit_width(count - 1)); }

}  // namespace

struct block_writer::zstd {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  zstd() = default;
  zstd(const zstd&) = delete;
  zstd& operator=(const zstd&) = delete;
  ~zstd() { ZSTD_freeCCtx(context); }
};

block_writer::block_writer(const block_settings& s) : settings_(s), zstd_(std::make_unique<zstd>()) {
  assert(s.rows > 0 && s.rows <= block_rows_max && s.bytes <= block_bytes_max - row_bytes_max && s.tick_shift < 64);
  for (auto* v : {&ticks_, &values_, &scratch_}) v->resize(s.rows);
  for (auto* v : {&sites_, &threads_}) v->resize(s.rows);
  for (auto* v : {&arguments_, &order_}) v->resize(s.rows);
  text_at_.resize(s.rows);
}
block_writer::~block_writer() = default;

bool block_writer::add_site(uint32_t number, const site& s) {
  const auto fixed = fixed_bytes(s.codes);
  if (!fixed || number == 0 || number >= sites_max || s.level >= 8) return false;
  if (places_.size() <= number) places_.resize(number + 1);
  place& p = places_[number];
  if (p.known) return false;
  p.known = true;
  p.fixed = static_cast<uint32_t>(*fixed);
  p.level_bit = static_cast<uint8_t>(1u << s.level);
  p.first_text = static_cast<uint32_t>(text_columns_.size());
  uint16_t offset = 0;
  for (const char code : s.codes) {
    column c{code, offset};
    offset = static_cast<uint16_t>(offset + *fixed_bytes(code));
    if (is_text(code)) {
      text_columns_.emplace_back();
      text_offsets_.push_back(c.offset);
      if (p.texts < std::size(p.length_at)) p.length_at[p.texts] = c.offset, p.length_mask[p.texts] = ~uint32_t{0};
      ++p.texts;
    }
    p.columns.push_back(c);
  }
  return true;
}

// The block's first row of this site.
void block_writer::enter(uint32_t site) {
  place& p = places_[site];
  present_.push_back({site, 0, 0, 0});
  p.code = static_cast<uint32_t>(present_.size());
  levels_ |= p.level_bit;
}

block block_writer::finish() {
  assert(rows_ > 0);
  if (epoch_rows_ == 0) ++epoch_;
  block b;
  b.facts.rows = rows_;
  b.facts.threads = static_cast<uint32_t>(thread_codes_.numbers().size());
  b.facts.levels = levels_;
  b.facts.epoch = epoch_;
  const auto [first, last] = std::minmax_element(ticks_.begin(), ticks_.begin() + rows_);
  b.facts.tick_min = *first;
  b.facts.tick_max = *last;
  for (const present& s : present_) b.facts.sites |= site_bit(s.number);

  order_rows();
  columns_.clear();
  literal_bytes_.clear();
  for (present& s : present_) {
    const place& p = places_[s.number];
    const size_t before = columns_.size(), literals = literal_bytes_.size();
    append_columns(p, std::span(order_).subspan(s.begin, p.count));
    s.bytes = static_cast<uint32_t>(columns_.size() - before);
    s.literals = static_cast<uint32_t>(literal_bytes_.size() - literals);
  }
  append_rows();
  append_fresh();
  close_texts();
  b.rows = rows_out_.bytes();
  b.texts = texts_.bytes();
  epoch_rows_ += rows_;
  clear();
  if (epoch_rows_ >= settings_.epoch_rows || dictionary_.full()) begin_epoch();
  return b;
}

// Each site's rows together, in their order.
void block_writer::order_rows() {
  uint32_t begin = 0;
  for (present& s : present_) {
    s.begin = begin;
    begin += places_[s.number].count;
  }
  for (uint32_t i = 0; i < rows_; ++i) order_[present_[sites_[i]].begin++] = arguments_[i];
  for (present& s : present_) s.begin -= places_[s.number].count;
}

void block_writer::append_columns(const place& p, std::span<const arguments> rows) {
  const std::span<uint64_t> values(values_.data(), rows.size());
  for (size_t i = 0; p.texts > 0 && i < rows.size(); ++i) text_at_[i] = rows[i].begin + p.fixed;
  uint32_t texts = p.first_text;
  for (const column& c : p.columns) {
    gather(c, rows);
    if (c.code == THARSIS_LOG_F64) {
      doubles_.append(columns_, values, scratch_);
    } else if (is_text(c.code)) {
      append_texts_column(texts++, rows, values);
    } else if (c.code != THARSIS_LOG_SECRET) {
      append_numbers(columns_, values, scratch_);
    }
  }
}

// What stands at one place of each row, as 64 bits.
void block_writer::gather(const column& c, std::span<const arguments> rows) {
  uint64_t* const to = values_.data();
  const auto all = [&]<class T>(T) {
    for (size_t i = 0; i < rows.size(); ++i) to[i] = static_cast<uint64_t>(load<T>(rows[i].begin + c.offset));
  };
  switch (fixed_bytes(c.code).value_or(0)) {
    case 1: return all(uint8_t{});
    case 4: return c.code == THARSIS_LOG_I32 ? all(int32_t{}) : all(uint32_t{});
    case 8: return all(uint64_t{});
    default: return;
  }
}

// Codes; where one is 0, the length of a text whose bytes stand behind the new ones. `values` are the lengths, and
// text_at_ says where the texts are; both are overwritten. Rings are files: a length may have changed since add() looked
// at it, and is no more than its row has.
void block_writer::append_texts_column(uint32_t number, std::span<const arguments> rows, std::span<uint64_t> values) {
  constexpr size_t batch = 16;
  std::array<uint64_t, batch> approached;
  literal_lengths_.clear();
  for (size_t begin = 0; begin < values.size(); begin += batch) {
    const size_t n = std::min(batch, values.size() - begin);
    for (size_t i = begin; i < begin + n; ++i) values[i] = std::min<uint64_t>(values[i], static_cast<uint64_t>(rows[i].end - text_at_[i]));
    for (size_t i = 0; i < n; ++i) approached[i] = dictionary_.approach(number, text_of_row(begin + i, values));
    for (size_t i = 0; i < n; ++i) {
      const auto text = text_of_row(begin + i, values);
      const uint64_t code = dictionary_.code_of(text_columns_[number], number, text, approached[i]);
      if (code == 0) {
        literal_bytes_.append(text);
        literal_lengths_.push_back(text.size());
      }
      text_at_[begin + i] += text.size();
      values[begin + i] = code;
    }
  }
  append_numbers(columns_, values, scratch_);
  append_numbers(columns_, literal_lengths_, scratch_);
}

std::span<const uint8_t> block_writer::text_of_row(size_t i, std::span<const uint64_t> lengths) const {
  return {text_at_[i], lengths[i]};
}

void block_writer::append_rows() {
  rows_out_.clear();
  rows_out_.varint(present_.size());
  for (const present& s : present_) {
    rows_out_.varint(s.number);
    rows_out_.varint(s.bytes);
    rows_out_.varint(s.literals);
  }
  rows_out_.varint(thread_codes_.numbers().size());
  for (const uint32_t thread : thread_codes_.numbers()) rows_out_.varint(thread);
  append_times(rows_out_, std::span(ticks_).first(rows_), scratch_);
  append_codes(sites_, present_.size());
  append_codes(threads_, thread_codes_.numbers().size());
  rows_out_.append(columns_.bytes());
}

void block_writer::append_codes(std::span<const uint16_t> codes, size_t of) {
  if (of == 1) return;
  std::copy_n(codes.begin(), rows_, values_.begin());
  pack(rows_out_, std::span(values_).first(rows_), 0, code_width(of));
}

// What the block adds to the dictionary, and its texts that are in none. Nothing where there is neither.
void block_writer::append_fresh() {
  const uint32_t first = dictionary_.fresh_first(), count = dictionary_.fresh_count();
  fresh_.clear(), bindings_.clear();
  uint32_t columns = 0;
  for (const present& s : present_) columns += append_bindings(s.number, places_[s.number]);
  if (count == 0 && columns == 0 && literal_bytes_.size() == 0) return;
  fresh_.varint(first);
  fresh_.varint(count);
  dictionary_.each_fresh([&](std::span<const uint8_t> text) { fresh_.varint(text.size()); });
  fresh_.varint(columns);
  fresh_.append(bindings_.bytes());
  dictionary_.each_fresh([&](std::span<const uint8_t> text) { fresh_.append(text); });
  fresh_.append(literal_bytes_.bytes());
  dictionary_.told();
}

// For each column with texts that it had not before: where it is, its first new code, and what they stand for.
uint32_t block_writer::append_bindings(uint32_t number, const place& p) {
  uint32_t columns = 0;
  auto* own = text_columns_.data() + p.first_text;
  for (size_t argument = 0; argument < p.columns.size(); ++argument) {
    if (!is_text(p.columns[argument].code)) continue;
    dictionary::column& c = *own++;
    if (c.told < c.texts.size()) {
      ++columns;
      bindings_.varint(number);
      bindings_.varint(argument);
      bindings_.varint(c.told);
      bindings_.varint(c.texts.size() - c.told);
      uint64_t before = dictionary_.fresh_first();
      for (; c.told < c.texts.size(); ++c.told) {
        bindings_.varint(zigzag(c.texts[c.told] - before));
        before = c.texts[c.told];
      }
    }
    if (c.seen >= picky_after) {
      c.picky = c.unknown > c.seen / 2;
      c.seen = c.unknown = 0;
    }
  }
  return columns;
}

void block_writer::close_texts() {
  texts_.clear();
  const auto all = fresh_.bytes();
  if (all.empty()) return;
  if (all.size() > compress_from) {
    texts_.byte(compressed);
    texts_.varint(all.size());
    const size_t bound = ZSTD_compressBound(all.size());
    const size_t n =
        ZSTD_compressCCtx(zstd_->context, texts_.room(bound), bound, all.data(), all.size(), settings_.compress_level);
    if (ZSTD_isError(n) == 0 && n < all.size()) return texts_.took(n);
    texts_.clear();
  }
  texts_.byte(plain);
  texts_.append(all);
}

void block_writer::clear() {
  for (const present& s : present_) places_[s.number].code = places_[s.number].count = 0;
  present_.clear();
  thread_codes_.clear();
  bytes_ = 0;
  rows_ = 0, levels_ = 0;
}

void block_writer::begin_epoch() {
  assert(rows_ == 0);
  epoch_rows_ = 0;
  dictionary_.clear();
  for (dictionary::column& c : text_columns_) c.texts.clear(), c.told = 0;
}

}  // namespace tharsis::xlog
