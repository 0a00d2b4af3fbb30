#include "plugins/xlog/core/block_reader.h"

#include <algorithm>

#include "plugins/xlog/core/columns.h"
#include "plugins/xlog/core/line_thread.h"
#include "sdk/abi/log.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// As many codes as an epoch of a writer's has.
constexpr size_t placeholders_max = 64 << 10;

// Each value to its place in the rows of fixed parts.
void scatter(std::span<const uint64_t> values, uint8_t* to, size_t stride, size_t bytes) {
  const auto all = [&]<class T>(T) {
    for (const uint64_t v : values) {
      store(to, static_cast<T>(v));
      to += stride;
    }
  };
  switch (bytes) {
    case 1: return all(uint8_t{});
    case 4: return all(uint32_t{});
    case 8: return all(uint64_t{});
    default: return;
  }
}

}  // namespace

bool block_reader::add_site(uint32_t number, const site& s) {
  const auto fixed = fixed_bytes(s.codes);
  if (!fixed || number == 0 || number >= sites_max) return false;
  if (places_.size() <= number) places_.resize(number + 1);
  const auto texts = static_cast<size_t>(std::count_if(s.codes.begin(), s.codes.end(), is_text));
  places_[number] = std::make_unique<const place>(place{s.codes, *fixed, texts, static_cast<uint8_t>(s.level < 8 ? 1u << s.level : 0)});
  return true;
}

std::optional<error> block_reader::on_texts(uint32_t epoch, std::span<const uint8_t> payload) {
  next_ = 0, current_ = nullptr;
  times_.clear();
  return texts_.on_texts(epoch, payload);
}

std::optional<error> block_reader::on_rows(std::span<const uint8_t> payload, uint32_t rows) {
  next_ = 0, current_ = nullptr;
  times_.clear();
  budget_ = block_bytes_max;
  fixed_.clear(), all_texts_.clear(), placeholders_.clear();
  unknown_texts_ = 0;
  if (rows == 0 || rows > block_rows_max) return error{THARSIS_E_PROTOCOL, "a block's number of rows is out of range"};
  if (take_rows(byte_source(payload), rows)) return {};
  times_.clear();
  return error{THARSIS_E_PROTOCOL, "a block's rows are damaged, or not as many as its header says"};
}

rows_facts block_reader::facts() const {
  rows_facts f;
  f.are.rows = static_cast<uint32_t>(times_.size());
  f.are.threads = static_cast<uint32_t>(threads_.size());
  const auto [first, last] = std::minmax_element(times_.begin(), times_.end());
  f.are.tick_min = *first, f.are.tick_max = *last;
  for (const section& s : sections_) {
    if (s.count == 0) continue;
    f.are.sites |= site_bit(s.site);
    const place* const p = s.site < places_.size() ? places_[s.site].get() : nullptr;
    if (p == nullptr) f.sites_are_known = false;
    else f.are.levels |= p->level_bit;
  }
  f.recorded = std::any_of(threads_.begin(), threads_.end(), is_recorded);
  return f;
}

bool block_reader::take_rows(byte_source from, size_t rows) {
  if (!take_sections(from, rows)) return false;
  const uint64_t threads = from.varint();
  if (threads == 0 || threads > rows) return false;
  threads_.resize(threads);
  for (uint32_t& thread : threads_) thread = static_cast<uint32_t>(from.varint());
  times_.resize(rows);
  read_times(from, times_);
  site_codes_.resize(rows), thread_codes_.resize(rows);
  if (!take_codes(from, sizes_.size() / 2, site_codes_) || !take_codes(from, threads, thread_codes_)) return false;
  for (const uint16_t code : site_codes_) ++sections_[code].count;

  auto literals = texts_.literals();
  for (size_t i = 0; i < sizes_.size() / 2; ++i) {
    const uint64_t columns = sizes_[2 * i], own = sizes_[2 * i + 1];
    sections_[i].columns = from.take(columns);
    sections_[i].literals = literals.first(std::min<uint64_t>(own, literals.size()));
    literals = literals.subspan(sections_[i].literals.size());
  }
  return from.ok() && from.size() == 0;  // Else there are more, or fewer, than the header says.
}

bool block_reader::take_sections(byte_source& from, size_t rows) {
  const uint64_t count = from.varint();
  if (count == 0 || count > rows) return false;
  sections_.resize(count);
  wanted_.assign(count, 1);
  sizes_.resize(2 * count);
  for (uint64_t i = 0; i < count; ++i) {
    section& s = sections_[i];
    s.site = static_cast<uint32_t>(from.varint());
    s.count = s.at = 0;
    s.is = state::closed;
    sizes_[2 * i] = from.varint();
    sizes_[2 * i + 1] = from.varint();
  }
  return from.ok();
}

