#include "runtime/log_hub.h"

#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {
constexpr size_t kept_max = 1024;  // The start of a runtime with twenty plugins, at debug level.
}

void log_hub::write(uint32_t level, std::string_view plugin, std::string_view text, const printer& print) {
  if (level < level_.load(std::memory_order_relaxed)) return;
  if (hear_) hear_(level, plugin, text);
  tharsis_log_record record{};
  record.size = sizeof record;
  record.level = level;
  record.wall = clock_.wall();
  record.thread = clock_.thread();
  record.plugin = text_of(plugin);
  record.text = text_of(text);
  const std::lock_guard lock(mutex_);
  if (sink_ != nullptr) return sink_->write(sink_->self, &record);
  if (level >= THARSIS_LOG_WARNING && print) print(level, plugin, text);
  kept_.push_back({record, std::string(plugin), std::string(text)});
  if (kept_.size() <= kept_max) return;
  kept_.pop_front();
  dropped_.add();
}

void log_hub::set_sink(const tharsis_log_sink* sink) {
  const std::lock_guard lock(mutex_);
  sink_ = sink;
  if (sink == nullptr) {
    level_.store(THARSIS_LOG_DEBUG, std::memory_order_relaxed);
    return;
  }
  level_.store(sink->level(sink->self), std::memory_order_relaxed);
  for (kept& k : kept_) {
    k.record.plugin = text_of(k.plugin);
    k.record.text = text_of(k.text);
    sink->write(sink->self, &k.record);
  }
  kept_.clear();
}

void log_hub::reread_level() {
  const std::lock_guard lock(mutex_);
  if (sink_ != nullptr) level_.store(sink_->level(sink_->self), std::memory_order_relaxed);
}

void log_hub::flush(const tharsis_loop& loop, tharsis_handle strand, tharsis_wake wake, void* context,
                    tharsis_handle handle) {
  const std::lock_guard lock(mutex_);
  if (sink_ != nullptr) return sink_->flush(sink_->self, strand, wake, context, handle);
  loop.post(loop.self, strand, wake, context, handle);
}

}  // namespace tharsis::runtime
