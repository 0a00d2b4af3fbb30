#include "plugins/xlog/core/condition.h"

#include <bit>
#include <charconv>
#include <compare>

#include "sdk/pure/units.h"

namespace tharsis::xlog {
namespace {

bool is_name(char c) { return c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string_view without_spaces(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

struct sign {
  std::string_view text;
  comparison how;
};
constexpr sign signs[] = {{"==", comparison::equal},    {"!=", comparison::unequal}, {"<=", comparison::at_most}, {">=", comparison::at_least},
                          {"=", comparison::equal},     {"<", comparison::less},     {">", comparison::more},     {"~", comparison::holds}};

bool is_so(comparison how, std::partial_ordering order) {
  switch (how) {
    case comparison::equal: return order == 0;
    case comparison::unequal: return order != 0;
    case comparison::less: return order < 0;
    case comparison::at_most: return order <= 0;
    case comparison::more: return order > 0;
    case comparison::at_least: return order >= 0;
    case comparison::holds: return false;
  }
  return false;
}

}  // namespace

bool condition::holds_for(const log_argument& a) const {
  if (how != comparison::holds) {
    switch (a.code) {
      case THARSIS_LOG_I32:
      case THARSIS_LOG_I64:
      case THARSIS_LOG_WALL:
        if (whole) return is_so(how, static_cast<int64_t>(a.bits) <=> *whole);
        if (real) return is_so(how, static_cast<double>(static_cast<int64_t>(a.bits)) <=> *real);
        break;
      case THARSIS_LOG_U32:
      case THARSIS_LOG_U64:
        if (whole && *whole < 0) return is_so(how, std::partial_ordering::greater);
        if (whole) return is_so(how, a.bits <=> static_cast<uint64_t>(*whole));
        if (real) return is_so(how, static_cast<double>(a.bits) <=> *real);
        break;
      case THARSIS_LOG_F64:
        if (real) return is_so(how, std::bit_cast<double>(a.bits) <=> *real);
        break;
      case THARSIS_LOG_DURATION:
        if (duration) return is_so(how, static_cast<int64_t>(a.bits) <=> *duration);
        if (whole) return is_so(how, static_cast<int64_t>(a.bits) <=> *whole);
        break;
      case THARSIS_LOG_SECRET: return false;
      default: break;
    }
  }
  std::string text;
  append_argument(text, a, {});
  return how == comparison::holds ? text.find(value) != std::string::npos : is_so(how, std::string_view(text) <=> std::string_view(value));
}

result<condition> parse_condition(std::string_view text) {
  const auto wrong = [&](const std::string& what) {
    return error{THARSIS_E_INVALID, "'" + std::string(text) + "': " + what + "; write FIELD OP VALUE, such as 'bytes > 1000' or 'host = im.test'"};
  };
  std::string_view left = without_spaces(text);
  size_t name = 0;
  while (name < left.size() && is_name(left[name])) ++name;
  if (name == 0) return wrong("it begins with no field's name");
  condition c;
  c.field = left.substr(0, name);
  left = without_spaces(left.substr(name));
  const sign* found = nullptr;
  for (const sign& s : signs)
    if (left.starts_with(s.text) && (found = &s) != nullptr) break;
  if (found == nullptr) return wrong("behind the field's name stands none of = != < <= > >= ~");
  c.how = found->how;
  c.value = without_spaces(left.substr(found->text.size()));
  c.whole = number<int64_t>(c.value);
  c.real = number<double>(c.value);
  if (const auto time = parse_duration(c.value)) c.duration = time->count();
  return c;
}

std::optional<size_t> argument_named(const site& s, std::string_view field) {
  format_pieces pieces(s.text);
  for (size_t number = 0; number < s.codes.size();) {
    const auto piece = pieces.next();
    if (piece == format_pieces::piece::literal) continue;
    if (piece != format_pieces::piece::argument) return {};
    if (pieces.name() == field || (pieces.name().empty() && std::to_string(number) == field)) return number;
    ++number;
  }
  return {};
}

}  // namespace tharsis::xlog