// There are no more choices than rows, so a code has 16 bits.
bool block_reader::take_codes(byte_source& from, size_t choices, std::vector<uint16_t>& to) {
  static_assert(block_rows_max <= size_t{1} << 16);
  if (choices == 1) {
    std::fill(to.begin(), to.end(), uint16_t{0});
    return from.ok();
  }
  values_.resize(to.size());
  unpack(from, values_, 0, static_cast<unsigned>(std::bit_width(choices - 1)));
  const auto most = static_cast<uint16_t>(choices - 1);
  uint16_t high = 0;
  for (size_t i = 0; i < to.size(); ++i) {
    to[i] = static_cast<uint16_t>(values_[i]);
    high = std::max(high, to[i]);
  }
  return from.ok() && high <= most;
}

bool block_reader::values(cells& to) {
  if (current_ == nullptr) return false;
  section& s = *current_;
  const place* const p = s.site < places_.size() ? places_[s.site].get() : nullptr;
  if (p == nullptr) return false;
  if (s.is == state::closed) s.is = open(s, *p) ? state::open : state::damaged;
  if (s.is == state::damaged) return false;
  const size_t at = s.at - 1;
  to.fixed = std::span<const uint8_t>(fixed_).subspan(s.fixed_at + at * p->fixed, p->fixed);
  to.texts = std::span<const std::string_view>(all_texts_).subspan(s.texts_at + at * p->texts, p->texts);
  return true;
}

std::optional<std::span<const uint8_t>> block_reader::arguments() {
  cells has;
  if (!values(has)) return {};
  if (has.texts.empty()) return has.fixed;
  row_.clear();
  append_cells(row_, has);
  return row_;
}

bool block_reader::spend(uint64_t bytes) {
  if (bytes > budget_) return false;
  budget_ -= bytes;
  return true;
}

bool block_reader::open(section& s, const place& p) {
  if (!spend(uint64_t{s.count} * (p.fixed + row_head))) return false;
  s.fixed_at = fixed_.size(), s.texts_at = all_texts_.size();
  fixed_.resize(s.fixed_at + s.count * p.fixed);
  all_texts_.resize(s.texts_at + s.count * p.texts);
  values_.resize(s.count);
  byte_source from(s.columns);
  size_t offset = 0, column = 0;
  for (uint32_t i = 0; i < p.codes.size(); ++i) {
    const char code = p.codes[i];
    const size_t bytes = fixed_bytes(code).value_or(0);
    if (is_text(code)) {
      if (!open_texts(s, p, from, i, offset, column++)) return false;
    } else if (bytes > 0) {
      code == THARSIS_LOG_F64 ? read_doubles(from, values_) : read_numbers(from, values_);
      scatter(values_, fixed_.data() + s.fixed_at + offset, p.fixed, bytes);
    }
    offset += bytes;
  }
  return from.ok() && from.size() == 0;
}

// The texts of one argument: `offset` is that of its lengths, `column` counts the site's texts.
bool block_reader::open_texts(section& s, const place& p, byte_source& from, uint32_t argument, size_t offset,
                              size_t column) {
  read_numbers(from, values_);
  lengths_.resize(static_cast<size_t>(std::count(values_.begin(), values_.end(), 0)));
  read_numbers(from, lengths_);
  if (!from.ok()) return false;
  const auto known = texts_.column(s.site, argument);
  size_t literal = 0;
  for (size_t i = 0; i < s.count; ++i) {
    const uint64_t code = values_[i];
    std::string_view& t = all_texts_[s.texts_at + i * p.texts + column];
    if (code == 0) {
      if (!take_literal(s, lengths_[literal++], t)) return false;
    } else {
      const auto found = texts_.find(known, code);
      if (!found) ++unknown_texts_;
      t = found ? as_text(*found) : placeholder(code);
      if (found ? !spend(t.size()) : placeholders_.size() > placeholders_max) return false;
    }
    store(fixed_.data() + s.fixed_at + i * p.fixed + offset, static_cast<uint32_t>(t.size()));
  }
  return true;
}

std::string_view block_reader::placeholder(uint64_t code) {
  std::string& text = placeholders_[code];
  if (text.empty()) text = "<str#" + std::to_string(code) + ">";
  return text;
}

// From what the block has of them; nothing, if its texts were lost.
bool block_reader::take_literal(section& s, uint64_t size, std::string_view& t) {
  if (s.literals.size() < size) {
    s.literals = {};
    ++unknown_texts_;
    t = placeholder(0);
    return true;
  }
  if (!spend(size)) return false;
  t = as_text(s.literals.first(size));
  s.literals = s.literals.subspan(size);
  return true;
}

}  // namespace tharsis::xlog
