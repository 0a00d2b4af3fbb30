#include "runtime/log_hub.h"

#include <algorithm>
#include <new>

#include "sdk/pure/secret_names.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr size_t kept_max = 1024;    // The start of a runtime with twenty plugins, at debug level.
constexpr size_t levels_max = 4096;  // Tags are few, unless somebody makes them of what comes in; of overrides as well.

// Which hub this thread is inside of. A signal may come at any time, so it is set before a lock is taken.
thread_local const void* inside = nullptr;

// Another one for each sink of the process, whichever runtime's it is: a library remembers only one for each thread.
// Should two copies of this code be loaded, their places in memory set them apart.
uint32_t next_generation() {
  static std::atomic<uint32_t> turns{0};
  const auto place = static_cast<uint32_t>((reinterpret_cast<uintptr_t>(&turns) * 0x9e3779b97f4a7c15u) >> 32);
  for (;;)
    if (const uint32_t next = place + turns.fetch_add(1, std::memory_order_relaxed); next != 0) return next;
}

bool has_rings(const tharsis_log_sink& s) {
  return THARSIS_HAS(&s, close_rings) && s.ring != nullptr && s.site != nullptr && s.room != nullptr && s.wake != nullptr &&
         s.close_rings != nullptr;
}

}  // namespace

// The mutex, unless this thread has it already.
class log_hub::turn {
 public:
  explicit turn(log_hub& hub) : hub_(hub), outer_(inside) {
    if (!*this) return;
    inside = &hub_;
    lock_ = std::unique_lock(hub_.mutex_);
  }
  turn(const turn&) = delete;
  ~turn() {
    if (!*this) return;
    if (lock_) lock_.unlock();
    inside = outer_;
  }
  explicit operator bool() const { return outer_ != &hub_; }
  // While it is open the thread counts as inside still.
  std::unique_lock<std::mutex>& lock() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
  log_hub& hub_;
  const void* const outer_;
};

log_hub::log_hub(clock c, printer print, shared_counter dropped, printer hear)
    : clock_(std::move(c)), print_(std::move(print)), hear_(std::move(hear)), dropped_(dropped),
      forks_({[this] { hold(); }, [this] { let_go(); }, [this] { go_on_in_child(); }}) {}

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
  turn mine(*this);
  if (!mine) return dropped_.add();
  if (level < lowest_of(plugin)) return;
  if (sink_ != nullptr && !leaving_) return hand_on(record, mine);
  if (level >= THARSIS_LOG_WARNING && print) {
    if (forked_) print_unlocked((level >= THARSIS_LOG_ERROR ? "error: " : "warning: ") + std::string(plugin) + ": " + std::string(text) + "\n");
    else print(level, plugin, text);
  }
  kept_.push_back({record, std::string(plugin), std::string(text)});
  if (kept_.size() <= kept_max) return;
  kept_.pop_front();
  dropped_.add();
}

// Nothing is locked meanwhile: the sink may wait for somebody who logs, too. [mutex held]
void log_hub::hand_on(const tharsis_log_record& record, turn& mine) {
  const tharsis_log_sink* const sink = sink_;
  ++inside_sink_;
  mine.lock().unlock();
  sink->write(sink->self, &record);
  mine.lock().lock();
  if (inside_sink_ > 0 && --inside_sink_ == 0) sink_left_.notify_all();
}

void log_hub::set_sink(const tharsis_log_sink* sink) {
  {
    const turn mine(*this);
    leaving_ = true;  // What comes from now on waits for the next one.
  }
  close_rings();
  {
    const std::unique_lock nobody_asks(gate_);
    knows_secrets_ = sink != nullptr && THARSIS_HAS(sink, is_secret) && sink->is_secret != nullptr ? sink : nullptr;
  }
  turn mine(*this);
  sink_left_.wait(mine.lock(), [this] { return inside_sink_ == 0; });
  sink_ = sink;
  leaving_ = false;
  take_levels();
  if (sink == nullptr) return;
  for (kept& k : kept_) {
    if (k.record.level < lowest_of(k.plugin)) continue;
    k.record.plugin = text_of(k.plugin);
    k.record.text = text_of(k.text);
    sink->write(sink->self, &k.record);
  }
  kept_.clear();
  if (hear_ || !has_rings(*sink)) return;
  rings_.store(sink, std::memory_order_release);
  generation_.store(next_generation(), std::memory_order_release);
}

// Who is in ring() or site() is waited for here; who is inside a line, and may still ask for room, by the sink.
void log_hub::close_rings() {
  const tharsis_log_sink* const closing = rings_.load(std::memory_order_acquire);
  if (closing == nullptr) return;
  {
    const std::unique_lock nobody_asks(gate_);
    generation_.store(0);
  }
  closing->close_rings(closing->self);
  const std::unique_lock nobody_flushes(flush_gate_);
  const std::unique_lock nobody_asks(gate_);
  rings_.store(nullptr);
}

tharsis_log_ring* log_hub::ring() {
  const std::shared_lock asks(gate_, std::try_to_lock);  // Held by others only while there are no rings.
  if (!asks || generation_.load(std::memory_order_relaxed) == 0) return nullptr;
  const tharsis_log_sink* const sink = rings_.load(std::memory_order_relaxed);
  return sink->ring(sink->self);
}

uint32_t log_hub::site(std::string_view plugin, const tharsis_log_site& site) {
  const std::shared_lock asks(gate_, std::try_to_lock);
  const tharsis_log_sink* const sink = asks ? rings_.load(std::memory_order_relaxed) : nullptr;
  return sink != nullptr ? sink->site(sink->self, text_of(plugin), &site) : 0;
}

