// The texts of log lines, with places for arguments: "sent {bytes} to {host}", {} or {name} or {name:spec}, {{ and }}
// for braces. A spec is [[fill]align][sign][#][0][width][.precision][type], as in std::format:
//   align < > ^    sign + - or space    type of numbers d x X b o c, of reals e f g, of texts s
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sdk/abi/log.h"

namespace tharsis {

struct format_spec {
  char fill = ' ';
  char align = 0;  // None given: texts to the left, numbers to the right.
  char sign = '-';
  bool alternate = false;
  bool zeros = false;
  uint16_t width = 0;
  int16_t precision = -1;
  char type = 0;

  static constexpr uint16_t longest = 999;  // Widths and precisions.
};

// Takes a text apart, piece by piece; whatever the text is.
class format_pieces {
 public:
  enum class piece { literal, argument, end, broken };

  constexpr explicit format_pieces(std::string_view text) : rest_(text) {}

  constexpr piece next() {
    if (rest_.empty()) return piece::end;
    if (rest_[0] != '{' && rest_[0] != '}') {
      const size_t stop = rest_.find_first_of("{}");
      literal_ = rest_.substr(0, stop);
      rest_.remove_prefix(literal_.size());
      return piece::literal;
    }
    if (rest_.size() > 1 && rest_[1] == rest_[0]) {
      literal_ = rest_.substr(0, 1);
      rest_.remove_prefix(2);
      return piece::literal;
    }
    return rest_[0] == '{' ? argument() : piece::broken;
  }

  constexpr std::string_view literal() const { return literal_; }
  constexpr std::string_view name() const { return name_; }
  constexpr const format_spec& spec() const { return spec_; }
  constexpr std::string_view rest() const { return rest_; }

