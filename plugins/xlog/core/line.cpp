#include "plugins/xlog/core/line.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/utf8.h"

namespace tharsis::xlog {
namespace {

void append_hex(std::string& out, char byte) {
  constexpr std::string_view hex = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  out += "\\x";
  out += hex[value >> 4];
  out += hex[value & 15];
}

// A terminal obeys U+0080 to U+009F as it obeys the escape character.
bool is_high_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_byte(std::string& out, char c) {
  switch (c) {
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return append_hex(out, c);
  out += c;
}

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const size_t size = utf8_size(text);
    const std::string_view character = text.substr(0, std::max<size_t>(size, 1));
    if (size == 1) {
      append_byte(out, text[0]);
    } else if (size == 0 || is_high_control(character)) {
      for (const char byte : character) append_hex(out, byte);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
}

// The characters of `separators` escaped, too.
void append_name(std::string& out, std::string_view name, std::string_view separators) {
  for (size_t next = name.find_first_of(separators); next != std::string_view::npos; next = name.find_first_of(separators)) {
    append_escaped(out, name.substr(0, next));
    append_hex(out, name[next]);
    name.remove_prefix(next + 1);
  }
  append_escaped(out, name);
}

std::optional<unsigned> hex_value(std::string_view two) {
  unsigned value = 0;
  const auto [end, failure] = std::from_chars(two.data(), two.data() + two.size(), value, 16);
  if (two.size() != 2 || failure != std::errc() || end != two.data() + 2) return {};
  return value;
}

// Reads a line from the left; keeps the first thing that is wrong.
class line_parser {
 public:
  explicit line_parser(std::string_view line) : line_(line) {}

  std::optional<line_damage> parse(record& into) {
    if (line_.empty()) {
      wrong("the line is empty");
    } else if (line_.ends_with(cut_mark.substr(0, cut_mark.size() - 1))) {
      cut("when its writer stopped");
    } else if (time(into) && level(into) && thread(into) && origin(into) && text(into)) {
      check_form(into);
    }
    return std::move(damage_);
  }

 private:
  bool wrong(std::string why) {
    damage_ = line_damage{"byte " + std::to_string(at_ + 1) + ": " + std::move(why), false};
    return false;
  }
  bool cut(std::string_view where) {
    damage_ = line_damage{"cut off " + std::string(where), true};
    return false;
  }
  // The next part, up to a space that must follow.
  bool word(std::string_view& into, std::string_view where) {
    const size_t space = line_.find(' ', at_);
    if (space == std::string_view::npos) return cut(where);
    into = line_.substr(at_, space - at_);
    return true;
  }

  bool time(record& into) {
    const std::string_view text = line_.substr(0, utc_size);
    const auto wall = parse_utc(text);
    if (!wall && line_.size() < utc_size && begins_a_time()) return cut("in the time");
    if (!wall) return wrong("no time like 2026-11-25T10:11:12.123456Z");
    into.wall = *wall;
    at_ = utc_size;
    return space("behind the time");
  }
  bool begins_a_time() const {
    constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";
    for (size_t i = 0; i < line_.size(); ++i)
      if (form[i] == '0' ? line_[i] < '0' || line_[i] > '9' : line_[i] != form[i]) return false;
    return true;
  }
  bool space(std::string_view where) {
    if (at_ == line_.size()) return cut(where);
    if (line_[at_] != ' ') return wrong("no space " + std::string(where));
    ++at_;
    return true;
  }

  bool level(record& into) {
    if (at_ == line_.size()) return cut("before the level");
    const auto found = level_from_letter(line_[at_]);
    if (!found) return wrong("there is no level '" + escaped(line_.substr(at_, 1)) + "'");
    into.level = *found;
    ++at_;
    return space("behind the level");
  }

  bool thread(record& into) {
    const size_t end = std::min(line_.find(' ', at_), line_.size());
    const auto [stop, failure] = std::from_chars(line_.data() + at_, line_.data() + end, into.thread);
    if (at_ == line_.size()) return cut("before the thread");
    if (failure != std::errc() || stop != line_.data() + end) return wrong("the thread is no number");
    at_ = end;
    return space("behind the thread");
  }

  // Plugin and tag.
  bool origin(record& into) {
    std::string_view name;
    if (!word(name, "in the plugin's name")) return false;
    const size_t slash = std::min(name.find('/'), name.size());
    const std::string_view plugin = name.substr(0, slash);
    if (plugin.empty()) return wrong("the plugin's name is missing");
    into.plugin.clear();
    into.tag.clear();
    if (plugin == "-") ++at_;
    else if (!unescape(plugin, into.plugin)) return false;
    if (slash < name.size()) {
      ++at_;
      if (!unescape(name.substr(slash + 1), into.tag)) return false;
    }
    return space("behind the plugin's name");
  }

  bool text(record& into) { return unescape(line_.substr(at_), into.text); }

  // `part` begins at at_, which moves to its end.
  bool unescape(std::string_view part, std::string& into) {
    into.clear();
    const size_t end = at_ + part.size();
    while (at_ < end) {
      const size_t backslash = std::min(line_.find('\\', at_), end);
      into += line_.substr(at_, backslash - at_);
      at_ = backslash;
      if (at_ < end && !escape(end, into)) return false;
    }
    return true;
  }
  bool escape(size_t end, std::string& into) {
    if (at_ + 1 == end && end == line_.size()) return cut("in the text");
    const char kind = at_ + 1 < end ? line_[at_ + 1] : ' ';
    constexpr std::string_view kinds = "\\nrt", meanings = "\\\n\r\t";
    if (const size_t found = kinds.find(kind); found != std::string_view::npos) {
      into += meanings[found];
      at_ += 2;
      return true;
    }
    if (kind == 'x' && at_ + 4 > line_.size()) return cut("in the text");
    const auto value = kind == 'x' && at_ + 4 <= end ? hex_value(line_.substr(at_ + 2, 2)) : std::nullopt;
    if (!value) return wrong("a backslash that escapes nothing");
    into += static_cast<char>(*value);
    at_ += 4;
    return true;
  }

  // What means the same but is written otherwise was not written by us.
  void check_form(const record& r) {
    std::string again;
    append_line(again, r);
    again.pop_back();
    if (again == line_) return;
    const auto [theirs, ours] = std::mismatch(line_.begin(), line_.end(), again.begin(), again.end());
    at_ = static_cast<size_t>(theirs - line_.begin());
    wrong("bytes that would stand escaped, or other than here");
  }

  std::string_view line_;
  size_t at_ = 0;
  std::optional<line_damage> damage_;
};

}  // namespace

cut_note::cut_note(size_t missing) {
  if (missing == 0) return;
  const auto put = [this](std::string_view s) { size_ += s.copy(text_.data() + size_, s.size()); };
  put("... (");
  size_ = static_cast<size_t>(std::to_chars(text_.data() + size_, text_.data() + text_.size(), missing).ptr - text_.data());
  put(" more bytes)");
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

void append_origin(std::string& out, std::string_view plugin, std::string_view tag) {
  if (plugin.empty()) out += '-';
  else if (plugin == "-") append_hex(out, '-');
  else append_name(out, plugin, " /");
  if (tag.empty()) return;
  out += '/';
  append_name(out, tag, " ");
}

void append_line(std::string& out, const record& r) {
  out += moment_text(r.wall);
  out += ' ';
  out += level_letters[std::min<size_t>(r.level, levels_count - 1)];
  out += ' ';
  out += std::to_string(r.thread);
  out += ' ';
  append_origin(out, r.plugin, r.tag);
  out += ' ';
  append_escaped(out, r.text);
  out += '\n';
}

std::optional<line_damage> parse_line(std::string_view line, record& into) { return line_parser(line).parse(into); }

}  // namespace tharsis::xlog
