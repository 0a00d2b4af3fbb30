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

constexpr std::array<double, 7> powers = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

// The shortest text that reads back as the same number, as std::to_chars gives it; most have few decimals, and then
// no search is needed: two texts of at most 15 digits are never the same number.
char* put_real(char* to, double value) {
  const double magnitude = std::fabs(value);
  if (magnitude < 1e8) {
    for (size_t p = 0; p < powers.size(); ++p) {
      const auto whole = static_cast<uint64_t>(magnitude * powers[p] + 0.5);
      if (static_cast<double>(whole) / powers[p] != magnitude) continue;
      const auto unit = static_cast<uint64_t>(powers[p]);
      const uint64_t before = whole / unit;
      // Else it may be shorter with an exponent.
      if (p == 0 ? before >= 100'000 : before == 0 && whole * 1000 < unit) break;
      if (std::signbit(value)) *to++ = '-';
      to = put_number(to, before);
      if (p == 0) return to;
      *to++ = '.';
      put_digits(to, whole % unit, p);
      return to + p;
    }
  }
  return std::to_chars(to, to + 32, value).ptr;
}

}  // namespace

bool append_escaped_alone(byte_sink& to, std::string_view text) {
  if (is_plain(text)) return append(to, text), true;
  if (!is_utf8(text)) return false;
  append(to, escaped(text));
  return true;
}

site_format::site_format(const site& s) : text_(s.text), codes_(s.codes) {
  level_ = std::string(" ") + level_letters[std::min<size_t>(s.level, levels_count - 1)] + " ";
  origin_ = " ";
  append_origin(origin_, s.plugin, s.tag);
  origin_ += ' ';
  texts_ = static_cast<size_t>(std::count_if(codes_.begin(), codes_.end(), is_text));
  const auto fixed = fixed_bytes(codes_);
  if (!fixed || check_format(text_, codes_) != format_mistake::none) return;
  fixed_ = *fixed;
  pieces_.emplace_back();
  format_pieces parts(text_);
  uint32_t offset = 0, texts = 0;
  for (size_t i = 0;;) {
    const auto part = parts.next();
    piece& last = pieces_.back();
    if (part == format_pieces::piece::end) break;
    if (part == format_pieces::piece::literal) {
      last.literal += parts.literal();
      continue;
    }
    last.argument = true;
    last.code = codes_[i++];
    last.fixed = offset;
    last.text = texts;
    last.spec = parts.spec();
    const format_spec& f = last.spec;
    last.simple = f.width == 0 && f.precision < 0 && f.type == 0 && f.sign == '-' && !f.alternate;
    offset += static_cast<uint32_t>(fixed_bytes_of(last.code));
    texts += is_text(last.code) ? 1 : 0;
    pieces_.emplace_back();
  }
  fits_ = true;
  for (piece& p : pieces_) {
    fits_ = fits_ && is_utf8(p.literal);
    p.escaped = escaped(p.literal);
  }
}

// False: what stands beside each other must be looked at as one.
template <bool escapes>
bool site_format::append_pieces(byte_sink& to, const cells& values) const {
  for (const piece& p : pieces_) {
    append(to, escapes ? p.escaped : p.literal);
    if (!p.argument) continue;
    const uint8_t* const at = values.fixed.data() + p.fixed;
    char* const number = reinterpret_cast<char*>(to.room(40));
    const auto took = [&](char* end) { to.took(static_cast<size_t>(end - number)); };
    if (p.simple && p.code == THARSIS_LOG_TEXT) {
      const std::string_view text = values.texts[p.text];
      if (!escapes) append(to, text);
      else if (!append_escaped_alone(to, text)) return false;
    } else if (p.simple && p.code == THARSIS_LOG_I32) {
      took(put_number(number, int64_t{load<int32_t>(at)}));
    } else if (p.simple && p.code == THARSIS_LOG_U32) {
      took(put_number(number, uint64_t{load<uint32_t>(at)}));
    } else if (p.simple && p.code == THARSIS_LOG_I64) {
      took(put_number(number, load<int64_t>(at)));
    } else if (p.simple && p.code == THARSIS_LOG_U64) {
      took(put_number(number, load<uint64_t>(at)));
    } else if (p.simple && p.code == THARSIS_LOG_F64 && std::isfinite(load<double>(at))) {
      took(put_real(number, load<double>(at)));
    } else {
      std::string text;
      append_argument(text, argument_in(values, p.code, p.fixed, p.text), p.spec);
      if (!escapes) append(to, text);
      else if (!append_escaped_alone(to, text)) return false;
    }
  }
  return true;
}

void site_format::append_slowly(byte_sink& to, const cells& values, bool escapes) const {
  std::vector<uint8_t> arguments;
  append_cells(arguments, values);
  const std::string text = format_line(text_, codes_, arguments);
  append(to, escapes ? escaped(text) : text);
}

void site_format::append_text(byte_sink& to, const cells& values) const {
  const bool whole = fits_ && values.fixed.size() == fixed_ && values.texts.size() == texts_;
  if (!whole) return append_slowly(to, values, false);
  append_pieces<false>(to, values);
}

void site_format::append_escaped(byte_sink& to, const cells& values) const {
  const size_t before = to.size();
  if (fits_ && values.fixed.size() == fixed_ && values.texts.size() == texts_ && append_pieces<true>(to, values)) return;
  to.cut(before);
  append_slowly(to, values, true);
}

}  // namespace tharsis::xlog
