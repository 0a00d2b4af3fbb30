#include "plugins/xlog/core/mars_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/xlog/core/mars_line.h"
#include "plugins/xlog/core/settings.h"

namespace tharsis::xlog {
namespace {

// How what Mars says of itself begins, which is never a part of somebody's line.
constexpr std::array<std::string_view, 12> own_words = {
    "^^^^^^^^^^", "$$$$$$$$$$", "~~~~~ ", "get mmap time: ", "MARS_URL: ", "MARS_PATH: ", "MARS_REVISION: ", "MARS_BUILD_",
    "log appender mode:", "cache dir space info", "log dir space info", "[F][ "};
// Lines that are looked at for the time of one that has none.
constexpr int lines_ahead = 16;

bool is_of_mars_itself(std::string_view line) {
  return std::any_of(own_words.begin(), own_words.end(), [line](std::string_view word) { return line.starts_with(word); });
}

}  // namespace

void mars_text::begin() {
  left_.clear();
  taken_ = 0;
  open_.reset();
  is_line_ = doubted_ = ended_ = false;
}

// Without its newline. What is longer than any line may be comes in pieces.
std::optional<std::string_view> mars_text::next_line() {
  const std::string_view left = std::string_view(left_).substr(taken_);
  const size_t newline = left.find('\n');
  if (newline == std::string_view::npos && left.size() <= mars_line_max && (!ended_ || left.empty())) {
    left_.erase(0, taken_);
    taken_ = 0;
    return {};
  }
  const size_t size = std::min({newline, left.size(), mars_line_max});
  taken_ += size + (size == newline ? 1 : 0);
  return left.substr(0, size);
}

std::optional<record> mars_text::take() {
  while (const auto line = next_line()) {
    record next;
    const bool begins = parse_mars_line(*line, next);
    if (!begins && is_line_ && !is_of_mars_itself(*line)) {
      append_more(*line);
      continue;
    }
    if (!begins) {
      next = record();
      next.plugin = "mars";
      next.text = *line;
    }
    auto before = finish(begins ? next.wall : 0);
    if (begins && next.wall == 0) next.wall = last_wall_;
    if (begins) last_wall_ = next.wall;
    is_line_ = begins;
    if (begins || (!doubted_ && !line->empty())) open_ = std::move(next);
    if (before) return before;
  }
  return ended_ ? finish(0) : std::nullopt;
}

void mars_text::append_more(std::string_view line) {
  if (!open_ || doubted_ || open_->text.size() >= text_max) return;
  open_->text += '\n';
  open_->text += line.substr(0, text_max - std::min(text_max, open_->text.size()));
}

// What has no time is as old as what stood before it, or stands behind it.
std::optional<record> mars_text::finish(int64_t following) {
  if (!open_) return {};
  if (!is_line_) open_->wall = last_wall_ != 0 ? last_wall_ : following != 0 ? following : time_ahead();
  return std::exchange(open_, std::nullopt);
}

int64_t mars_text::time_ahead() const {
  std::string_view left = std::string_view(left_).substr(taken_);
  for (int lines = 0; lines < lines_ahead && !left.empty(); ++lines) {
    const size_t end = std::min(left.find('\n'), left.size());
    record r;
    if (parse_mars_line(left.substr(0, end), r)) return r.wall;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return 0;
}

}  // namespace tharsis::xlog
