#include "plugins/xlog/core/line_output.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "plugins/xlog/core/digits.h"
#include "plugins/xlog/core/json_line.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/line.h"
#include "sdk/pure/json.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr int64_t second_length = 1'000'000'000;
// Seconds whose text needs no clamping.
constexpr int64_t seconds_least = -9'223'372'036, seconds_most = 9'223'372'035;

class text_lines final : public line_output {
 public:
  text_lines(bool colours, zone local) : colours_(colours), time_(std::move(local)) {}

  void add(byte_sink& to, const log_line& l) override {
    const std::string_view colour = colours_ ? level_colours[std::min<size_t>(l.level, levels_count - 1)] : std::string_view();
    if (!colour.empty()) append(to, colour);
    if (l.of != nullptr) add_known(to, l);
    else add_said(to, l);
    if (!colour.empty()) append(to, colours_end);
    to.byte('\n');
  }

 private:
  void add_known(byte_sink& to, const log_line& l) {
    char* const begin = reinterpret_cast<char*>(to.room(time_text::most + digits_most + l.format->head_most()));
    char* at = time_.put(begin, l.wall);
    at = l.format->put_level(at);
    at = put_number(at, l.thread);
    at = l.format->put_origin(at);
    to.took(static_cast<size_t>(at - begin));
    l.format->append_escaped(to, l.values);
  }
  void add_said(byte_sink& to, const log_line& l) {
    time_.append(to, l.wall);
    std::string line;
    append_line(line, *l.said);
    append(to, std::string_view(line).substr(utc_size, line.size() - utc_size - 1));
  }

  const bool colours_;
  time_text time_;
};

class json_lines final : public line_output {
 public:
  void add(byte_sink& to, const log_line& l) override {
    if (l.of == nullptr || is_finished_text(*l.of)) {
      append(to, json_line(record_of(l)));
    } else {
      arguments_.clear();
      append_cells(arguments_, l.values);
      append(to, json_line(record_of(l), *l.of, arguments_));
    }
    to.byte('\n');
  }

 private:
  std::vector<uint8_t> arguments_;
};

void add_cell(byte_sink& to, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return append(to, text);
  to.byte('"');
  for (size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"')) {
    append(to, text.substr(0, quote + 1));
    to.byte('"');
    text.remove_prefix(quote + 1);
  }
  append(to, text);
  to.byte('"');
}

class csv_lines final : public line_output {
 public:
  void begin(byte_sink& to) override { append(to, "time,level,thread,plugin,tag,file,line,text,fields\r\n"); }
  void add(byte_sink& to, const log_line& l) override {
    time_.append(to, l.wall);
    const auto cell = [&](std::string_view text) {
      to.byte(',');
      add_cell(to, text);
    };
    cell(level_names[std::min<size_t>(l.level, levels_count - 1)]);
    cell(std::to_string(l.thread));
    cell(l.plugin());
    cell(l.tag());
    cell(l.file());
    cell(std::to_string(l.line()));
    text_.clear();
    l.append_text(text_);
    cell(as_text(text_.bytes()));
    if (l.of == nullptr || is_finished_text(*l.of)) {
      cell("{}");
    } else {
      arguments_.clear();
      append_cells(arguments_, l.values);
      cell(json_fields(*l.of, arguments_));
    }
    append(to, "\r\n");
  }

 private:
  time_text time_;
  byte_sink text_;
  std::vector<uint8_t> arguments_;
};

}  // namespace

char* time_text::put(char* to, int64_t wall) {
  auto since = static_cast<uint64_t>(wall) - static_cast<uint64_t>(second_begins_);
  if (since >= second_length || !second_known_) {
    const int64_t second = wall / second_length - (wall % second_length < 0 ? 1 : 0);
    const int64_t clamped = std::clamp(second, seconds_least, seconds_most);
    const int64_t ahead = local_ ? local_(wall) : 0;
    moment_text((clamped + ahead / second_length) * second_length).copy(text_.data(), text_.size());
    std::string ending = "Z";
    if (local_) {
      const int64_t minutes = std::abs(ahead) / (60 * second_length);
      char digits[5] = {'0', '0', ':', '0', '0'};
      put_digits(digits, static_cast<uint64_t>(minutes / 60 % 100), 2);
      put_digits(digits + 3, static_cast<uint64_t>(minutes % 60), 2);
      ending = (ahead < 0 ? "-" : "+") + std::string(digits, 5);
    }
    ending_size_ = ending.copy(ending_.data(), ending_.size());
    second_begins_ = second * second_length;
    since = static_cast<uint64_t>(wall) - static_cast<uint64_t>(second_begins_);
    second_known_ = true;
  }
  std::memcpy(to, text_.data(), text_.size());
  to += text_.size();
  const uint64_t micros = (eight_digits(since / 1000) | digit_zeros) >> 16;  // Two of eight are always 0.
  std::memcpy(to, &micros, 8);
  to += 6;
  std::memcpy(to, ending_.data(), ending_.size());
  return to + ending_size_;
}

std::unique_ptr<line_output> text_output(bool colours, zone local) { return std::make_unique<text_lines>(colours, std::move(local)); }
std::unique_ptr<line_output> json_output() { return std::make_unique<json_lines>(); }
std::unique_ptr<line_output> csv_output() { return std::make_unique<csv_lines>(); }

}  // namespace tharsis::xlog
