#include "runtime/host_inbox.h"

#include "runtime/bus_payload.h"

namespace tharsis::runtime {
namespace {
constexpr const char* owner = "(host)";
}

host_inbox::~host_inbox() {
  if (id_ != 0) bus_.unsubscribe(owner, id_);
}

tharsis_status host_inbox::open(const std::string& pattern, uint32_t policy, uint32_t depth, tharsis_error* error) {
  return bus_.subscribe(owner, pattern, policy, depth, [this](bool waiting) { wake_.note_inbox(waiting); }, &id_, error);
}

const tharsis_event* host_inbox::next() {
  last_ = bus_.take(id_);
  return last_ ? &last_->event : nullptr;
}

std::string_view host_inbox::next_json() {
  const tharsis_event* const event = next();
  json_ = event == nullptr ? std::string() : event_json(*event);
  return json_;
}

}  // namespace tharsis::runtime
