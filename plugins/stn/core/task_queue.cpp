#include "plugins/stn/core/task_queue.h"

#include <algorithm>
#include <cassert>
#include <functional>

#include "plugins/stn/core/foreign_text.h"

namespace tharsis::stn {
namespace {

// Those of answered tasks among the deadlines are swept out when they are more than all that are open and this.
constexpr size_t sweep_min = 64;

duration& waited(task_times& t, phase p) {
  switch (p) {
    case phase::resolve: return t.resolve;
    case phase::connect: return t.connect;
    case phase::tls: return t.tls;
    case phase::prove:
    case phase::auth: return t.prove;
    case phase::down:
    case phase::up: break;
  }
  return t.queued;
}

}  // namespace

void task_queue::list::insert(request& r, request* before) {
  request* const behind = before == nullptr ? last : before->before;
  r.before = behind;
  r.behind = before;
  (behind == nullptr ? first : behind->behind) = &r;
  (before == nullptr ? last : before->before) = &r;
}

void task_queue::list::remove(request& r) {
  (r.before == nullptr ? first : r.before->behind) = r.behind;
  (r.behind == nullptr ? last : r.behind->before) = r.before;
}

task_queue::~task_queue() {
  while (request* r = next_waiting()) {
    waiting_of(*r).remove(*r);
    delete r;
  }
  while (request* r = sent_.first) {
    sent_.remove(*r);
    delete r;
  }
}

void task_queue::submit(std::unique_ptr<request> asked, instant now) {
  request& r = *asked.release();
  assert(tasks_.find(r.id) == nullptr);
  tasks_.add(r);
  deadlines_.emplace_back(r.deadline, r.id);
  std::push_heap(deadlines_.begin(), deadlines_.end(), std::greater<>());
  wait_again(r, now);
}

bool task_queue::cancel(uint64_t id, instant now) {
  request* const found = tasks_.find(id);
  if (found != nullptr) finish(*found, now, THARSIS_E_CANCELLED, {}, "the task was cancelled");
  return found != nullptr;
}

request* task_queue::next_waiting() const {
  for (const list& l : waiting_)
    if (l.first != nullptr) return l.first;
  return nullptr;
}

bool task_queue::write_next(std::vector<uint8_t>& out, uint32_t client_version, instant now) {
  request* const r = next_waiting();
  if (r == nullptr) return false;
  stop_waiting(*r, now);
  r->sequence = free_sequence();
  r->sent_at = now;
  r->began_at = never;
  ++r->sends;
  by_sequence_.add(*r);
  sent_.insert(*r, nullptr);
  counts_.sent.add();
  mars::frame_view f;
  f.command = r->command;
  f.sequence = r->sequence;
  f.body = r->body;
  f.key = r->key;
  mars::append_frame(out, f, client_version);
  if (r->send_only) finish(*r, now, THARSIS_OK, {}, {});
  return true;
}

void task_queue::on_answer_begun(uint32_t sequence, instant now) {
  request* const r = by_sequence_.find(sequence);
  if (r != nullptr && r->began_at == never) r->began_at = now;
}

void task_queue::on_answer(const mars::frame_view& f, instant now) {
  request* const r = by_sequence_.find(f.sequence);
  if (r == nullptr) return counts_.stray.add();
  counts_.round_trip.record(static_cast<uint64_t>((now - r->sent_at).count()));
  if (f.refusal.empty())
    finish(*r, now, THARSIS_OK, f.body, {});
  else
    finish(*r, now, THARSIS_E_DENIED, {}, foreign_text(f.refusal));
}

void task_queue::on_loss(const error& why, instant now) {
  trouble_ = why.text;
  const auto answered = static_cast<std::ptrdiff_t>(answers_.size());
  while (sent_.last != nullptr) {  // From behind, so that each finds its old place at the front.
    request& r = *sent_.last;
    if (r.key.empty()) {
      finish(r, now, THARSIS_E_NETWORK, {},
             "the request was sent, its answer was lost, and without a key it may not be sent again: " + why.text);
    } else {
      counts_.repeated.add();
      stop_being_sent(r);
      r.times.lost += now - r.sent_at;
      wait_again(r, now);
    }
  }
  std::reverse(answers_.begin() + answered, answers_.end());
}

void task_queue::on_deadline(instant now) {
  while (deadline() <= now && deadline() != never) {
    request& r = *tasks_.find(deadlines_.front().second);
    std::string reason = "link '" + link_ + "' ";
    if (r.sequence != 0)
      reason += "brought no answer to the request in time";
    else
      reason +=
          "could not carry the request in time" + (trouble_.empty() ? "" : "; its last trouble: " + trouble_);
    finish(r, now, THARSIS_E_TIMEOUT, {}, std::move(reason));
  }
}

void task_queue::end(tharsis_status status, const std::string& reason, instant now) {
  while (request* r = sent_.first) finish(*r, now, status, {}, reason);
  while (request* r = next_waiting()) finish(*r, now, status, {}, reason);
}

// In its old place: only younger ones of its priority stand behind it.
void task_queue::wait_again(request& r, instant now) {
  r.sequence = 0;
  r.waits_since = phases_.at(now);
  list& l = waiting_of(r);
  request* before = nullptr;
  if (l.last != nullptr && l.last->id > r.id) {
    before = l.first;
    while (before->id < r.id) before = before->behind;
  }
  l.insert(r, before);
}

void task_queue::stop_waiting(request& r, instant now) {
  waiting_of(r).remove(r);
  const phase_times until = phases_.at(now);
  for (size_t p = 0; p < phase_count; ++p)
    waited(r.times, static_cast<phase>(p)) += until[p] - r.waits_since[p];
}

void task_queue::stop_being_sent(request& r) {
  sent_.remove(r);
  by_sequence_.remove(r);
}

void task_queue::finish(request& r, instant now, tharsis_status status, std::span<const uint8_t> body,
                        std::string reason) {
  if (r.sequence == 0) {
    stop_waiting(r, now);
  } else {
    stop_being_sent(r);
    const instant began = r.began_at == never ? now : r.began_at;
    r.times.first_byte += began - r.sent_at;
    r.times.rest += now - began;
  }
  tasks_.remove(r);
  answers_.push_back({std::unique_ptr<request>(&r), status, body, std::move(reason)});
  forget_deadlines();
}

void task_queue::forget_deadlines() {
  while (!deadlines_.empty() && tasks_.find(deadlines_.front().second) == nullptr) {
    std::pop_heap(deadlines_.begin(), deadlines_.end(), std::greater<>());
    deadlines_.pop_back();
  }
  if (deadlines_.size() <= 2 * tasks_.size() + sweep_min) return;
  std::erase_if(deadlines_, [this](const auto& d) { return tasks_.find(d.second) == nullptr; });
  std::make_heap(deadlines_.begin(), deadlines_.end(), std::greater<>());
}

// Numbers go round; one that is still in use is passed over.
uint32_t task_queue::free_sequence() {
  do {
    last_sequence_ = last_sequence_ >= mars::sequence_task_max ? 1 : last_sequence_ + 1;
  } while (by_sequence_.find(last_sequence_) != nullptr);
  return last_sequence_;
}

}  // namespace tharsis::stn
