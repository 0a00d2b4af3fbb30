#include "plugins/xlog/core/site_format.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "plugins/xlog/core/digits.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/line.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr uint64_t each(uint8_t byte) { return 0x0101010101010101u * byte; }

constexpr size_t number_most = 40;   // Of any number without a spec.
constexpr size_t padding = 16;       // What may be read, and written, too much.

// Whether one of eight bytes is a control character, a backslash, DEL or above ASCII.
constexpr bool has_special(uint64_t w) {
  const uint64_t backslash = w ^ each('\\'), del = w ^ each(0x7f);
  const uint64_t found = (w | ((w - each(0x20)) & ~w) | ((backslash - each(1)) & ~backslash) | ((del - each(1)) & ~del)) & each(0x80);
  return found != 0;
}

// Whether a line has it as it is.
bool is_plain(std::string_view text) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8)
    if (has_special(load<uint64_t>(at))) return false;
  uint64_t last = each(' ');
  std::memcpy(&last, at, left);
  return !has_special(last);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

// The shortest text that reads back as the same number, as std::to_chars gives it; most have few decimals, and then
// no search is needed: two texts of at most 15 digits are never the same number.
char* put_real(char* to, double value) {
  constexpr uint64_t unit = 1'000'000;
  const double magnitude = std::fabs(value);
  if (!(magnitude < 1e8)) return std::to_chars(to, to + number_most, value).ptr;
  const auto millionths = static_cast<uint64_t>(magnitude * 1e6 + 0.5);
  const uint64_t before = millionths / unit, after = millionths % unit;
  // Else it has more decimals, or may be shorter with an exponent.
  const bool is_short = after == 0 ? before < 100'000 : before > 0 || after >= 1000;
  if (static_cast<double>(millionths) / 1e6 != magnitude || !is_short) return std::to_chars(to, to + number_most, value).ptr;
  if (std::signbit(value)) *to++ = '-';
  to = put_number(to, before);
  if (after == 0) return to;
  *to++ = '.';
  const uint64_t digits = eight_digits(after) >> 16;  // Two of eight are always 0; and those at the end are not shown.
  const uint64_t shown = digits | digit_zeros;
  std::memcpy(to, &shown, 8);
  return to + 8 - std::countl_zero(digits) / 8;
}

// Where `from` can be read, and `to` written, up to 15 bytes beyond the end.
char* put_padded(char* to, const char* from, size_t size) {
  for (size_t done = 0; done < size; done += 16) std::memcpy(to + done, from + done, 16);
  return to + size;
}

// `to` can be written up to 7 bytes beyond the end.
template <bool escapes>
char* put_text(char* to, std::string_view text) {
  const char* from = text.data();
  size_t left = text.size();
  uint64_t w = 0;
  for (; left >= 8; left -= 8, from += 8, to += 8) {
    std::memcpy(&w, from, 8);
    if (escapes && has_special(w)) return nullptr;
    std::memcpy(to, &w, 8);
  }
  if (text.size() >= 8) {  // Once more the last eight, some of which stand there already.
    std::memcpy(&w, from + left - 8, 8);
    if (escapes && has_special(w)) return nullptr;
    std::memcpy(to + left - 8, &w, 8);
    return to + left;
  }
  if (left >= 4) {  // Two halves that may overlap.
    uint32_t low = 0, high = 0;
    std::memcpy(&low, from, 4);
    std::memcpy(&high, from + left - 4, 4);
    if (escapes && has_special(uint64_t{high} << 32 | low)) return nullptr;
    std::memcpy(to, &low, 4);
    std::memcpy(to + left - 4, &high, 4);
    return to + left;
  }
  for (size_t i = 0; i < left; ++i) {
    const auto c = static_cast<uint8_t>(from[i]);
    if (escapes && (c < 0x20 || c >= 0x7f || c == '\\')) return nullptr;
    to[i] = from[i];
  }
  return to + left;
}

}  // namespace

bool append_escaped_alone(byte_sink& to, std::string_view text) {
  if (is_plain(text)) return append(to, text), true;
  if (!is_utf8(text)) return false;
  append(to, escaped(text));
  return true;
}

namespace {

// What is rare. False: as append_escaped_alone().
template <bool escapes>
bool append_other(byte_sink& to, char code, const format_spec& spec, const log_argument& a) {
  if (code == THARSIS_LOG_TEXT && spec.width == 0 && spec.precision < 0) return append_escaped_alone(to, a.text);
  std::string text;
  append_argument(text, a, spec);
  if (escapes) return append_escaped_alone(to, text);
  append(to, text);
  return true;
}

}  // namespace

