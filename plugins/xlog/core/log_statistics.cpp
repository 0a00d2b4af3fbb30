#include "plugins/xlog/core/log_statistics.h"

#include <algorithm>
#include <vector>

#include "plugins/xlog/core/line.h"
#include "sdk/pure/json.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

constexpr size_t stretches_max = 2048;
constexpr size_t rows_shown = 24;     // As many as a terminal has without scrolling.
constexpr size_t columns_shown = 50;
constexpr size_t names_shown = 10;
constexpr size_t names_max = 100'000;  // What is more is counted together.

int64_t floor_of(int64_t value, int64_t unit) { return value / unit - (value % unit < 0 ? 1 : 0); }

uint64_t sum_of(const std::array<uint64_t, levels_count>& of) {
  uint64_t sum = 0;
  for (const uint64_t n : of) sum += n;
  return sum;
}

std::vector<std::pair<std::string_view, uint64_t>> most(const std::map<std::string, uint64_t, std::less<>>& of) {
  std::vector<std::pair<std::string_view, uint64_t>> all(of.begin(), of.end());
  const size_t n = std::min(all.size(), names_shown);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n), all.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  all.resize(n);
  return all;
}

std::string right(const std::string& text, size_t width) { return std::string(width - std::min(width, text.size()), ' ') + text; }

std::string with_two_decimals(double value) {
  const auto hundredths = static_cast<uint64_t>(value * 100 + 0.5);
  return std::to_string(hundredths / 100) + "." + std::to_string(hundredths / 10 % 10) + std::to_string(hundredths % 10);
}

}  // namespace

uint64_t* log_statistics::counter(names& in, const std::string& name) {
  return &in[in.size() < names_max || in.contains(name) ? name : "(others)"];
}

log_statistics::counters log_statistics::counters_of(const site& s) {
  counters c{s, counter(plugins_, s.plugin)};
  if (!s.tag.empty()) c.tag = counter(tags_, s.plugin + "/" + s.tag);
  if (!s.file.empty()) c.place = counter(sites_, s.file + ":" + std::to_string(s.line) + "  " + s.text);
  return c;
}

log_statistics::by_level& log_statistics::stretch_of(int64_t wall) {
  const int64_t at = floor_of(wall, width_);
  if (stretch_ != nullptr && stretch_at_ == at) return *stretch_;
  times_[at];
  while (times_.size() > stretches_max) {
    width_ *= 2;
    std::map<int64_t, by_level> wider;
    for (const auto& [number, counts] : times_)
      for (size_t i = 0; i < counts.size(); ++i) wider[floor_of(number, 2)][i] += counts[i];
    times_ = std::move(wider);
  }
  stretch_at_ = floor_of(wall, width_);
  stretch_ = &times_[stretch_at_];
  return *stretch_;
}

void log_statistics::add(const log_line& l) {
  first_ = lines_ == 0 ? l.wall : std::min(first_, l.wall);
  last_ = lines_ == 0 ? l.wall : std::max(last_, l.wall);
  ++lines_;
  const size_t level = std::min<size_t>(l.level, levels_count - 1);
  ++levels_[level];
  ++stretch_of(l.wall)[level];
  if (l.of == nullptr) {
    ++*counter(plugins_, l.said->plugin);
    return;
  }
  counters& c = known_[l.of];
  if (c.plugin == nullptr || c.of != *l.of) c = counters_of(*l.of);
  ++*c.plugin;
  if (c.tag != nullptr) ++*c.tag;
  if (c.place != nullptr) ++*c.place;
}

// Rows of equal length in time, each a bar in the levels' letters, the worst first.
std::string log_statistics::histogram(bool colours) const {
  const int64_t begin = times_.begin()->first, stretches = times_.rbegin()->first - begin + 1;
  const int64_t each = (stretches + static_cast<int64_t>(rows_shown) - 1) / static_cast<int64_t>(rows_shown);
  std::vector<by_level> rows(static_cast<size_t>((stretches + each - 1) / each));
  for (const auto& [number, counts] : times_)
    for (size_t i = 0; i < counts.size(); ++i) rows[static_cast<size_t>((number - begin) / each)][i] += counts[i];
  uint64_t highest = 1;
  for (const by_level& row : rows) highest = std::max(highest, sum_of(row));
  std::string text;
  for (size_t at = 0; at < rows.size(); ++at) {
    text += moment_text((begin + static_cast<int64_t>(at) * each) * width_).substr(0, 19) + right(std::to_string(sum_of(rows[at])), 11) + " ";
    for (size_t level = levels_count; level-- > 0;) {
      const uint64_t n = rows[at][level];
      const size_t wide = n == 0 ? 0 : std::max<size_t>(1, static_cast<size_t>(static_cast<double>(n) * columns_shown / static_cast<double>(highest) + 0.5));
      if (wide == 0) continue;
      if (colours) text += level_colours[level];
      text.append(wide, level_letters[level]);
      if (colours) text += colours_end;
    }
    text += '\n';
  }
  return text;
}

std::string log_statistics::top(const std::string& title, const names& of) const {
  if (of.empty()) return {};
  std::string text = "\n" + title + "\n";
  for (const auto& [name, n] : most(of)) text += right(std::to_string(n), 11) + "  " + escaped(name) + "\n";
  return text;
}

std::string log_statistics::text(uint64_t bytes, bool colours) const {
  if (lines_ == 0) return "no lines\n";
  std::string text = std::to_string(lines_) + " lines from " + moment_text(first_) + " to " + moment_text(last_) + "\n";
  text += std::to_string(bytes) + " bytes in files, " + with_two_decimals(static_cast<double>(bytes) / static_cast<double>(lines_)) + " a line\n";
  for (size_t level = levels_count; level-- > 0;)
    if (levels_[level] > 0) text += right(std::to_string(levels_[level]), 11) + "  " + std::string(level_names[level]) + "\n";
  return text + "\n" + histogram(colours) + top("plugins", plugins_) + top("tags", tags_) + top("places", sites_);
}

std::string log_statistics::json(uint64_t bytes) const {
  json_object levels;
  for (size_t level = 0; level < levels_count; ++level) levels.add(level_names[level], levels_[level]);
  const auto list = [](const names& of) {
    json_object o;
    for (const auto& [name, n] : most(of)) o.add(name, n);
    return o.text();
  };
  std::string times;
  for (const auto& [number, counts] : times_) {
    json_object o;
    o.add("time", moment_text(number * width_));
    for (size_t level = 0; level < levels_count; ++level)
      if (counts[level] > 0) o.add(level_names[level], counts[level]);
    times += (times.empty() ? "" : ",") + o.text();
  }
  json_object all;
  all.add("lines", lines_).add("bytes", bytes);
  if (lines_ > 0) all.add("first", moment_text(first_)).add("last", moment_text(last_));
  return all.add("seconds_each", width_ / 1'000'000'000).add_raw("levels", levels.text()).add_raw("times", "[" + times + "]").add_raw("plugins", list(plugins_))
      .add_raw("tags", list(tags_)).add_raw("places", list(sites_)).text();
}

}  // namespace tharsis::xlog
