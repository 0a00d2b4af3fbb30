#include "plugins/stn/outbox_callers.h"

#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::stn {

tharsis_status outbox_callers::adopt(const tharsis_stn_adopter& adopter, tharsis_handle* adoption, tharsis_error* error) {
  if (adopter.told == nullptr) return fail(error, THARSIS_E_INVALID, "an adopter needs a `told` that is called with the answers");
  auto to = std::make_shared<outbox_taker>();
  to->id = takers_.fetch_add(1, std::memory_order_relaxed) + 1;
  to->command = adopter.command;
  to->user = view(adopter.user);
  to->context = adopter.context;
  to->found = adopter.found;
  to->told = adopter.told;
  to->released = adopter.released;
  if (adoption != nullptr) *adoption = to->id;  // Before anything is told on another thread.
  return send_taker(task_letter::kind::adopt, std::move(to), error);
}

tharsis_status outbox_callers::list(void (*visit)(void*, const tharsis_stn_entry*), void* context, tharsis_error* error) {
  auto to = std::make_shared<outbox_taker>();
  to->context = context;
  to->found = visit;
  return send_taker(task_letter::kind::list, std::move(to), error);
}

tharsis_status outbox_callers::send_taker(task_letter::kind what, std::shared_ptr<outbox_taker> to, tharsis_error* error) {
  if (!there_) return fail(error, THARSIS_E_UNSUPPORTED, "there is no outbox for durable tasks; set outbox.use: on");
  to->strand = host_.loop->current(host_.loop->self);
  if (to->strand == 0) return fail(error, THARSIS_E_INVALID, "this is called on a strand, where the answers can go");
  task_letter l;
  l.what = what;
  l.taker = std::move(to);
  if (!stopping_ && tasks_->home().send(std::move(l))) return THARSIS_OK;
  return fail(error, THARSIS_E_GONE, "stn has stopped");
}

void outbox_callers::say(task_letter::kind what, uint64_t entry) {
  task_letter l;
  l.what = what;
  l.id = entry;
  tasks_->home().send(std::move(l));
}

}  // namespace tharsis::stn
