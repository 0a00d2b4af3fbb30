#include "plugins/xlog/core/record.h"

#include <algorithm>

#include "plugins/xlog/core/log_line.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

record record_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments) {
  return {wall,  std::min<uint32_t>(s.level, THARSIS_LOG_FATAL), thread, s.plugin, format_line(s.text, s.codes, arguments), s.tag, s.file,
          s.line};
}

record record_of(const log_line& l) {
  record r = l.of == nullptr ? *l.said : record{l.wall, l.level, l.thread, l.of->plugin, {}, l.of->tag, l.of->file, l.of->line};
  if (l.of == nullptr) return r;
  byte_sink text;
  l.format->append_text(text, l.values);
  r.text = as_text(text.bytes());
  return r;
}

tharsis_log_record shown(const record& r) {
  return {sizeof(tharsis_log_record), r.level, r.wall, r.thread, text_of(r.plugin), text_of(r.text), text_of(r.tag), text_of(r.file), r.line, 0};
}

}  // namespace tharsis::xlog
