#include "plugins/stn/task_delivery.h"

#include "sdk/pure/views.h"

namespace tharsis::stn {

void tell_end(const request& r, tharsis_status status, uint32_t why, std::span<const uint8_t> body, std::string_view reason,
              int32_t code) {
  const task_times& t = r.times;
  const tharsis_stn_times times{sizeof times, 0, t.queued.count(), t.resolve.count(), t.connect.count(), t.tls.count(),
                                t.prove.count(), t.first_byte.count(), t.rest.count(), t.lost.count()};
  const tharsis_stn_result result{sizeof result, status, r.sends, why, bytes_of(body), text_of(reason), &times, code, r.connection,
                                  r.http.status, 0, r.entry};
  r.from.done(r.from.context, r.id, &result);
}

result<std::vector<uint8_t>> encoded(const encode_wish& wish, const std::string& link_name) {
  const tharsis_stn_turn turn{sizeof turn, wish.sends, wish.connection, 0, text_of(link_name)};
  std::vector<uint8_t> body(encode_room);
  for (;;) {
    const int64_t size = wish.from.encode(wish.from.context, wish.id, &turn, body.data(), body.size());
    if (size < 0) {
      const auto status = static_cast<tharsis_status>(size);
      return error{status, "the request was not made: its `encode` answered " + std::string(status_name(status))};
    }
    if (size > encode_max)
      return error{THARSIS_E_INVALID, "the request's `encode` wants " + std::to_string(size) + " bytes; at most " +
                                          std::to_string(encode_max) + " are allowed"};
    const bool whole = static_cast<size_t>(size) <= body.size();
    body.resize(static_cast<size_t>(size));
    if (whole) return body;
  }
}

task_delivery::task_delivery(answer a)
    : of_(std::move(a.of)), status_(a.status), why_(a.why), code_(a.code), body_(a.body.begin(), a.body.end()), reason_(std::move(a.reason)) {}

task_delivery::task_delivery(answer a, std::shared_ptr<open_tasks> tasks) : task_delivery(std::move(a)) { outbox_ = std::move(tasks); }

task_delivery::task_delivery(answer a, size_t link, std::shared_ptr<open_tasks> tasks) : task_delivery(std::move(a)) {
  link_ = link;
  tasks_ = std::move(tasks);
}

task_delivery::task_delivery(const encode_wish& wish, std::string link_name, size_t link, std::shared_ptr<open_tasks> tasks)
    : reason_(std::move(link_name)), wish_(wish), link_(link), tasks_(std::move(tasks)) {}

task_delivery::~task_delivery() {
  if (of_ != nullptr && outbox_ != nullptr) {
    task_letter l;
    l.what = task_letter::kind::unheard;
    l.id = of_->entry;
    outbox_->home().send(std::move(l));
  }
  if (of_ == nullptr || tasks_ == nullptr) return;
  tasks_->close(of_->id);
  task_letter l{task_letter::kind::ended, link_, of_->id, std::move(of_), THARSIS_STN_CANCELLED, THARSIS_E_CANCELLED};
  tasks_->home().send(std::move(l));
}

void task_delivery::deliver() {
  if (of_ == nullptr) return ask();
  outbox_.reset();
  if (tasks_ == nullptr) return tell_end(*of_, status_, why_, body_, reason_, code_);
  judge();
}

void task_delivery::judge() {
  int32_t code = 0;
  const uint32_t verdict = of_->from.decode(of_->from.context, of_->id, bytes_of(body_), &code);
  switch (verdict) {
    case THARSIS_STN_ACCEPT: return end(THARSIS_OK, THARSIS_STN_ANSWERED, {}, code);
    case THARSIS_STN_END: return end(THARSIS_E_REFUSED, THARSIS_STN_ENDED, "the application refused the answer", code);
    case THARSIS_STN_DROP: return end(THARSIS_E_CANCELLED, THARSIS_STN_DROPPED, "the application dropped the answer", code);
    case THARSIS_STN_STOP:
      return end(THARSIS_E_REFUSED, THARSIS_STN_STOPPED_COMMAND, "the server wants no more of these for now", code);
    case THARSIS_STN_RETRY:
    case THARSIS_STN_RETRY_USER:
    case THARSIS_STN_SESSION_OVER: {
      task_letter l{task_letter::kind::again, link_, of_->id, std::move(of_), verdict};
      if (tasks_->home().send(std::move(l))) return;
      of_ = std::move(l.of);
      return end(THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn has stopped, so the task is not sent again", code);
    }
    default:
      return end(THARSIS_E_REFUSED, THARSIS_STN_ENDED,
                 "the task's `decode` answered " + std::to_string(verdict) + ", which is no verdict", code);
  }
}

void task_delivery::end(tharsis_status status, uint32_t why, std::string_view reason, int32_t code) {
  tasks_->close(of_->id);
  tell_end(*of_, status, why, body_, reason, code);
  task_letter l{task_letter::kind::ended, link_, of_->id, std::move(of_), why, status, code, std::move(body_)};
  tasks_->home().send(std::move(l));
}

void task_delivery::ask() const {
  auto body = encoded(wish_, reason_);
  task_letter l{task_letter::kind::encoded, link_, wish_.id, nullptr, wish_.connection, body.status()};
  l.short_link = wish_.short_link;
  if (body)
    l.body = std::move(*body);
  else
    l.text = body.failure().text;
  tasks_->home().send(std::move(l));
}

}  // namespace tharsis::stn
