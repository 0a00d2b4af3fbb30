#include "runtime/bus_inline.h"

namespace tharsis::runtime {

tharsis_status inline_topic::usable() const {
  if (gone.load(std::memory_order_acquire)) return THARSIS_E_GONE;
  if (!clock_.here()) return THARSIS_E_INVALID;
  return walking_ && nested_.size() == nested_max ? THARSIS_E_BUSY : THARSIS_OK;
}

void inline_topic::add(tharsis_on_event on_event, void* context, ended_flag ended) {
  auto longer = std::make_unique<list>(*list_);
  longer->listeners.push_back({on_event, context});
  longer->flags.push_back(std::move(ended));
  replace(std::move(longer));
}

void inline_topic::remove(const std::atomic<bool>* ended) {
  auto shorter = std::make_unique<list>();
  for (size_t i = 0; i < list_->flags.size(); ++i) {
    if (list_->flags[i].get() == ended) continue;
    shorter->listeners.push_back(list_->listeners[i]);
    shorter->flags.push_back(list_->flags[i]);
  }
  replace(std::move(shorter));
}

void inline_topic::replace(std::unique_ptr<const list> with) {
  list_.swap(with);
  if (walking_) walked_.push_back(std::move(with));
}

void inline_topic::tell(const void* payload) {
  ++sequence_;
  published_.add();
  if (walking_) return nested_.push_back(pool_.make(*facts_, payload, sequence_, clock_.wall()));
  const at_end over{*this};
  walking_ = true;
  walk({sizeof(tharsis_event), 0, facts_, sequence_, clock_.wall(), payload});
  for (; !nested_.empty(); nested_.pop_front()) {
    const event_ref& next = nested_.front();
    walk({sizeof(tharsis_event), 0, facts_, next->sequence, next->wall, next->payload()});
  }
}

inline_topic::at_end::~at_end() {
  of.walking_ = false;
  if (!of.nested_.empty()) of.nested_.clear();
  if (!of.walked_.empty()) of.walked_.clear();
}

void inline_topic::walk(const tharsis_event& event) {
  const list& all = *list_;
  const size_t size = all.listeners.size();
  size_t i = 0;
  // As long as nothing changes nobody has ended.
  for (; i < size && list_.get() == &all; ++i) all.listeners[i].on_event(all.listeners[i].context, &event);
  for (; i < size; ++i)
    if (!*all.flags[i]) all.listeners[i].on_event(all.listeners[i].context, &event);
}

}  // namespace tharsis::runtime