site_format::site_format(const site& s) : text_(s.text), codes_(s.codes) {
  level_[1] = level_letters[std::min<size_t>(s.level, levels_count - 1)];
  origin_ = " ";
  append_origin(origin_, s.plugin, s.tag);
  origin_ += ' ';
  origin_.append(padding, ' ');
  texts_ = static_cast<size_t>(std::count_if(codes_.begin(), codes_.end(), is_text));
  const auto fixed = fixed_bytes(codes_);
  if (!fixed || check_format(text_, codes_) != format_mistake::none) return;
  fixed_ = *fixed;
  fits_ = add_pieces();
}

char* site_format::put_origin(char* to) const { return put_padded(to, origin_.data(), origin_.size() - padding); }

uint32_t site_format::keep(std::string_view literal) {
  const size_t at = literals_.size() - std::min(literals_.size(), padding);
  literals_.replace(at, std::string::npos, literal);
  literals_.append(padding, ' ');
  most_ += literal.size();
  return static_cast<uint32_t>(at);
}

// False: a literal is no UTF-8.
bool site_format::add_pieces() {
  format_pieces parts(text_);
  uint32_t offset = 0, texts = 0;
  bool right = true;
  for (size_t i = 0;;) {
    std::string literal;
    auto part = parts.next();
    for (; part == format_pieces::piece::literal; part = parts.next()) literal += parts.literal();
    right = right && is_utf8(literal);
    const std::string as_line = escaped(literal);
    piece& p = pieces_.emplace_back();
    p.literal = keep(literal);
    p.size = static_cast<uint32_t>(literal.size());
    p.escaped = keep(as_line);
    p.escaped_size = static_cast<uint32_t>(as_line.size());
    most_ += number_most + padding;
    if (part == format_pieces::piece::end) return right;
    p.code = codes_[i++];
    p.fixed = offset;
    p.text = texts;
    p.spec = parts.spec();
    p.is = kind::other;
    const format_spec& f = p.spec;
    const bool simple = f.width == 0 && f.precision < 0 && f.type == 0 && f.sign == '-' && !f.alternate;
    constexpr std::string_view fast = "siulmd";
    constexpr kind kinds[] = {kind::text, kind::i32, kind::u32, kind::i64, kind::u64, kind::f64};
    if (const size_t found = fast.find(p.code); simple && found != std::string_view::npos) p.is = kinds[found];
    offset += static_cast<uint32_t>(fixed_bytes_of(p.code));
    texts += is_text(p.code) ? 1 : 0;
  }
}

// False: what stands beside each other must be looked at as one.
template <bool escapes>
bool site_format::append_pieces(byte_sink& to, const cells& values) const {
  size_t most = most_;
  for (const std::string_view text : values.texts) most += text.size();
  char* begin = reinterpret_cast<char*>(to.room(most));
  char* at = begin;
  for (const piece& p : pieces_) {
    at = escapes ? put_padded(at, literals_.data() + p.escaped, p.escaped_size) : put_padded(at, literals_.data() + p.literal, p.size);
    const uint8_t* const fixed = values.fixed.data() + p.fixed;
    switch (p.is) {
      case kind::none: continue;
      case kind::i32: at = put_number(at, int64_t{load<int32_t>(fixed)}); continue;
      case kind::u32: at = put_number(at, uint64_t{load<uint32_t>(fixed)}); continue;
      case kind::i64: at = put_number(at, load<int64_t>(fixed)); continue;
      case kind::u64: at = put_number(at, load<uint64_t>(fixed)); continue;
      case kind::text:
        if (char* const end = put_text<escapes>(at, values.texts[p.text])) {
          at = end;
          continue;
        }
        break;
      case kind::f64:
        if (const auto value = load<double>(fixed); std::isfinite(value)) {
          at = put_real(at, value);
          continue;
        }
        break;
      case kind::other: break;
    }
    to.took(static_cast<size_t>(at - begin));
    if (!append_other<escapes>(to, p.code, p.spec, argument_in(values, p.code, p.fixed, p.text))) return false;
    begin = at = reinterpret_cast<char*>(to.room(most));
  }
  to.took(static_cast<size_t>(at - begin));
  return true;
}

void site_format::append_slowly(byte_sink& to, const cells& values, bool escapes) const {
  std::vector<uint8_t> arguments;
  append_cells(arguments, values);
  const std::string text = format_line(text_, codes_, arguments);
  append(to, escapes ? escaped(text) : text);
}

void site_format::append_text(byte_sink& to, const cells& values) const {
  if (!fits(values)) return append_slowly(to, values, false);
  append_pieces<false>(to, values);
}

void site_format::append_escaped(byte_sink& to, const cells& values) const {
  const size_t before = to.size();
  if (fits(values) && append_pieces<true>(to, values)) return;
  to.cut(before);
  append_slowly(to, values, true);
}

}  // namespace tharsis::xlog
