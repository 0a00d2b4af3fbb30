#include "plugins/xlog/core/plain_reader.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/core/json_record.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/settings.h"

namespace tharsis::xlog {
namespace {

// More than any line of ours has: a text whose bytes are all escaped, once as text and once as fields of JSON.
constexpr size_t line_most = 16 * text_max;

// Why the line is none of ours.
std::optional<std::string> parse(std::string_view line, record& into) {
  if (line.starts_with('{')) return parse_json_line(line, into);
  const auto wrong = parse_line(line, into);
  return wrong ? std::optional(wrong->why) : std::nullopt;
}

}  // namespace

void plain_reader::on_bytes(std::string_view bytes) {
  bytes_.erase(0, taken_);
  offset_ += std::exchange(taken_, 0);
  bytes_ += bytes;
}

std::optional<plain_reader::item> plain_reader::take() {
  for (;;) {
    const std::string_view left = std::string_view(bytes_).substr(taken_);
    const size_t end = left.find('\n');
    const uint64_t at = offset_ + taken_;
    if (end == std::string_view::npos) {
      if (left.empty() || (!ended_ && left.size() < line_most)) return {};
      taken_ = bytes_.size();
      if (std::exchange(passes_, !ended_)) continue;
      if (ended_) return next_line(left, at);
      return item{{}, "byte " + std::to_string(at) + ": a line is longer than any of a log", false, false};
    }
    taken_ += end + 1;
    if (std::exchange(passes_, false) || end == 0) continue;
    return next_line(left.substr(0, end), at);
  }
}

std::optional<plain_reader::item> plain_reader::next_line(std::string_view line, uint64_t at) {
  item i;
  if (const auto wrong = parse(line, i.value)) i.damage = "byte " + std::to_string(at) + ": no line of a log: " + *wrong;
  return i;
}

bool may_be_plain(std::string_view bytes) {
  record ignored;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (!parse(bytes.substr(0, end), ignored)) return true;
    bytes.remove_prefix(std::min(end, bytes.size() - 1) + 1);
  }
  return false;
}

}  // namespace tharsis::xlog
