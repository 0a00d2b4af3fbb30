#include "plugins/xlog/core/record.h"

#include <algorithm>

#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

record record_of(const site& s, uint64_t thread, int64_t wall, std::span<const uint8_t> arguments) {
  return {wall,  std::min<uint32_t>(s.level, THARSIS_LOG_FATAL), thread, s.plugin, format_line(s.text, s.codes, arguments), s.tag, s.file,
          s.line};
}

tharsis_log_record shown(const record& r) {
  return {sizeof(tharsis_log_record), r.level, r.wall, r.thread, text_of(r.plugin), text_of(r.text), text_of(r.tag), text_of(r.file), r.line, 0};
}

}  // namespace tharsis::xlog
