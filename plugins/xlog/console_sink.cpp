#include "plugins/xlog/console_sink.h"

#include <algorithm>

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/line.h"
#include "sdk/pure/utc.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t level_width = 7;  // "verbose" and "warning".

bool wants_colours(const tharsis_console* console) {
  return console != nullptr && THARSIS_HAS(console, complaint_colours) && console->complaint_colours != nullptr &&
         console->complaint_colours(console->self) != 0;
}

}  // namespace

std::string console_line(const tharsis_log_record& r, bool colours) {
  const uint32_t level = std::min<uint32_t>(r.level, THARSIS_LOG_FATAL);
  const std::string_view colour = colours ? level_colours[level] : std::string_view();
  std::string line = moment_text(r.wall).substr(utc_date_size);
  line += ' ';
  line += colour;
  line += level_names[level];
  if (!colour.empty()) line += colours_end;
  line.append(level_width - level_names[level].size() + 1, ' ');
  append_origin(line, view(r.plugin), view(r.tag));
  line += ' ';
  line += escaped(view(r.text));
  line += '\n';
  return line;
}

console_sink::console_sink(const tharsis_console* console, intake& lines)
    : console_(console), lines_(lines), colours_(wants_colours(console)) {}

void console_sink::show(uint32_t level, int64_t wall) {
  if (tap_ != 0) lines_.listeners().close(tap_);
  tap_ = 0;
  level_ = level;
  since_ = wall;
  if (console_ == nullptr || level >= THARSIS_LOG_OFF) return;
  const tharsis_log_filter wanted = {sizeof wanted, level, {}, {}, {}};
  tap_ = lines_.open_tap(&wanted, false, on_line, this);
}

int32_t console_sink::on_line(void* context, const tharsis_log_record* r) {
  const auto& self = *static_cast<const console_sink*>(context);
  const bool printed = r->level >= THARSIS_LOG_WARNING && r->wall < self.since_;
  if (!printed) self.console_->complain(self.console_->self, text_of(console_line(*r, self.colours_)));
  return 1;
}

}  // namespace tharsis::xlog
