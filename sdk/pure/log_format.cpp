#include "sdk/pure/log_format.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "sdk/pure/secret_names.h"

namespace tharsis {
namespace {

constexpr std::string_view secret_text = "(secret)";

// Moves an argument to its place in its width.
void append_padded(std::string& to, std::string_view text, const format_spec& spec, char align) {
  const size_t missing = spec.width > text.size() ? spec.width - text.size() : 0;
  if (spec.align != 0) align = spec.align;
  const size_t before = align == '>' ? missing : align == '^' ? missing / 2 : 0;
  to.append(before, spec.fill);
  to += text;
  to.append(missing - before, spec.fill);
}

void append_number(std::string& to, std::string_view sign, std::string_view prefix, std::string_view digits, const format_spec& spec) {
  std::string text(sign);
  text += prefix;
  const size_t size = text.size() + digits.size();
  if (spec.zeros && spec.align == 0 && spec.width > size) text.append(spec.width - size, '0');
  text += digits;
  append_padded(to, text, spec, '>');
}

std::string_view sign_of(bool negative, const format_spec& spec) {
  return negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "";
}

void append_whole(std::string& to, bool negative, uint64_t magnitude, const format_spec& spec) {
  if (spec.type == 'c') return append_padded(to, std::string(1, static_cast<char>(magnitude)), spec, '<');
  const int base = spec.type == 'x' || spec.type == 'X' ? 16 : spec.type == 'b' ? 2 : spec.type == 'o' ? 8 : 10;
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, magnitude, base).ptr;
  if (spec.type == 'X') std::transform(digits, end, digits, [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  const std::string_view prefix = !spec.alternate || base == 10 ? "" : base == 2 ? "0b" : base == 8 ? "0" : spec.type == 'X' ? "0X" : "0x";
  append_number(to, sign_of(negative, spec), prefix, {digits, static_cast<size_t>(end - digits)}, spec);
}

void append_signed(std::string& to, int64_t value, const format_spec& spec) {
  append_whole(to, value < 0, value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value), spec);
}

void append_real(std::string& to, double value, const format_spec& spec) {
  if (!std::isfinite(value)) {
    format_spec plain = spec;
    plain.zeros = false;
    return append_number(to, sign_of(std::signbit(value), spec), "", std::isnan(value) ? "nan" : "inf", plain);
  }
  const double magnitude = std::fabs(value);
  const bool upper = spec.type == 'E' || spec.type == 'F' || spec.type == 'G';
  const char type = upper ? static_cast<char>(spec.type - 'A' + 'a') : spec.type;
  const auto format = type == 'e' ? std::chars_format::scientific : type == 'f' ? std::chars_format::fixed : std::chars_format::general;
  char text[1500];  // The longest: 309 digits, a point, 999 more.
  const bool shortest = type == 0 && spec.precision < 0;
  const auto done = shortest ? std::to_chars(text, text + sizeof text, magnitude)
                             : std::to_chars(text, text + sizeof text, magnitude, format, spec.precision < 0 ? 6 : spec.precision);
  std::string digits(text, done.ptr);
  if (upper) std::replace(digits.begin(), digits.end(), 'e', 'E');
  append_number(to, sign_of(std::signbit(value), spec), "", digits, spec);
}

std::string duration_text(int64_t nanoseconds) {
  struct unit {
    double size;
    std::string_view name;
  };
  constexpr unit units[] = {{3600e9, "h"}, {60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  const double value = static_cast<double>(nanoseconds);
  const unit* fitting = &units[5];
  for (const unit& u : units)
    if (std::fabs(value) >= u.size) {
      fitting = &u;
      break;
    }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value / fitting->size, std::chars_format::general, 6).ptr;
  return std::string(text, end) + " " + std::string(fitting->name);
}

// Seconds since 1970 with nine digits behind the point: unambiguous, and every tool reads it.
std::string wall_text(int64_t nanoseconds) {
  const int64_t seconds = nanoseconds / 1'000'000'000 - (nanoseconds % 1'000'000'000 < 0 ? 1 : 0);
  const std::string part = std::to_string(nanoseconds - seconds * 1'000'000'000);
  return std::to_string(seconds) + "." + std::string(9 - part.size(), '0') + part;
}

std::string hex_text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

uint64_t number_at(const uint8_t* at, size_t count) {
  uint64_t value = 0;
  if (count > 0) std::memcpy(&value, at, count);  // A secret has no bytes, and there may be none to point at.
  return value;
}

}  // namespace

log_arguments::log_arguments(std::string_view codes, std::span<const uint8_t> bytes) : codes_(codes) {
  size_t fixed = 0;
  for (const char code : codes) {
    const int size = fixed_bytes_of(code);
    if (size < 0) broken_ = true;
    else fixed += static_cast<size_t>(size);
  }
  if (fixed > bytes.size()) broken_ = true;
  if (broken_) return;
  fixed_ = bytes.first(fixed);
  texts_ = bytes.subspan(fixed);
}

bool log_arguments::next(log_argument& out) {
  if (broken_ || codes_.empty()) return false;
  out = {};
  out.code = codes_.front();
  const auto size = static_cast<size_t>(fixed_bytes_of(out.code));
  out.bits = number_at(fixed_.data(), size);
  if (out.code == THARSIS_LOG_I32) out.bits = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(out.bits)));
  if (out.code == THARSIS_LOG_TEXT || out.code == THARSIS_LOG_BYTES) {
    if (out.bits > texts_.size()) {
      broken_ = true;
      return false;
    }
    out.text = {reinterpret_cast<const char*>(texts_.data()), static_cast<size_t>(out.bits)};
    texts_ = texts_.subspan(out.text.size());
  }
  codes_.remove_prefix(1);
  fixed_ = fixed_.subspan(size);
  return true;
}

