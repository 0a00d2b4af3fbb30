#include "plugins/stn/push_board.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {

push_board::push_board(strand& place, const host& tables, const link_names& links)
    : host_(tables),
      links_(links),
      open_(std::make_shared<open_numbers>(subscriptions_max)),
      inbox_(*tables.loop, &push_board::on_letter, this),
      outbox_(place) {}

tharsis_status push_board::subscribe(const tharsis_stn_push_filter* filter, tharsis_handle* id, tharsis_error* error) {
  if (filter == nullptr || !THARSIS_HAS(filter, context) || filter->on_push == nullptr)
    return fail(error, THARSIS_E_INVALID, "whoever subscribes to pushes needs an `on_push` that is called with them");
  if (filter->command_from > filter->command_to)
    return fail(error, THARSIS_E_INVALID, "the first command, " + std::to_string(filter->command_from) + ", is above the last, " + std::to_string(filter->command_to));
  const std::string link(view(filter->link));
  if (!link.empty() && links_.look(link) == nullptr)
    return fail(error, THARSIS_E_NOT_FOUND, "there is no link '" + link + "'; the profile names its links under stn.links");
  const tharsis_handle strand = host_.loop->current(host_.loop->self);
  if (strand == 0) return fail(error, THARSIS_E_INVALID, "pushes are subscribed to on a strand, where they can go");
  tharsis_handle number = 0;
  if (closing_) return fail(error, THARSIS_E_GONE, "stn is stopping");
  if (!open_->open(number)) return fail(error, THARSIS_E_BUSY, std::to_string(subscriptions_max) + " subscriptions are open already; end one with unsubscribe()");
  auto s = std::make_shared<subscription>();
  s->id = number;
  s->strand = strand;
  s->from = filter->command_from;
  s->to = filter->command_to;
  s->link = link;
  s->on_push = filter->on_push;
  s->context = filter->context;
  s->open = open_;
  if (id != nullptr) *id = number;
  inbox_.send({std::move(s)});
  return THARSIS_OK;
}

void push_board::unsubscribe(tharsis_handle id) {
  if (open_->close_if_open(id)) inbox_.send({});
}

void push_board::on_letter(void* context, letter l) {
  auto& self = *static_cast<push_board*>(context);
  if (l.add) self.all_.push_back(std::move(l.add));
  std::erase_if(self.all_, [&](const auto& s) { return !self.open_->has(s->id); });
}

void push_board::on_push(const std::string& link, const push& p) {
  std::shared_ptr<const message> made;
  for (const auto& s : all_) {
    if (!s->wants(link, p.command) || !open_->has(s->id)) continue;
    if (!made) made = std::make_shared<const message>(message{link, p});
    send(s, made);
  }
}

// Whose strand takes nothing holds nobody up but itself.
void push_board::send(const std::shared_ptr<subscription>& to, const std::shared_ptr<const message>& m) {
  const int64_t waiting = to->waiting.load(std::memory_order_relaxed), bytes = to->bytes.load(std::memory_order_relaxed);
  const auto size = static_cast<int64_t>(m->what.body.size());
  if (waiting >= pushes_waiting_max || (waiting > 0 && bytes + size > push_bytes_waiting_max)) {
    if (!std::exchange(to->told, true))
      host_.warning("a subscriber to pushes " + std::to_string(to->from) + " to " + std::to_string(to->to) + " has not taken " +
                    std::to_string(waiting) + " of them, of " + std::to_string(bytes) + " bytes; it gets no more until it does");
    return;
  }
  to->told = false;
  to->waiting.fetch_add(1, std::memory_order_relaxed);
  to->bytes.fetch_add(size, std::memory_order_relaxed);
  outbox_.send(to->strand, delivery(to, m));
}

void push_board::delivery::deliver() {
  to_->waiting.fetch_sub(1, std::memory_order_relaxed);
  to_->bytes.fetch_sub(static_cast<int64_t>(message_->what.body.size()), std::memory_order_relaxed);
  if (to_->open->has(to_->id)) to_->on_push(to_->context, text_of(message_->link), message_->what.command, bytes_of(message_->what.body));
}

void push_board::close() {
  closing_ = true;
  inbox_.drain();
  for (const auto& s : all_) open_->close_if_open(s->id);
  all_.clear();
}

}  // namespace tharsis::stn
