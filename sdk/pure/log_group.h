// Several lines that belong together, as one record: nobody else's line comes between them. It is written when the
// group ends, at the level of its worst line.
//
//   log_group group(log);
//   group.add(THARSIS_LOG_INFO, "tried {} addresses:", all.size());
//   for (const auto& a : all) group.add(THARSIS_LOG_WARNING, "  {}: {}", a.name, a.failure);
#pragma once
#include <algorithm>
#include <string>

#include "sdk/pure/logger.h"

namespace tharsis {

class log_group {
 public:
  // `log` must outlive it.
  explicit log_group(const logger& log) : log_(log) {}
  log_group(const log_group&) = delete;
  ~log_group() { end(); }

  // Nothing below the level of `log`.
  template <class... A>
  void add(uint32_t level, std::type_identity_t<log_text<A...>> t, const A&... a) {
    if (!log_.logs(level)) return;
    if (!lines_.empty()) lines_ += '\n';
    lines_ += log_.in_words(t, a...);
    worst_ = std::max(worst_, level);
  }

  // Writes it now; what is added afterwards is another group.
  void end() noexcept {
    if (!lines_.empty()) log_.write(worst_, lines_);
    lines_.clear();
    worst_ = THARSIS_LOG_VERBOSE;
  }

 private:
  const logger& log_;
  std::string lines_;
  uint32_t worst_ = THARSIS_LOG_VERBOSE;
};

}  // namespace tharsis
