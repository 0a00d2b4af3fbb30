#include "plugins/xlog/core/mars_export.h"

#include "plugins/xlog/core/mars_line.h"

namespace tharsis::xlog {
namespace {

// A block has so much text, and then no more than one line's.
constexpr size_t block_text = 512 << 10;
static_assert(block_text + mars_line_max < mars_writer::text_max);

}  // namespace

error mars_export::add(std::string& to, const record& r, uint32_t process) {
  const int64_t ahead = local_ ? local_(r.wall) : 0;
  const unsigned hour = local_hour(r.wall, ahead);
  if (at_once_) {
    std::string line;
    append_mars_line(line, r, process, ahead);
    writer_.plain(to, line, hour);
    return fine();
  }
  if (text_.empty()) first_hour_ = hour;
  last_hour_ = hour;
  append_mars_line(text_, r, process, ahead);
  return text_.size() >= block_text ? end(to) : fine();
}

error mars_export::end(std::string& to) {
  if (text_.empty()) return fine();
  error failure = writer_.block(to, text_, first_hour_, last_hour_);
  text_.clear();
  return failure;
}

}  // namespace tharsis::xlog
