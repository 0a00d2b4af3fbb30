// What becomes of tasks whose try has failed: their connection died, their answer took too long, or the server wants to be
// asked later.
#include <algorithm>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/core/wait_text.h"

namespace tharsis::stn {

// The server has carried nothing out, so it may be asked again, when it likes to be, whether the task has a key or not.
void task_queue::spare_server(request& r, std::string_view refusal, duration told, instant now) {
  std::string reason;
  const instant until = care_.on_busy(r.command, refusal, told, now, reason);
  if (until <= now) return finish(r, now, THARSIS_E_DENIED, THARSIS_STN_SERVER_REFUSED, {}, foreign_text(refusal));
  if (until >= r.deadline || r.has(THARSIS_STN_IMPATIENT)) return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_BUSY, {}, std::move(reason));
  if (static_cast<int64_t>(r.sends) > r.retries)
    return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_BUSY, {}, reason + "; the task was sent " + std::to_string(r.sends) + " times, more its retries do not allow");
  if (!spend(r, now)) return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, {}, reason + "; and tasks.budget allows no more repetitions now");
  stop_being_sent(r, now);
  r.times.lost += now - r.sent_at;
  r.forget_own_key();
  set_aside(r, stage::spared, spared_, now);
  spared_until_ = std::min(spared_until_, until);
}

void task_queue::ask_again(instant now) {
  spared_until_ = never;
  for (request *r = spared_.first, *behind = nullptr; r != nullptr; r = behind) {
    behind = r->behind;
    const instant until = care_.until(r->command);
    if (until <= now) take_back(*r, now);
    else spared_until_ = std::min(spared_until_, until);
  }
}

void task_queue::on_loss(const error& why, instant now) {
  trouble_ = why.text;
  up_ = false;
  lose(carried::first, why, now);
  for (request* r : in_order())
    if (r->bound != 0) cannot_go(*r, now);
}

void task_queue::lose(carried by, const error& why, instant now) {
  const auto answered = static_cast<std::ptrdiff_t>(answers_.size());
  for (request *r = sent_.last, *before = nullptr; r != nullptr; r = before) {  // From behind, so that each finds its old place at the front.
    before = r->before;
    if (r->by == by && (company_.lanes == nullptr || !company_.lanes->carries(r->sequence))) lose_try(*r, why, now);
  }
  std::reverse(answers_.begin() + answered, answers_.end());
}

// A second connection may have some of them too.
void task_queue::on_lane_loss(const std::vector<uint32_t>& sequences, const error& why, instant now) {
  for (const uint32_t sequence : sequences) {
    request* const r = by_sequence_.find(sequence);
    if (r == nullptr) continue;
    if (r->by == carried::first) lose_try(*r, why, now);
    else carry(*r, carried::second);
  }
}

void task_queue::lose_try(request& r, const error& why, instant now) {
  fail_try(r, now, THARSIS_E_NETWORK, THARSIS_STN_LOST, "the request was sent and its answer was lost", why.text);
}

void task_queue::repeat(request& r, instant now) {
  counts_.repeated.add();
  stop_being_sent(r, now);
  r.times.lost += now - r.sent_at;
  wait_again(r, now);
}

// One try of a task that was sent has failed.
void task_queue::fail_try(request& r, instant now, tharsis_status status, uint32_t why, const std::string& what,
                          const std::string& because) {
  // What was under way on a connection that died goes again for nothing: how often they die and come is paced. Not for ever.
  r.lost |= why == THARSIS_STN_LOST;
  const bool free = why == THARSIS_STN_LOST && r.earlier_sends + r.sends <= retry_budget::free_sends;
  const bool may = r.may_repeat();
  if (may && (free || spend(r, now))) return repeat(r, now);
  if (r.has(THARSIS_STN_PARK) && !r.key.empty()) return park(r, now);
  std::string reason = what;
  if (r.key.empty())
    reason += ", and without a key it may not be sent again";
  else if (may)
    return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, {}, reason + "; it is not sent again, since tasks.budget allows no more repetitions now" + (because.empty() ? "" : ": " + because));
  else
    reason += "; it was sent " + std::to_string(r.sends) + (r.sends == 1 ? " time" : " times") + ", more its retries do not allow";
  finish(r, now, status, why, {}, reason + (because.empty() ? "" : ": " + because));
}

void task_queue::park(request& r, instant now) {
  stop_being_sent(r, now);
  r.times.lost += now - r.sent_at;
  r.was_parked = true;
  set_aside(r, stage::parked, parked_, now);
}

bool task_queue::on_slow(instant now) {
  if (now < slow_deadline()) return false;
  bool doubt = false;
  slow_at_ = never;
  for (request *r = sent_.first, *behind = nullptr; r != nullptr; r = behind) {
    behind = r->behind;
    const instant soonest = later(r->sent_at, times_.shortest());
    if (now < soonest) {  // As for all behind it.
      slow_at_ = std::min(slow_at_, soonest);
      break;
    }
    const bool began = r->began_at != never;
    const instant whole = later(r->sent_at, r->whole);
    const instant due = began ? std::min(later(r->heard_at, r->gap), whole) : later(r->sent_at, r->first_byte);
    if (now < due) {
      slow_at_ = std::min(slow_at_, due);
      continue;
    }
    doubt = true;
    times_.on_failure(now);
    if (!began)
      fail_try(*r, now, THARSIS_E_TIMEOUT, THARSIS_STN_NO_FIRST_BYTE, "no byte of an answer came within " + wait_text(r->first_byte), {});
    else if (now >= whole)
      fail_try(*r, now, THARSIS_E_TIMEOUT, THARSIS_STN_NOT_WHOLE, "the answer was not whole within " + wait_text(r->whole), {});
    else
      fail_try(*r, now, THARSIS_E_TIMEOUT, THARSIS_STN_STALLED, "the answer began, and nothing more of it came for " + wait_text(r->gap), {});
  }
  return doubt;
}

void task_queue::revive(instant now) {
  revived_at_ = now;
  for (request *r = parked_.first, *behind = nullptr; r != nullptr; r = behind) {
    behind = r->behind;
    if (r->sends > r->parked_sends) {
      if (!care_.budget().has(now)) continue;
      r->borrowed = spend(*r, now);
    }
    r->parked_sends = r->sends;
    take_back(*r, now);
  }
}

}  // namespace tharsis::stn
