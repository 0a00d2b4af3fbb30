#include "plugins/stn/core/task_queue.h"

#include <cassert>

#include "plugins/stn/core/foreign_text.h"

namespace tharsis::stn {

void task_queue::submit(request r) {
  assert(tasks_.count(r.id) == 0);
  waiting_.insert(r.id);
  deadlines_.insert({r.deadline, r.id});
  const uint64_t id = r.id;
  tasks_.emplace(id, entry{std::move(r), 0, {}});
}

void task_queue::cancel(uint64_t id) {
  const auto found = tasks_.find(id);
  if (found != tasks_.end()) finish(found, {id, THARSIS_E_CANCELLED, {}, "the task was cancelled"});
}

std::optional<mars::frame> task_queue::take_frame(instant now) {
  if (waiting_.empty()) return std::nullopt;
  const uint64_t id = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  entry& e = tasks_.at(id);
  e.sequence = free_sequence();
  e.sent_at = now;
  counts_.sent.add();
  sent_.emplace(e.sequence, id);
  return mars::frame{e.asked.command, e.sequence, e.asked.body, e.asked.key, {}};
}

void task_queue::on_answer(mars::frame f, instant now) {
  const auto found = sent_.find(f.sequence);
  if (found == sent_.end()) return counts_.stray.add();
  const uint64_t id = found->second;
  const auto asked = tasks_.find(id);
  counts_.round_trip.record(static_cast<uint64_t>((now - asked->second.sent_at).count()));
  const tharsis_status status = f.refusal.empty() ? THARSIS_OK : THARSIS_E_DENIED;
  if (status != THARSIS_OK) f.body.clear();
  finish(asked, {id, status, std::move(f.body), foreign_text(f.refusal)});
}

void task_queue::on_loss(const error& why) {
  trouble_ = why.text;
  while (!sent_.empty()) {
    const auto [sequence, id] = *sent_.begin();
    const auto found = tasks_.find(id);
    if (found->second.asked.key.empty()) {
      finish(found,
             {id,
              THARSIS_E_NETWORK,
              {},
              "the request was sent, its answer was lost, and without a key it may not be sent again: " +
                  why.text});
    } else {
      counts_.repeated.add();
      sent_.erase(sequence);
      found->second.sequence = 0;
      waiting_.insert(id);
    }
  }
}

void task_queue::on_deadline(instant now) {
  while (deadline() <= now && deadline() != never) {
    const uint64_t id = deadlines_.begin()->second;
    const auto found = tasks_.find(id);
    std::string reason = "link '" + link_ + "' ";
    if (found->second.sequence != 0)
      reason += "brought no answer to the request in time";
    else
      reason +=
          "could not carry the request in time" + (trouble_.empty() ? "" : "; its last trouble: " + trouble_);
    finish(found, {id, THARSIS_E_TIMEOUT, {}, std::move(reason)});
  }
}

void task_queue::end(tharsis_status status, const std::string& reason) {
  while (!tasks_.empty()) finish(tasks_.begin(), {tasks_.begin()->first, status, {}, reason});
}

void task_queue::finish(entries::iterator at, answer a) {
  const entry& e = at->second;
  if (e.sequence != 0)
    sent_.erase(e.sequence);
  else
    waiting_.erase(a.id);
  deadlines_.erase({e.asked.deadline, a.id});
  tasks_.erase(at);
  answers_.push_back(std::move(a));
}

// Numbers go round; one that is still in use is passed over.
uint32_t task_queue::free_sequence() {
  do {
    last_sequence_ = last_sequence_ >= mars::sequence_task_max ? 1 : last_sequence_ + 1;
  } while (sent_.count(last_sequence_) > 0);
  return last_sequence_;
}

}  // namespace tharsis::stn
