#include "sdk/pure/json_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sdk/pure/utf8.h"

namespace tharsis {

const json_value* json_value::find(std::string_view name) const {
  const auto at = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; });
  return at == fields.end() ? nullptr : &at->second;
}

namespace {

void append_code_point(std::string& to, uint32_t c) {
  const auto byte = [&](uint32_t b) { to += static_cast<char>(b); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t n = utf8_size(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

class json_parser {
 public:
  explicit json_parser(std::string_view text) : text_(text) {}

  result<json_value> parse() {
    json_value all;
    if (!value(all, 0)) return wrong();
    skip_space();
    if (at_ != text_.size()) return refuse("there is more after the end"), wrong();
    return all;
  }

 private:
  bool refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
  }
  error wrong() const {
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {THARSIS_E_INVALID,
            "line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1) + ": " + why_};
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    return ++at_, true;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return refuse("this is no value");
    return at_ += w.size(), true;
  }

  bool value(json_value& into, int depth) {
    if (depth > json_depth_max) return refuse("it is nested deeper than " + std::to_string(json_depth_max));
    skip_space();
    if (at_ >= text_.size()) return refuse("it ends in the middle");
    switch (text_[at_]) {
      case '{':
        return group(into, depth);
      case '[':
        return list(into, depth);
      case '"':
        into.type = json_value::kind::text;
        return quoted(into.text);
      case 't':
        into.type = json_value::kind::boolean, into.boolean = true;
        return word("true");
      case 'f':
        into.type = json_value::kind::boolean;
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(into);
    }
  }

  bool group(json_value& into, int depth) {
    into.type = json_value::kind::group;
    ++at_;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      skip_space();
      if (at_ >= text_.size()) return refuse("it ends in the middle");
      if (text_[at_] != '"') return refuse("a field's name is in quotes");
      std::string name;
      if (!quoted(name)) return false;
      if (into.fields.size() == json_fields_max)
        return refuse("more than " + std::to_string(json_fields_max) + " fields in one group");
      if (into.find(name) != nullptr) return refuse("the field '" + name + "' is there twice");
      skip_space();
      if (!take(':')) return refuse(at_ >= text_.size() ? "it ends in the middle" : "a ':' is missing");
      into.fields.push_back({std::move(name), {}});
      if (!value(into.fields.back().second, depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return refuse(at_ >= text_.size() ? "it ends in the middle" : "a ',' or '}' is missing");
    }
  }

  bool list(json_value& into, int depth) {
    into.type = json_value::kind::list;
    ++at_;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      into.items.emplace_back();
      if (!value(into.items.back(), depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return refuse(at_ >= text_.size() ? "it ends in the middle" : "a ',' or ']' is missing");
    }
  }

  bool hex4(uint32_t& c) {
    const auto digits = text_.substr(at_, 4);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), c, 16);
    if (digits.size() != 4 || read.ec != std::errc() || read.ptr != digits.data() + 4)
      return refuse("\\u has four hex digits");
    return at_ += 4, true;
  }

  bool escaped(std::string& into) {
    if (at_ >= text_.size()) return refuse("it ends in the middle");
    constexpr std::string_view letters = "\"\\/bfnrt", means = "\"\\/\b\f\n\r\t";
    const char c = text_[at_];
    if (const size_t i = letters.find(c); i != std::string_view::npos) return ++at_, into += means[i], true;
    if (c != 'u') return refuse("there is no such escape");
    ++at_;
    uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      uint32_t low = 0;
      if (!hex4(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return refuse("half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code >= 0xD800 && code < 0xE000) return refuse("half of a surrogate pair");
    append_code_point(into, code);
    return true;
  }

  bool quoted(std::string& into) {
    ++at_;
    const size_t start = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        if (is_utf8(into)) return true;
        at_ = start;
        return refuse("this text is no UTF-8");
      }
      if (static_cast<unsigned char>(c) < 0x20) return refuse("a control byte stands in a text");
      ++at_;
      if (c != '\\')
        into += c;
      else if (!escaped(into))
        return false;
    }
    return refuse("it ends in the middle");
  }

  bool number(json_value& into) {
    const size_t start = at_;
    const auto digits = [&] {
      const size_t from = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return at_ > from;
    };
    take('-');
    const bool zero = take('0');
    bool good = zero || digits();
    if (good && take('.')) good = digits();
    if (good && (take('e') || take('E'))) {
      if (!take('+')) take('-');
      good = digits();
    }
    if (!good) return at_ = start, refuse("this is no value");
    into.type = json_value::kind::number;
    into.text = std::string(text_.substr(start, at_ - start));
    const auto read = std::from_chars(into.text.data(), into.text.data() + into.text.size(), into.number);
    if (read.ec != std::errc() || !std::isfinite(into.number))
      return at_ = start, refuse("this number is out of range");
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string why_;
};

}  // namespace

result<json_value> parse_json(std::string_view text) { return json_parser(text).parse(); }

}  // namespace tharsis
