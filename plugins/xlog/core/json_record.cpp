#include "plugins/xlog/core/json_record.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

void append_utf8(std::string& to, uint32_t c) {
  if (c < 0x80) {
    to += static_cast<char>(c);
  } else if (c < 0x800) {
    to += static_cast<char>(0xC0 | c >> 6);
    to += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    to += static_cast<char>(0xE0 | c >> 12);
    to += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    to += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    to += static_cast<char>(0xF0 | c >> 18);
    to += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    to += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    to += static_cast<char>(0x80 | (c & 0x3F));
  }
}

class json_parser {
 public:
  explicit json_parser(std::string_view line) : line_(line) {}

  std::optional<std::string> parse(record& into) {
    into = {};
    if (object(into) && !has_time_) wrong("the object has no time");
    return why_;
  }

 private:
  bool wrong(const std::string& what) {
    if (!why_) why_ = "byte " + std::to_string(at_) + ": " + what;
    return false;
  }
  void spaces() {
    while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '\r')) ++at_;
  }
  bool is(char c) const { return at_ < line_.size() && line_[at_] == c; }
  bool take(char c) {
    spaces();
    if (!is(c)) return wrong(std::string("'") + c + "' is missing");
    ++at_;
    spaces();
    return true;
  }

  bool object(record& into) {
    if (!take('{')) return false;
    for (bool first = true; !is('}'); first = false) {
      std::string name;
      if (!first && !take(',')) return false;
      if (!text(name) || !take(':') || !value(name, into)) return false;
      spaces();
    }
    ++at_;
    spaces();
    return at_ == line_.size() || wrong("something stands behind the object");
  }

  bool value(const std::string& name, record& into) {
    if (name == "time") return time(into);
    if (name == "level") return level(into);
    if (name == "thread") return number(into.thread);
    if (name == "line") return number(into.line);
    if (name == "plugin") return text(into.plugin);
    if (name == "tag") return text(into.tag);
    if (name == "file") return text(into.file);
    if (name == "text") return text(into.text);
    return pass();
  }

  bool time(record& into) {
    std::string said;
    if (!text(said)) return false;
    const auto wall = parse_utc(said);
    if (!wall) return wrong("'" + said + "' is no time like 2026-11-25T10:11:12.123456Z");
    into.wall = *wall;
    has_time_ = true;
    return true;
  }
  bool level(record& into) {
    std::string said;
    if (!text(said)) return false;
    const auto found = level_from(said);
    if (!found || *found >= levels_count) return wrong("there is no level '" + said + "'");
    into.level = *found;
    return true;
  }
  template <class Number>
  bool number(Number& to) {
    const auto [end, failure] = std::from_chars(line_.data() + at_, line_.data() + line_.size(), to);
    if (failure != std::errc()) return wrong("a whole number is missing");
    at_ = static_cast<size_t>(end - line_.data());
    return true;
  }

  bool text(std::string& to) {
    to.clear();
    if (!is('"')) return wrong("a text is missing");
    for (++at_; at_ < line_.size() && line_[at_] != '"';) {
      const size_t stop = line_.find_first_of("\"\\", at_);
      to += line_.substr(at_, stop - at_);
      at_ = std::min(stop, line_.size());
      if (is('\\') && !escape(to)) return false;
    }
    if (at_ == line_.size()) return wrong("a text does not end");
    ++at_;
    return true;
  }
  bool escape(std::string& to) {
    constexpr std::string_view kinds = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char kind = at_ + 1 < line_.size() ? line_[at_ + 1] : ' ';
    if (const size_t found = kinds.find(kind); found != std::string_view::npos) {
      to += meanings[found];
      at_ += 2;
      return true;
    }
    auto c = kind == 'u' ? code_unit() : std::nullopt;
    if (!c) return wrong("a backslash that escapes nothing");
    if (*c >= 0xD800 && *c < 0xDC00) {
      const auto low = is('\\') ? code_unit() : std::nullopt;
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return wrong("half a character");
      c = 0x10000 + ((*c - 0xD800) << 10) + (*low - 0xDC00);
    } else if (*c >= 0xDC00 && *c <= 0xDFFF) {
      return wrong("half a character");
    }
    append_utf8(to, *c);
    return true;
  }
  // \uXXXX
  std::optional<uint32_t> code_unit() {
    uint32_t c = 0;
    if (at_ + 6 > line_.size() || line_[at_ + 1] != 'u') return {};
    const auto [end, failure] = std::from_chars(line_.data() + at_ + 2, line_.data() + at_ + 6, c, 16);
    if (failure != std::errc() || end != line_.data() + at_ + 6) return {};
    at_ += 6;
    return c;
  }

  // Any value, whatever is in it.
  bool pass() {
    std::string ignored;
    size_t depth = 0;
    do {
      spaces();
      if (is('"')) {
        if (!text(ignored)) return false;
      } else if (is('{') || is('[')) {
        ++depth;
        ++at_;
      } else if (is('}') || is(']')) {
        if (depth == 0) return wrong("a value is missing");
        --depth;
        ++at_;
      } else if (depth > 0 && (is(',') || is(':'))) {
        ++at_;
      } else if (!word()) {
        return false;
      }
    } while (depth > 0);
    return true;
  }
  bool word() {
    const size_t begin = at_;
    while (at_ < line_.size() && std::string_view(",:{}[]\" \t\r").find(line_[at_]) == std::string_view::npos) ++at_;
    return at_ > begin || wrong("a value is missing");
  }

  const std::string_view line_;
  size_t at_ = 0;
  bool has_time_ = false;
  std::optional<std::string> why_;
};

}  // namespace

std::optional<std::string> parse_json_line(std::string_view line, record& into) { return json_parser(line).parse(into); }

}  // namespace tharsis::xlog
