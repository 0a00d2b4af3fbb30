#include "runtime/host_guard.h"

#include <utility>

namespace tharsis::runtime {

host_guard::host_guard(registry& services, std::string name, std::string interface_id)
    : registry_(services), name_(std::move(name)), id_(std::move(interface_id)) {}

// The registry's message is its own acknowledgement: it counts once it is freed.
void host_guard::attach(const send& to) {
  const auto hear = [to, self = shared_from_this()](std::function<void()> message) {
    to([self, message = std::move(message)] { self->change(message); });
  };
  registry_.add_consumer(name_, {id_}, hear, [](const std::string&, const void*) {});
  change({});
}

void host_guard::detach() {
  registry_.remove_consumer(name_);
  const std::lock_guard lock(mutex_);
  bound_ = false;
  table_ = nullptr;
  changes_.clear();
}

// Counted before the table is read: a change that hides the table afterwards sees the one inside.
const void* host_guard::enter() {
  ++inside_;
  const void* const table = table_;
  if (table == nullptr) leave();
  return table;
}

void host_guard::leave() {
  if (--inside_ == 0 && changing_) settle();
}

void host_guard::change(std::function<void()> acknowledgement) {
  {
    const std::lock_guard lock(mutex_);
    table_ = nullptr;
    changes_.push_back(std::move(acknowledgement));
    changing_ = true;
  }
  settle();
}

void host_guard::settle() {
  std::vector<std::function<void()>> acknowledged;  // Freed last: nobody holds the old table by then.
  const std::lock_guard lock(mutex_);
  if (inside_ != 0 || changes_.empty()) return;
  acknowledged.swap(changes_);
  changing_ = false;
  if (bound_) table_ = registry_.best(id_);
}

}  // namespace tharsis::runtime
