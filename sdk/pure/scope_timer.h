// Logs how long a scope took, at its end, whichever way it is left:
//
//   const scope_timer timer(log, "parse", [this] { return loop_.now(); });
#pragma once
#include <utility>

#include "sdk/pure/logger.h"
#include "sdk/pure/time.h"

namespace tharsis {

// `now()` answers an instant and does not throw; `what` and `log` must outlive it.
template <class Now>
class scope_timer {
 public:
  scope_timer(const logger& log, const char* what, Now now) : log_(log), what_(what), now_(std::move(now)), since_(now_()) {}
  scope_timer(const scope_timer&) = delete;
  ~scope_timer() { log_.debug("{what} took {time}", what_, now_() - since_); }

 private:
  const logger& log_;
  const char* const what_;
  Now now_;
  const instant since_;
};

}  // namespace tharsis