const std::atomic<uint32_t>& log_hub::level_of(std::string_view plugin, std::string_view tag) {
  const turn mine(*this);
  if (!mine) return level_;
  const auto found = levels_.find(seen_name(plugin, tag));
  if (found != levels_.end()) return found->second;
  if (levels_.size() >= levels_max) return level_;
  const uint32_t now = level_now(plugin, tag);
  level_.store(std::min(now, level_.load(std::memory_order_relaxed)), std::memory_order_relaxed);
  return levels_.try_emplace(name(plugin, tag), now).first->second;
}

bool log_hub::override_levels(const std::vector<level_change>& changes) {
  const turn mine(*this);
  if (!mine || overrides_.size() + changes.size() > levels_max) return false;
  for (const level_change& c : changes) {
    if (c.level) overrides_.insert_or_assign(name(c.plugin, c.tag), *c.level);
    else overrides_.erase(name(c.plugin, c.tag));
  }
  take_levels();
  return true;
}

std::vector<log_hub::known_level> log_hub::known_levels() {
  const turn mine(*this);
  std::vector<known_level> all;
  if (!mine) return all;
  for (const auto& [of, level] : levels_)
    all.push_back({of.first, of.second, level.load(std::memory_order_relaxed), override_of(of.first, of.second) != nullptr});
  for (const auto& [of, level] : overrides_)
    if (!levels_.contains(of)) all.push_back({of.first, of.second, level, true});
  std::sort(all.begin(), all.end(), [](const known_level& a, const known_level& b) {
    return seen_name(a.plugin, a.tag) < seen_name(b.plugin, b.tag);
  });
  return all;
}

void log_hub::reread_level() {
  const turn mine(*this);
  take_levels();
}

// [mutex held]
void log_hub::take_levels() {
  untagged_ = sink_ != nullptr ? sink_->level(sink_->self) : static_cast<uint32_t>(THARSIS_LOG_DEBUG);
  uint32_t lowest = untagged_;
  for (auto& [of, level] : levels_) {
    const uint32_t now = level_now(of.first, of.second);
    level.store(now, std::memory_order_relaxed);
    lowest = std::min(lowest, now);
  }
  for (const auto& [of, level] : overrides_) lowest = std::min(lowest, level);
  level_.store(lowest, std::memory_order_relaxed);
}

// [mutex held]
uint32_t log_hub::level_now(std::string_view plugin, std::string_view tag) const {
  if (const uint32_t* const over = override_of(plugin, tag)) return *over;
  if (sink_ == nullptr || !THARSIS_HAS(sink_, level_of) || sink_->level_of == nullptr) return untagged_;
  return sink_->level_of(sink_->self, text_of(plugin), text_of(tag));
}

// [mutex held]
const uint32_t* log_hub::override_of(std::string_view plugin, std::string_view tag) const {
  for (const std::string_view of : {tag, std::string_view()})
    if (const auto found = overrides_.find(seen_name(plugin, of)); found != overrides_.end()) return &found->second;
  return nullptr;
}

// Finished text does not say of which tag it is. [mutex held]
uint32_t log_hub::lowest_of(std::string_view plugin) const {
  auto i = levels_.lower_bound(seen_name(plugin, {}));
  if (i == levels_.end() || i->first.first != plugin) return level_now(plugin, {});
  uint32_t lowest = THARSIS_LOG_OFF;
  for (; i != levels_.end() && i->first.first == plugin; ++i) lowest = std::min(lowest, i->second.load(std::memory_order_relaxed));
  return lowest;
}

// So that no other thread is amid a change of what the child goes on with.
void log_hub::hold() {
  if (inside == this) return;  // A sink, or a signal that came while this thread was in here.
  outside_fork_ = std::exchange(inside, this);
  mutex_.lock();
  held_for_fork_ = true;
}

void log_hub::let_go() {
  if (!std::exchange(held_for_fork_, false)) return;
  mutex_.unlock();
  inside = outside_fork_;
}

// The sink's threads and memory are the parent's. Who shared the gate is not here any more.
void log_hub::go_on_in_child() {
  new (&gate_) std::shared_mutex;
  sink_ = nullptr;
  rings_ = nullptr;
  generation_ = 0;
  inside_sink_ = 0;
  new (&sink_left_) std::condition_variable;
  leaving_ = false;
  forked_ = true;
  kept_.clear();  // They are the parent's to hand on.
  let_go();
}

void log_hub::flush(const tharsis_loop& loop, tharsis_handle strand, tharsis_wake wake, void* context,
                    tharsis_handle handle) {
  const turn mine(*this);
  if (mine && sink_ != nullptr) return sink_->flush(sink_->self, strand, wake, context, handle);
  loop.post(loop.self, strand, wake, context, handle);
}

// The sink stays while its gate is shared; one that closes its rings ends the wait.
tharsis_status log_hub::flush_now(int64_t most) {
  const std::shared_lock flushes(flush_gate_, std::try_to_lock);
  const tharsis_log_sink* const sink = flushes && generation_ != 0 ? rings_.load() : nullptr;
  if (sink == nullptr) return THARSIS_E_NOT_FOUND;
  return THARSIS_HAS(sink, flush_now) && sink->flush_now != nullptr ? sink->flush_now(sink->self, most) : THARSIS_E_UNSUPPORTED;
}

bool log_hub::is_secret(std::string_view field) {
  const std::shared_lock asks(gate_, std::try_to_lock);
  const tharsis_log_sink* const sink = asks ? knows_secrets_ : nullptr;
  return sink != nullptr ? sink->is_secret(sink->self, text_of(field)) != 0 : is_secret_name(field, usual_secrets);
}

}  // namespace tharsis::runtime