 private:
  constexpr piece argument() {
    const size_t close = rest_.find('}');
    if (close == std::string_view::npos) return piece::broken;
    const std::string_view inside = rest_.substr(1, close - 1);
    const size_t colon = inside.find(':');
    name_ = inside.substr(0, colon);
    for (const char c : name_)
      if (!(c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return piece::broken;
    spec_ = {};
    if (colon != std::string_view::npos && !read_spec(inside.substr(colon + 1))) return piece::broken;
    rest_.remove_prefix(close + 1);
    return piece::argument;
  }

  static constexpr bool is_align(char c) { return c == '<' || c == '>' || c == '^'; }

  static constexpr bool read_number(std::string_view& from, int& to) {
    if (from.empty() || from[0] < '0' || from[0] > '9') return false;
    to = 0;
    while (!from.empty() && from[0] >= '0' && from[0] <= '9') {
      to = to * 10 + (from[0] - '0');
      if (to > format_spec::longest) return false;
      from.remove_prefix(1);
    }
    return true;
  }

  constexpr bool read_spec(std::string_view s) {
    const auto take = [&s](char c) {
      if (s.empty() || s[0] != c) return false;
      s.remove_prefix(1);
      return true;
    };
    if (s.size() > 1 && is_align(s[1])) {
      spec_.fill = s[0];
      spec_.align = s[1];
      s.remove_prefix(2);
    } else if (!s.empty() && is_align(s[0])) {
      spec_.align = s[0];
      s.remove_prefix(1);
    }
    if (!s.empty() && (s[0] == '+' || s[0] == '-' || s[0] == ' ')) {
      spec_.sign = s[0];
      s.remove_prefix(1);
    }
    spec_.alternate = take('#');
    spec_.zeros = take('0');
    int number = 0;
    if (!s.empty() && s[0] >= '1' && s[0] <= '9') {
      if (!read_number(s, number)) return false;
      spec_.width = static_cast<uint16_t>(number);
    }
    if (take('.')) {
      if (!read_number(s, number)) return false;
      spec_.precision = static_cast<int16_t>(number);
    }
    if (!s.empty()) {
      spec_.type = s[0];
      s.remove_prefix(1);
    }
    return s.empty();
  }

  std::string_view rest_;
  std::string_view literal_;
  std::string_view name_;
  format_spec spec_;
};

// Whether an argument of this code (THARSIS_LOG_*) can be shown as the spec says.
constexpr bool fits(char code, const format_spec& spec) {
  constexpr std::string_view whole = "dxXboc", real = "efgEFG";
  const bool number = code == THARSIS_LOG_I32 || code == THARSIS_LOG_U32 || code == THARSIS_LOG_I64 || code == THARSIS_LOG_U64;
  if ((spec.sign != '-' || spec.zeros) && !number && code != THARSIS_LOG_F64) return false;
  if (spec.alternate && !number) return false;
  if (spec.precision >= 0 && code != THARSIS_LOG_F64 && code != THARSIS_LOG_TEXT) return false;
  if (spec.type == 0) return true;
  if (number) return whole.find(spec.type) != std::string_view::npos;
  if (code == THARSIS_LOG_F64) return real.find(spec.type) != std::string_view::npos;
  if (code == THARSIS_LOG_CHAR) return spec.type == 'c' || spec.type == 'd' || spec.type == 'x';
  if (code == THARSIS_LOG_POINTER) return spec.type == 'p';
  return (code == THARSIS_LOG_TEXT || code == THARSIS_LOG_BOOL) && spec.type == 's';
}

enum class format_mistake { none, broken, too_few_arguments, too_many_arguments, spec_does_not_fit };

constexpr format_mistake check_format(std::string_view text, std::string_view codes) {
  format_pieces pieces(text);
  size_t used = 0;
  for (;;) {
    switch (pieces.next()) {
      case format_pieces::piece::literal: break;
      case format_pieces::piece::end: return used == codes.size() ? format_mistake::none : format_mistake::too_many_arguments;
      case format_pieces::piece::broken: return format_mistake::broken;
      case format_pieces::piece::argument:
        if (used == codes.size()) return format_mistake::too_few_arguments;
        if (!fits(codes[used++], pieces.spec())) return format_mistake::spec_does_not_fit;
    }
  }
}

// Bytes of an argument's fixed part in a ring; 0 for a secret, -1 for what is no code.
constexpr int fixed_bytes_of(char code) {
  switch (code) {
    case THARSIS_LOG_BOOL:
    case THARSIS_LOG_CHAR: return 1;
    case THARSIS_LOG_I32:
    case THARSIS_LOG_U32:
    case THARSIS_LOG_TEXT:
    case THARSIS_LOG_BYTES: return 4;
    case THARSIS_LOG_I64:
    case THARSIS_LOG_U64:
    case THARSIS_LOG_F64:
    case THARSIS_LOG_POINTER:
    case THARSIS_LOG_DURATION:
    case THARSIS_LOG_WALL: return 8;
    case THARSIS_LOG_SECRET: return 0;
    default: return -1;
  }
}

// One argument out of a ring or a file.
struct log_argument {
  char code = 0;
  uint64_t bits = 0;       // Of a number: as it stands there, a signed one with its sign.
  std::string_view text;   // Of texts and bytes.
};

// Takes the arguments one by one; whatever the bytes are.
class log_arguments {
 public:
  log_arguments(std::string_view codes, std::span<const uint8_t> bytes);

  // False: there is none, or the bytes end before it; broken() tells.
  bool next(log_argument& out);
  bool broken() const { return broken_; }

 private:
  std::string_view codes_;
  std::span<const uint8_t> fixed_, texts_;
  bool broken_ = false;
};

// Appends one argument as a person reads it.
void append_argument(std::string& to, const log_argument& a, const format_spec& spec);

// The line as a person reads it. Where text, codes and bytes do not fit together it says so in the line itself. The
// fields that `log`, if any, says are secret are shown as that.
std::string format_line(std::string_view text, std::string_view codes, std::span<const uint8_t> arguments, const tharsis_log* log = nullptr);

// visit(name, argument) for each; a name is the place's number, from 0, where the text gives none. False: they do
// not fit together; those before the trouble were visited.
template <class Visit>
bool for_each_field(std::string_view text, std::string_view codes, std::span<const uint8_t> bytes, Visit visit) {
  log_arguments arguments(codes, bytes);
  format_pieces pieces(text);
  log_argument a;
  for (size_t number = 0; arguments.next(a); ++number) {
    auto piece = pieces.next();
    while (piece == format_pieces::piece::literal) piece = pieces.next();
    const std::string_view name = piece == format_pieces::piece::argument ? pieces.name() : std::string_view();
    if (name.empty()) visit(std::string_view(std::to_string(number)), a);
    else visit(name, a);
  }
  return !arguments.broken();
}

}  // namespace tharsis
