// Lines for the person in front of the runtime, as they come: a tap that prints them.
#pragma once
#include <string>

#include "plugins/xlog/intake.h"
#include "sdk/abi/console.h"

namespace tharsis::xlog {

// With the newline: time (UTC), level, plugin and tag, text. Nothing that a terminal would obey but our own colours.
std::string console_line(const tharsis_log_record& r, bool colours);

class console_sink {
 public:
  // `console` may be null: nobody is there.
  console_sink(const tharsis_console* console, intake& lines);
  ~console_sink() { show(THARSIS_LOG_OFF, 0); }
  console_sink(const console_sink&) = delete;

  // From now on those of this level and worse. `wall`: of now; of lines before it the host has printed warnings and
  // worse itself. [own strand, once the intake is open]
  void show(uint32_t level, int64_t wall);
  bool shows(uint32_t level) const { return tap_ != 0 && level >= level_; }

 private:
  static int32_t on_line(void* context, const tharsis_log_record* r);

  const tharsis_console* const console_;
  intake& lines_;
  bool colours_ = false;
  uint32_t level_ = THARSIS_LOG_OFF;
  int64_t since_ = 0;
  tharsis_handle tap_ = 0;
};

}  // namespace tharsis::xlog
