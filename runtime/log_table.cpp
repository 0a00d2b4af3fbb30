#include "runtime/log_table.h"

#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// As C sees it.
const volatile uint32_t* shown(const std::atomic<uint32_t>& word) {
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
  return reinterpret_cast<const volatile uint32_t*>(&word);
}

}  // namespace

log_table::log_table(log_hub& hub, metrics& counted, std::string name)
    : hub_(hub),
      name_(std::move(name)),
      texts_(counted.own<shared_counter>(name_, "log_texts", "1", "Lines that it logged as text; the sink counts those in its rings")),
      warnings_(counted.own<shared_counter>(name_, "log_text_warnings", "1", "Warnings among them")),
      errors_(counted.own<shared_counter>(name_, "log_text_errors", "1", "Errors among them")) {
  table_ = {sizeof table_, this, shown(hub.level_of(name_, "")), write, flush, shown(hub.generation()),
            ring,          site, room, wake, level_of, flush_now, is_secret};
}

void log_table::write(uint32_t level, std::string_view text) const {
  if (level >= hub_.level().load(std::memory_order_relaxed)) texts_.add();
  if (level == THARSIS_LOG_WARNING) warnings_.add();
  if (level >= THARSIS_LOG_ERROR) errors_.add();
  hub_.write(level, name_, text);
}

void log_table::write(void* self, uint32_t level, tharsis_text text) { of(self).write(level, view(text)); }

tharsis_status log_table::flush(void* self, tharsis_wake wake, void* context, tharsis_handle handle) {
  const log_table& mine = of(self);
  if (wake == nullptr) return THARSIS_E_INVALID;
  if (mine.strand_ == nullptr) return THARSIS_E_UNSUPPORTED;
  mine.hub_.flush(*mine.strand_->loop, mine.strand_->id, wake, context, handle);
  return THARSIS_OK;
}

tharsis_log_ring* log_table::ring(void* self) { return of(self).hub_.ring(); }
uint32_t log_table::site(void* self, const tharsis_log_site* site) {
  return site != nullptr ? of(self).hub_.site(of(self).name_, *site) : 0;
}
int32_t log_table::room(void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site) {
  return of(self).hub_.room(ring, bytes, site);
}
void log_table::wake(void* self) { of(self).hub_.wake_sink(); }
const volatile uint32_t* log_table::level_of(void* self, tharsis_text tag) {
  return shown(of(self).hub_.level_of(of(self).name_, view(tag)));
}
tharsis_status log_table::flush_now(void* self, int64_t most) { return of(self).hub_.flush_now(most); }
int32_t log_table::is_secret(void* self, tharsis_text field) { return of(self).hub_.is_secret(view(field)) ? 1 : 0; }

}  // namespace tharsis::runtime
