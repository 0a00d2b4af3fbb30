#include "plugins/xlog/core/dictionary.h"

#include <algorithm>

namespace tharsis::xlog {
namespace {

constexpr size_t slots_min = 4 << 10;
constexpr size_t slots_max = 64 << 10;   // 1 MiB.
constexpr size_t bytes_max = 1 << 20;    // Of texts with what stands before them.
constexpr size_t kept_text_max = 4 << 10;     // Longer ones hardly come twice.
constexpr size_t glimpses = 4 << 10;
constexpr size_t probes_max = 64;        // Chosen texts may share their slots; they shall not cost more than this.
constexpr uint64_t odd_1 = 0x9E3779B97F4A7C15, odd_2 = 0xD6E8FEB86659FD93, odd_3 = 0xA0761D6478BD642F;

__extension__ using uint128 = unsigned __int128;

uint64_t mix(uint64_t a, uint64_t b) {
  const uint128 product = uint128{a} * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// The last 16 bytes of a text, or all of it where it is shorter. Texts are of all lengths, and no processor foresees
// which: so there are no branches, and more is read than the text has.
uint128 last_of(std::span<const uint8_t> text) {
  const uint8_t* const end = text.data() + text.size();
  const uint128 all = uint128{load<uint64_t>(end - 8)} << 64 | load<uint64_t>(end - 16);
  const size_t others = 4 * (16 - std::min<size_t>(text.size(), 16));  // In half bits: 128 at once are too many to shift by.
  return all >> others >> others;
}

uint64_t hash_of(std::span<const uint8_t> text) {
  uint64_t h = odd_3 ^ text.size();
  const uint8_t* at = text.data();
  for (size_t left = text.size(); left > 16; left -= 16, at += 16) h = mix(load<uint64_t>(at) ^ h, load<uint64_t>(at + 8) ^ odd_1);
  const uint128 last = last_of(text);
  return mix(static_cast<uint64_t>(last) ^ h, static_cast<uint64_t>(last >> 64) ^ odd_2);
}

// Of the same length.
bool equal(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  if (a.size() > 16 && std::memcmp(a.data(), b.data(), a.size() - 16) != 0) return false;
  return last_of(a) == last_of(b);
}

// What a text in a column is found by. 0: the text, whatever column.
uint32_t mark_of(uint64_t hash, uint32_t where) { return static_cast<uint32_t>((hash + where * odd_1) >> 32); }

}  // namespace

dictionary::dictionary() : slots_(slots_min), glimpses_(glimpses) { clear(); }

inline bool dictionary::is(uint32_t at, std::span<const uint8_t> text) const {
  const uint8_t* const stored = bytes_.data() + at;
  return load<uint32_t>(stored + 4) == text.size() && equal({stored + head, text.size()}, text);
}

// The one that has it, or the empty one where it belongs; null: there is too little room around it.
inline dictionary::slot* dictionary::slot_of(uint32_t mark, uint32_t number, std::span<const uint8_t> text) {
  size_t i = mark >> shift_;
  for (size_t probes = 0; probes < probes_max; ++probes, i = (i + 1) & (slots_.size() - 1)) {
    slot& s = slots_[i];
    if (s.code == 0 || (s.mark == mark && s.column == number && is(s.at, text))) return &s;
  }
  return nullptr;
}

uint64_t dictionary::approach(uint32_t number, std::span<const uint8_t> text) const {
  const uint64_t hash = hash_of(text);
  __builtin_prefetch(&slots_[mark_of(hash, number + 1) >> shift_]);
  return hash;
}

uint32_t dictionary::code_of(column& where, uint32_t number, std::span<const uint8_t> text, uint64_t hash) {
  const slot* const s = slot_of(mark_of(hash, number + 1), number + 1, text);
  ++where.seen;
  if (s != nullptr && s->code != 0) return s->code;
  ++where.unknown;
  return admit(where, number + 1, hash, text);
}

uint32_t dictionary::admit(column& where, uint32_t number, uint64_t hash, std::span<const uint8_t> text) {
  if (taken_ + 2 > slots_.size() / 2) {
    if (slots_.size() == slots_max) return 0;
    grow();
  }
  slot* const whole = slot_of(mark_of(hash, 0), 0, text);
  if (whole == nullptr) return 0;
  if (whole->code == 0) {
    if (!worth_it(where, hash, text.size())) return 0;
    *whole = {mark_of(hash, 0), static_cast<uint32_t>(bytes_.size()), 0, 1};
    ++taken_;
    keep(text);
  }
  // Only now: the text's own may have taken the place that was free.
  slot* const own = slot_of(mark_of(hash, number), number, text);
  if (own == nullptr) return 0;
  where.texts.push_back(load<uint32_t>(&bytes_[whole->at]));
  const auto code = static_cast<uint32_t>(where.texts.size());
  *own = {mark_of(hash, number), whole->at, number, code};
  ++taken_;
  return code;
}

void dictionary::keep(std::span<const uint8_t> text) {
  const size_t at = bytes_.size();
  bytes_.resize(at + head + text.size());
  store(&bytes_[at], count_++);
  store(&bytes_[at + 4], static_cast<uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(&bytes_[at + head], text.data(), text.size());
}

bool dictionary::worth_it(const column& where, uint64_t hash, size_t size) {
  if (size > kept_text_max || bytes_.size() + head + size > bytes_max) return false;
  if (!where.picky) return true;
  uint32_t& glimpse = glimpses_[hash % glimpses];
  const auto mark = static_cast<uint32_t>(hash >> 32);
  if (glimpse == mark) return true;
  glimpse = mark;
  return false;
}

void dictionary::grow() {
  std::vector<slot> before(slots_.size() * 4);
  before.swap(slots_);
  shift_ -= 2;
  for (const slot& s : before) {
    if (s.code == 0) continue;
    size_t i = s.mark >> shift_, probes = 0;
    while (slots_[i].code != 0 && ++probes < probes_max) i = (i + 1) & (slots_.size() - 1);
    if (slots_[i].code == 0) slots_[i] = s;  // Else it will be as new when it comes again.
  }
}

bool dictionary::full() const { return bytes_.size() > bytes_max - kept_text_max || taken_ + 2 > slots_max / 2; }

void dictionary::clear() {
  std::fill(slots_.begin(), slots_.end(), slot{});
  taken_ = 0;
  shift_ = 32 - static_cast<unsigned>(std::countr_zero(slots_.size()));
  bytes_.assign(row_head, 0);  // The first text, too, has bytes before it.
  count_ = told_ = 0;
  told_at_ = row_head;
}

}  // namespace tharsis::xlog
