#include "plugins/xlog/core/reader.h"

#include <algorithm>

#include "sdk/pure/utf8.h"

namespace tharsis::xlog {
namespace {
constexpr size_t excerpt_max = 100;  // Enough to recognise a line, less than a terminal is wide twice.
}

void reader::on_bytes(std::string_view bytes) {
  bytes_.erase(0, taken_);
  searched_ -= taken_;
  taken_ = 0;
  bytes_ += bytes;
}

std::optional<reader::item> reader::take() {
  for (;;) {
    const size_t newline = bytes_.find('\n', std::max(searched_, taken_));
    const bool whole = newline != std::string::npos;
    const size_t end = whole ? newline : bytes_.size();
    const std::string_view line = std::string_view(bytes_).substr(taken_, end - taken_);
    searched_ = end;
    if (!whole && line.size() <= line_max && !(ended_ && !line.empty())) return {};
    taken_ = searched_ = whole ? end + 1 : end;
    if (too_long_) {  // The rest of a line that was reported.
      too_long_ = !whole;
      continue;
    }
    ++line_;
    too_long_ = !whole && !ended_;
    return item_of(line, whole);
  }
}

bool may_be_log(std::string_view bytes, bool whole) {
  reader lines;
  lines.on_bytes(bytes);
  if (whole) lines.on_end();
  size_t seen = 0;
  for (; const auto i = lines.take(); ++seen)
    if (!i->damage || i->damage->cut) return true;
  return seen == 0;
}

reader::item reader::item_of(std::string_view line, bool whole) {
  item i;
  i.line = line_;
  if (line.size() > line_max) {
    i.damage = line_damage{"longer than " + std::to_string(line_max) + " bytes", false};
  } else {
    i.damage = parse_line(line, i.value);
    if (!i.damage && !whole) i.damage = line_damage{"cut off before its end", true};
  }
  if (i.damage) i.excerpt = escaped(utf8_cut(line, excerpt_max)) + (line.size() > excerpt_max ? "..." : "");
  return i;
}

}  // namespace tharsis::xlog
