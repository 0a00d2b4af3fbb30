#include "plugins/stn/outbox_delivery.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {

shown_entry::shown_entry(uint64_t n, const outbox_book::entry& e, instant now)
    : number(n), sends(e.sends), answered(e.answer.has_value()), bytes(static_cast<uint64_t>(e.size)), put(e.put_at),
      left(e.deadline > now ? e.deadline - now : duration{}) {
  task.command = e.task.command;
  task.order = e.task.order;
  task.link = e.task.link;
  task.user = e.task.user;
  task.key = e.task.key;
}

tharsis_stn_entry shown_entry::view() const {
  return {sizeof(tharsis_stn_entry), uint32_t{answered ? THARSIS_STN_ENTRY_ANSWERED : THARSIS_STN_ENTRY_WAITING}, number,
          task.command, sends, bytes_of(task.key), text_of(task.link), text_of(task.user), task.order, bytes, put, left.count()};
}

outbox_delivery::outbox_delivery(std::shared_ptr<const outbox_taker> to, shown_entry e, std::optional<kept_answer> a,
                                 std::shared_ptr<open_tasks> tasks)
    : what_(kind::entry), to_(std::move(to)), answer_(std::move(a)), tasks_(std::move(tasks)) {
  entries_.push_back(std::move(e));
}

outbox_delivery::outbox_delivery(std::shared_ptr<const outbox_taker> to, std::vector<shown_entry> all)
    : what_(kind::list), to_(std::move(to)), entries_(std::move(all)) {}

outbox_delivery::outbox_delivery(std::shared_ptr<const outbox_taker> to) : what_(kind::released), to_(std::move(to)) {}

outbox_delivery::outbox_delivery(void* context, tharsis_stn_on_disk on_disk, tharsis_handle task, uint64_t entry)
    : what_(kind::on_disk), context_(context), on_disk_(on_disk), task_(task), number_(entry) {}

outbox_delivery::~outbox_delivery() {
  if (tasks_ == nullptr) return;
  task_letter l;
  l.what = task_letter::kind::release;
  l.id = to_->id;
  tasks_->home().send(std::move(l));
}

void outbox_delivery::deliver() {
  tasks_.reset();
  switch (what_) {
    case kind::entry: return tell_entry();
    case kind::list:
      for (const shown_entry& e : entries_) {
        const tharsis_stn_entry shown = e.view();
        to_->found(to_->context, &shown);
      }
      return to_->found(to_->context, nullptr);
    case kind::released:
      if (to_->released != nullptr) to_->released(to_->context);
      return;
    case kind::on_disk: return on_disk_(context_, task_, number_);
  }
}

void outbox_delivery::tell_entry() const {
  const tharsis_stn_entry shown = entries_.front().view();
  if (!answer_) {
    if (to_->found != nullptr) to_->found(to_->context, &shown);
    return;
  }
  const tharsis_stn_times times{sizeof times, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const tharsis_stn_result result{sizeof result, answer_->status, answer_->sends, answer_->why, bytes_of(answer_->body),
                                  text_of(answer_->reason), &times, 0, 0, answer_->http_status, 0, shown.entry};
  to_->told(to_->context, &shown, &result);
}

}  // namespace tharsis::stn