void append_argument(std::string& to, const log_argument& a, const format_spec& spec) {
  switch (a.code) {
    case THARSIS_LOG_BOOL: return append_padded(to, a.bits != 0 ? "true" : "false", spec, '<');
    case THARSIS_LOG_CHAR:
      if (spec.type == 'd' || spec.type == 'x') return append_whole(to, false, a.bits, spec);
      return append_padded(to, std::string(1, static_cast<char>(a.bits)), spec, '<');
    case THARSIS_LOG_I32:
    case THARSIS_LOG_I64: return append_signed(to, static_cast<int64_t>(a.bits), spec);
    case THARSIS_LOG_U32:
    case THARSIS_LOG_U64: return append_whole(to, false, a.bits, spec);
    case THARSIS_LOG_F64: return append_real(to, std::bit_cast<double>(a.bits), spec);
    case THARSIS_LOG_POINTER: {
      char digits[20];
      const auto end = std::to_chars(digits, digits + sizeof digits, a.bits, 16).ptr;
      return append_padded(to, "0x" + std::string(digits, end), spec, '>');
    }
    case THARSIS_LOG_DURATION: return append_padded(to, duration_text(static_cast<int64_t>(a.bits)), spec, '<');
    case THARSIS_LOG_WALL: return append_padded(to, wall_text(static_cast<int64_t>(a.bits)), spec, '<');
    case THARSIS_LOG_TEXT: {
      const size_t most = spec.precision < 0 ? a.text.size() : static_cast<size_t>(spec.precision);
      return append_padded(to, a.text.substr(0, most), spec, '<');
    }
    case THARSIS_LOG_BYTES: return append_padded(to, hex_text(a.text), spec, '<');
    default: return append_padded(to, secret_text, spec, '<');
  }
}

std::string format_line(std::string_view text, std::string_view codes, std::span<const uint8_t> bytes, const tharsis_log* log) {
  std::string line;
  line.reserve(text.size() + bytes.size() + 16);
  log_arguments arguments(codes, bytes);
  format_pieces pieces(text);
  log_argument a;
  for (;;) {
    switch (pieces.next()) {
      case format_pieces::piece::literal: line += pieces.literal(); break;
      case format_pieces::piece::end:
        if (arguments.next(a)) line += " (its text has no place for all arguments)";
        return arguments.broken() ? line + " (its arguments are damaged)" : line;
      case format_pieces::piece::broken: line += pieces.rest(); return line + " (this text is no format)";
      case format_pieces::piece::argument:
        if (!arguments.next(a)) {
          line += "{?}";
          break;
        }
        if (log != nullptr && is_secret_field(*log, pieces.name())) a.code = THARSIS_LOG_SECRET;
        append_argument(line, a, pieces.spec());
    }
  }
}

}  // namespace tharsis
