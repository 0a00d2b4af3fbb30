#include "sdk/async/strand.h"

namespace tharsis {
namespace {
constexpr uint32_t slot_of(strand::key k) { return static_cast<uint32_t>(k) - 1; }
constexpr uint32_t generation_of(strand::key k) { return static_cast<uint32_t>(k >> 32); }
}  // namespace

strand::key strand::arm(function f, void* context) {
  if (free_.empty()) {
    slots_.emplace_back();
    free_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  slots_[index].call = f;
  slots_[index].context = context;
  return static_cast<key>(slots_[index].generation) << 32 | (index + 1);
}

strand::key strand::arm(std::coroutine_handle<> waiter) {
  return arm([](void* frame) { std::coroutine_handle<>::from_address(frame).resume(); }, waiter.address());
}

void strand::disarm(key k) {
  if (k == 0) return;
  slot& s = slots_[slot_of(k)];
  if (s.generation != generation_of(k)) return;
  ++s.generation;
  s.call = nullptr;
  free_.push_back(slot_of(k));
}

void strand::ready(key k) {
  if (k == 0) return;
  ready_.push_back(k);
  if (!draining_) post_drain();
}

tharsis_handle strand::ready_at(instant when, key k) {
  tharsis_handle timer = 0;
  if (when != never) loop_->timer_set(loop_->self, nanoseconds(when), &strand::on_wake, this, k, &timer);
  return timer;
}

void strand::cancel_timer(tharsis_handle timer) {
  if (timer != 0) loop_->timer_cancel(loop_->self, timer);
}

void strand::on_wake(void* context, tharsis_handle handle) {
  auto* self = static_cast<strand*>(context);
  self->ready_.push_back(handle);
  self->drain();
}

void strand::fire(key k) {
  slot& s = slots_[slot_of(k)];
  if (s.generation != generation_of(k)) return;
  const function call = s.call;
  void* const argument = s.context;
  disarm(k);
  call(argument);
}

void strand::drain() {
  if (draining_) return;
  // Also when one throws: the others have their turn, since the plugin must be able to stop.
  struct turn {
    explicit turn(strand& s) : mine(s) { mine.draining_ = true; }
    turn(const turn&) = delete;
    ~turn() {
      mine.draining_ = false;
      if (!mine.ready_.empty()) mine.post_drain();
    }
    strand& mine;
  } const ends(*this);
  for (size_t n = 0; n < turn_max && !ready_.empty(); ++n) {
    const key k = ready_.front();
    ready_.pop_front();
    fire(k);
  }
}

void strand::post_drain() {
  if (posted_) return;
  posted_ = true;
  const auto wake = [](void* context, tharsis_handle) {
    auto* self = static_cast<strand*>(context);
    self->posted_ = false;
    self->drain();
  };
  if (loop_->post(loop_->self, 0, wake, this, 0) != THARSIS_OK) posted_ = false;
}

}  // namespace tharsis
