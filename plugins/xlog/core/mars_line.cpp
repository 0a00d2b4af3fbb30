#include "plugins/xlog/core/mars_line.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/line.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

constexpr double hour = 3'600e9;
constexpr int64_t quarter = 900'000'000'000;  // All zones are some quarters of an hour off, and the text has tenths.
constexpr size_t date_size = 10, time_size = 12;
constexpr size_t name_max = 256;  // Bytes of a plugin, a tag, a file; escaped they may be four times as many.

std::string_view base_name(std::string_view file) {
  const size_t slash = file.find_last_of("/\\");
  return slash == std::string_view::npos ? file : file.substr(slash + 1);
}

// What a decoder of Mars could not hold is cut, between two characters.
void append_text(std::string& out, std::string_view text) {
  size_t size = std::min(text.size(), text_max);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  out += text.substr(0, size);
  out += cut_note(text.size() - size).text();
  if (out.back() != '\n') out += '\n';
}

// Reads from the left, piece by piece.
class prefix {
 public:
  explicit prefix(std::string_view line) : left_(line) {}

  bool skip(std::string_view what) {
    if (!left_.starts_with(what)) return false;
    left_.remove_prefix(what.size());
    return true;
  }
  bool take(size_t size, std::string_view& into) {
    if (left_.size() < size) return false;
    into = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  // Up to what comes next, which is skipped.
  bool take_until(std::string_view end, std::string_view& into) {
    const size_t at = left_.find(end);
    if (at == std::string_view::npos) return false;
    into = left_.substr(0, at);
    left_.remove_prefix(at + end.size());
    return true;
  }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), into);
  return !text.empty() && failure == std::errc() && end == text.data() + text.size();
}

// "+5.8" is five hours and three quarters.
std::optional<int64_t> read_ahead(std::string_view text) {
  if (text.size() < 4 || text.size() > 5 || (text[0] != '+' && text[0] != '-') || text[text.size() - 2] != '.') return {};
  int64_t hours = 0, tenths = 0;
  if (!read_number(text.substr(1, text.size() - 3), hours) || !read_number(text.substr(text.size() - 1), tenths) || hours < 0) return {};
  const int64_t tenth = quarter * 4 / 10, all = hours * 10 + tenths;
  const int64_t ahead = (all * tenth + quarter / 2) / quarter * quarter;
  return text[0] == '-' ? -ahead : ahead;
}

// An empty one is none that is known.
bool read_time(std::string_view text, int64_t& wall) {
  wall = 0;
  if (text.empty()) return true;
  prefix from(text);
  std::string_view date, ahead, time;
  if (!from.take(date_size, date) || !from.skip(" ") || !from.take_until(" ", ahead) || !from.take(time_size, time) || !from.rest().empty())
    return false;
  const auto local = parse_utc(std::string(date) + "T" + std::string(time) + "000Z");
  const auto off = read_ahead(ahead);
  if (!local || !off) return false;
  wall = *local - *off;
  return true;
}

}  // namespace

unsigned local_hour(int64_t wall, int64_t ahead) {
  const int64_t of_day = (wall + ahead) % day_length;
  return static_cast<unsigned>((of_day < 0 ? of_day + day_length : of_day) / (day_length / 24));
}

void append_mars_line(std::string& out, const record& r, uint32_t process, int64_t ahead) {
  const std::string local = moment_text(r.wall + ahead);
  char off[16];
  std::snprintf(off, sizeof off, " %+.1f ", static_cast<double>(ahead) / hour);
  out += '[';
  out += level_letters[std::min<size_t>(r.level, levels_count - 1)];
  out += "][";
  out.append(local, 0, date_size).append(off).append(local, date_size + 1, time_size);
  out += "][" + std::to_string(process) + ", " + std::to_string(r.thread);
  if (r.thread == process) out += '*';
  out += "][";
  append_origin(out, std::string_view(r.plugin).substr(0, name_max), std::string_view(r.tag).substr(0, name_max));
  out += "][" + escaped(base_name(r.file).substr(0, name_max)) + ":" + std::to_string(r.line) + ", ][";
  append_text(out, r.text);
}

bool parse_mars_line(std::string_view line, record& into) {
  prefix from(line);
  std::string_view level, time, process, thread, tag, file, number, function;
  if (!from.skip("[") || !from.take(1, level) || !from.skip("][") || !from.take_until("][", time)) return false;
  const auto known = level_from_letter(level[0]);
  if (!known || !read_time(time, into.wall)) return false;
  int64_t id = 0;
  if (!from.take_until(", ", process) || !read_number(process, id) || !from.take_until("][", thread)) return false;
  if (thread.ends_with('*')) thread.remove_suffix(1);
  if (!read_number(thread, id) || !from.take_until("][", tag) || !from.take_until(":", file)) return false;
  if (!from.take_until(", ", number) || !from.take_until("][", function)) return false;
  int64_t place = 0;
  if (!read_number(number, place)) return false;
  const size_t slash = tag.find('/');
  into.level = *known;
  into.thread = static_cast<uint64_t>(id);
  into.plugin = slash == std::string_view::npos ? "" : tag.substr(0, slash);
  into.tag = slash == std::string_view::npos ? tag : tag.substr(slash + 1);
  into.file = file;
  into.line = place > 0 && place < INT64_C(0x100000000) ? static_cast<uint32_t>(place) : 0;
  into.text = from.rest();
  return true;
}

}  // namespace tharsis::xlog
