#include "plugins/stn/core/task_queue.h"

#include <algorithm>
#include <cassert>
#include <functional>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/request_frame.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/abi/stn_server.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

// Those of answered tasks among the deadlines are swept out when they are more than all that are open and this.
constexpr size_t sweep_min = 64;
// That the budget is used up is told at most so often.
constexpr duration budget_told = 1s;
constexpr size_t told_max = 64;
// A network that is only bad seldom takes three connections from one task, copies beside them included; a server that dies of
// a request takes each.
constexpr uint32_t free_sends = 3;

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
  for (request* r : tasks_.all()) delete r;
}

task_queue::list& task_queue::list_of(const request& r) {
  switch (r.at) {
    case stage::waits: break;
    case stage::held: return orders_.find(r.order)->second;
    case stage::prepares: return preparing_;
    case stage::sent: return sent_;
    case stage::parked: return parked_;
    case stage::spared: return spared_;
  }
  return waiting_of(r);
}

void task_queue::submit(std::unique_ptr<request> asked, instant now) {
  request& r = *asked.release();
  assert(tasks_.find(r.id) == nullptr);
  r.sequence = 0;
  r.prepared_for = request::unprepared;
  tasks_.add(r);
  deadlines_.emplace_back(r.deadline, r.id);
  std::push_heap(deadlines_.begin(), deadlines_.end(), std::greater<>());
  if (r.order != 0 && !r.owns_order) {
    const auto [others, is_first] = orders_.try_emplace(r.order);
    r.owns_order = is_first;
    if (!is_first) set_aside(r, stage::held, others->second, now);
  }
  if (r.order == 0 || r.owns_order) wait_again(r, now);
  cannot_go(r, now);
}

bool task_queue::cancel(uint64_t id, instant now) {
  request* const found = tasks_.find(id);
  if (found != nullptr) finish(*found, now, THARSIS_E_CANCELLED, THARSIS_STN_CANCELLED, {}, "the task was cancelled");
  return found != nullptr;
}

void task_queue::on_up(uint32_t connection, instant now) {
  up_ = true;
  connection_ = connection;
  for (request* r = on_second_ > 0 ? sent_.first : nullptr; r != nullptr; r = r->behind)
    if (r->by != carried::first) carry(*r, carried::first), r->connection = connection;
  revive(now);
}

void task_queue::on_network(bool gone, bool cellular, instant now) {
  no_network_ = gone;
  times_.on_network(cellular);
  slow_at_ = now;
  if (!gone) return revive(now);
  for (request* r : in_order()) cannot_go(*r, now);
}

// It was to go now and by that connection, or not at all.
bool task_queue::cannot_go(request& r, instant now) {
  if (r.bound != 0 && !(up_ && r.bound == connection_))
    finish(r, now, THARSIS_E_GONE, THARSIS_STN_OTHER_CONNECTION, {},
           "the task was bound to connection " + std::to_string(r.bound) + " of " + link_ + ", which is no more");
  else if (r.has(THARSIS_STN_SENSITIVE) && no_network_ && !up_)
    finish(r, now, THARSIS_E_UNREACHABLE, THARSIS_STN_NO_NETWORK, {},
           "there is no network, and " + link_ + " is not up; the task was not to wait for it");
  else
    return false;
  return true;
}

request* task_queue::next_waiting() const {
  for (const list& l : waiting_)
    if (l.first != nullptr) return l.first;
  return nullptr;
}

// Those that their callers have yet to make are asked for on the way.
request* task_queue::next_ready(instant now) {
  request* r = next_waiting();
  for (; r != nullptr; r = next_waiting()) {
    if (is_spared(*r, now)) continue;
    if (r->from.encode == nullptr || r->prepared_for == connection_) break;
    stop_waiting(*r, now);
    set_aside(*r, stage::prepares, preparing_, now);
    wishes_.push_back({r->id, r->from, r->sends, connection_});
  }
  return r;
}

void task_queue::on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, instant now, uint32_t why) {
  request* const r = tasks_.find(id);
  if (r == nullptr || r->at != stage::prepares) return;
  if (!body) return finish(*r, now, body.status(), why, {}, body.failure().text);
  r->body = std::move(*body);
  r->prepared_for = connection;
  r->counted = true;
  take_back(*r, now);
}

// Whoever takes it carries it; else the connection does.
bool task_queue::goes_aside(const request& r, instant now) {
  return (datagrams_ != nullptr && datagrams_->take(r, now)) || (lanes_ != nullptr && lanes_->take(r, now));
}

// What went another way, and is still waited for. It has its place among those that were sent already.
bool task_queue::write_again(std::vector<uint8_t>& out, framing& frames, instant now) {
  while (!too_.empty()) {
    const written_too asked = too_.back();
    too_.pop_back();
    const request* const r = by_sequence_.find(asked.sequence);
    if (r == nullptr) continue;
    if (asked.by_any && lanes_ != nullptr && lanes_->take(*r, now)) return true;
    error why;
    if (frames.append(out, frame_of_request(*r), why) == THARSIS_OK) return wrote_again_ = true;
  }
  return false;
}

bool task_queue::write_next(std::vector<uint8_t>& out, framing& frames, instant now) {
  if (write_again(out, frames, now)) return true;
  request* const r = next_ready(now);
  if (r == nullptr) return false;
  if (!frames.carries(THARSIS_STN_CARRIES_KEYS)) r->key.clear();  // The server would not know a repeat.
  stop_waiting(*r, now);
  wrote_again_ = r->sends > 0;
  be_sent(*r, now);
  if (r->sends == 0) budget_.on_first(now);
  if (goes_aside(*r, now)) {
    ++r->sends;
    counts_.sent.add();
    return true;
  }
  error why;
  if (frames.append(out, frame_of_request(*r), why) != THARSIS_OK) {
    finish(*r, now, why.status, THARSIS_STN_NOT_CARRIED, {}, std::move(why.text));
  } else {
    ++r->sends;
    counts_.sent.add();
    if (r->has(THARSIS_STN_SEND_ONLY)) finish(*r, now, THARSIS_OK, THARSIS_STN_ANSWERED, {}, {});
  }
  return true;
}

void task_queue::on_not_carried(uint32_t sequence, error why, instant now) {
  request* const r = by_sequence_.find(sequence);
  if (r != nullptr) finish(*r, now, why.status, THARSIS_STN_NOT_CARRIED, {}, std::move(why.text));
}

void task_queue::begin_copies() {
  copying_ = true;
  for (const request* r = sent_.last; r != nullptr; r = r->before)
    if (r->may_be_copied()) copies_.push_back(r->sequence);
}

bool task_queue::has_copies() const {
  return std::any_of(copies_.begin(), copies_.end(), [this](uint32_t sequence) { return expects(sequence); });
}

bool task_queue::write_copy(std::vector<uint8_t>& out, framing& frames) {
  while (!copies_.empty()) {
    request* const r = by_sequence_.find(copies_.back());
    copies_.pop_back();
    error why;
    if (r == nullptr || frames.append(out, frame_of_request(*r), why) != THARSIS_OK) continue;
    carry(*r, carried::both);
    ++r->sends;
    counts_.sent.add();
    return wrote_again_ = true;
  }
  return false;
}

bool task_queue::on_copy_refused(uint32_t sequence) {
  request* const r = by_sequence_.find(sequence);
  if (r == nullptr || r->by != carried::both || !up_) return false;
  carry(*r, carried::first);
  return true;
}

bool task_queue::needs_first() const {
  for (const request* r = sent_.first; r != nullptr; r = r->behind)
    if (r->by == carried::first && !r->may_repeat()) return true;
  return false;
}

bool task_queue::write_on_second(std::vector<uint8_t>& out, framing& frames, instant now) {
  const request* const next = next_waiting();
  if (next == nullptr || next->from.encode != nullptr || next->bound != 0) return write_again(out, frames, now);
  const request* const last = sent_.last;
  side_way* const datagrams = std::exchange(datagrams_, nullptr);  // The first connection's, as these.
  side_way* const lanes = std::exchange(lanes_, nullptr);
  const bool copying = std::exchange(copying_, false);  // From there to here.
  const bool wrote = write_next(out, frames, now);
  datagrams_ = datagrams;
  lanes_ = lanes;
  copying_ = copying;
  if (!wrote) return false;
  if (sent_.last == last || sent_.last == nullptr) return true;
  carry(*sent_.last, carried::second);
  sent_.last->connection = connection_ + 1;
  return true;
}

void task_queue::carry(request& r, carried by) {
  on_second_ += by != carried::first ? 1 : 0;
  on_second_ -= r.by != carried::first ? 1 : 0;
  r.by = by;
}

request* task_queue::send_next(instant now) {
  request* const r = next_ready(now);
  if (r == nullptr) return nullptr;
  stop_waiting(*r, now);
  be_sent(*r, now);
  if (r->sends == 0) budget_.on_first(now);
  r->ends_itself = true;
  return r;
}

void task_queue::on_end(request& r, const ending& how, std::span<const uint8_t> body, instant now) {
  finish(r, now, how.status, how.why, body, how.reason);
}

void task_queue::on_tries_over(request& r, const ending& how, instant now) {
  if (r.has(THARSIS_STN_PARK) && !r.key.empty() && now < r.deadline) return park(r, now);
  finish(r, now, how.status, how.why, {}, how.reason);
}

size_t task_queue::next_size() const {
  const request* const r = next_waiting();
  return r == nullptr ? 0 : r->body.size();
}

bool task_queue::next_is_keyed() const {
  const request* const r = next_waiting();
  return r != nullptr && !r->key.empty() && static_cast<int64_t>(r->sends) < r->retries && !r->has(THARSIS_STN_SEND_ONLY) &&
         r->from.encode == nullptr;
}

void task_queue::be_sent(request& r, instant now) {
  const auto limits = times_.of(r.body.size(), by_sequence_.size(), r.server_time);
  r.first_byte = limits.first_byte;
  r.gap = limits.gap;
  r.whole = limits.whole;
  r.at = stage::sent;
  r.sequence = free_sequence();
  r.sent_at = now;
  r.began_at = never;
  r.connection = connection_;
  by_sequence_.add(r);
  sent_.insert(r, nullptr);
  if (sent_.first == &r) slow_at_ = later(now, times_.shortest());
  if (copying_ && r.may_be_copied()) copies_.insert(copies_.begin(), r.sequence);
}

void task_queue::on_answer_begun(uint32_t sequence, instant now) {
  request* const r = by_sequence_.find(sequence);
  if (r == nullptr) return;
  r->heard_at = now;
  if (r->began_at == never) r->began_at = now;
}

void task_queue::on_answer(const mars::frame_view& f, instant now) {
  if (lanes_ == nullptr || lanes_->on_answer(f.sequence, !f.refusal.empty(), now) == answer_use::ends_it) accept(f, now);
}

void task_queue::accept(const mars::frame_view& f, instant now) {
  request* const r = by_sequence_.find(f.sequence);
  if (r == nullptr) return counts_.stray.add();
  counts_.round_trip.record(static_cast<uint64_t>((now - r->sent_at).count()));
  times_.on_answer(r->body.size() + f.body.size(), now - r->sent_at, now);
  if (f.refusal.empty())
    finish(*r, now, THARSIS_OK, THARSIS_STN_ANSWERED, f.body, {});
  else if (f.retry_after_ms > 0)
    spare_server(*r, f.refusal, std::chrono::milliseconds(f.retry_after_ms), now);
  else
    finish(*r, now, THARSIS_E_DENIED, THARSIS_STN_SERVER_REFUSED, {}, foreign_text(f.refusal));
  if (parked_.first != nullptr) revive(now);
}

// The server has carried nothing out, so it may be asked again, when it likes to be, whether the task has a key or not.
void task_queue::spare_server(request& r, std::string_view refusal, duration told, instant now) {
  const instant until = rest_.on_busy(r.command, told, chance_.next(), now);
  if (until <= now) return finish(r, now, THARSIS_E_DENIED, THARSIS_STN_SERVER_REFUSED, {}, foreign_text(refusal));
  counts_.busy.add();
  std::string reason = "the server has too much to do (" + foreign_text(refusal) + "), and is not asked for command " + std::to_string(r.command) + " for " + wait_text(until - now);
  if (told_.size() < told_max) told_.push_back({THARSIS_STN_SERVER_BUSY, r.command, until - now, reason});
  if (until >= r.deadline || r.has(THARSIS_STN_IMPATIENT)) return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_BUSY, {}, std::move(reason));
  if (static_cast<int64_t>(r.sends) > r.retries)
    return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_BUSY, {}, reason + "; the task was sent " + std::to_string(r.sends) + " times, more its retries do not allow");
  if (!spend(r, now)) return finish(r, now, THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, {}, reason + "; and tasks.budget allows no more repetitions now");
  stop_being_sent(r, now);
  r.times.lost += now - r.sent_at;
  set_aside(r, stage::spared, spared_, now);
  spared_until_ = std::min(spared_until_, until);
}

// One whose turn it is, and of whose command the server wants no more for now: set aside, or ended.
bool task_queue::is_spared(request& r, instant now) {
  const instant until = rest_.until(r.command);
  if (until <= now) return false;
  if (until >= r.deadline || r.has(THARSIS_STN_IMPATIENT)) {
    finish(r, now, THARSIS_E_BUSY, THARSIS_STN_BUSY, {},
           "the server has too much to do, and is not asked for command " + std::to_string(r.command) + " for " + wait_text(until - now));
    return true;
  }
  stop_waiting(r, now);
  set_aside(r, stage::spared, spared_, now);
  spared_until_ = std::min(spared_until_, until);
  return true;
}

void task_queue::ask_again(instant now) {
  spared_until_ = never;
  for (request *r = spared_.first, *behind = nullptr; r != nullptr; r = behind) {
    behind = r->behind;
    const instant until = rest_.until(r->command);
    if (until <= now) take_back(*r, now);
    else spared_until_ = std::min(spared_until_, until);
  }
}

bool task_queue::spend(const request& r, instant now) {
  if (budget_.take(now)) return true;
  counts_.no_budget.add();
  if (no_budget_at_ != never && now < later(no_budget_at_, budget_told)) return false;
  no_budget_at_ = now;
  if (told_.size() < told_max)
    told_.push_back({THARSIS_STN_SERVER_NO_BUDGET, r.command, {}, "a request is not sent again: " + std::to_string(budget_.taken()) +
                     " repetitions are as many as tasks.budget allows beside what was sent for the first time"});
  return false;
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
    if (r->by == by && (lanes_ == nullptr || !lanes_->carries(r->sequence))) lose_try(*r, why, now);
  }
  std::reverse(answers_.begin() + answered, answers_.end());
}

void task_queue::on_second_loss(const error& why, instant now) {
  end_copies();
  if (on_second_ == 0) return;
  for (request* r = sent_.first; r != nullptr; r = r->behind)
    if (r->by == carried::both) carry(*r, up_ ? carried::first : carried::second);
  lose(carried::second, why, now);
  for (request* r = on_second_ > 0 ? sent_.first : nullptr; r != nullptr; r = r->behind)
    carry(*r, carried::first);  // What a lane has still.
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
  const bool free = why == THARSIS_STN_LOST && r.sends <= free_sends;
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

instant task_queue::deadline() const {
  const instant parked = parked_.first == nullptr ? never : later(parked_.first->aside_at, parked_max);
  return std::min({parked, spared_until_, deadlines_.empty() ? never : deadlines_.front().first});
}

void task_queue::on_deadline(instant now) {
  while (!deadlines_.empty() && deadlines_.front().first <= now) {
    request& r = *tasks_.find(deadlines_.front().second);
    if (r.ends_itself) {
      forget_first_deadline();
      forget_deadlines();
      continue;
    }
    std::string reason = link_ + ' ';
    switch (r.at) {
      case stage::sent: reason += "brought no answer to the request in time"; break;
      case stage::held: reason += "had not finished the task of the same order that goes before it"; break;
      case stage::prepares: reason += "was ready, and the request was not made in time"; break;
      case stage::spared: reason += "was not asked for it, since the server had too much to do"; break;
      case stage::parked: reason += "had failed with the request as often as it may, and nothing better was seen since"; break;
      case stage::waits: reason += "could not carry the request in time"; break;
    }
    if (r.at != stage::sent && !trouble_.empty()) reason += "; its last trouble: " + trouble_;
    finish(r, now, THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, {}, std::move(reason));
  }
  if (now >= spared_until_) ask_again(now);
  if (now >= deadline()) revive(now);
}

void task_queue::revive(instant now) {
  while (request* r = parked_.first) take_back(*r, now);
}

void task_queue::on_order_free(uint64_t order, instant now) {
  const auto found = orders_.find(order);
  if (found == orders_.end()) return;
  request* const next = found->second.first;
  if (next == nullptr) {
    orders_.erase(found);
    return;
  }
  take_back(*next, now);
  next->owns_order = true;
}

void task_queue::send_again(const std::string& user, instant now) {
  for (request* r : in_order())
    if (r->at == stage::sent && r->user == user && r->may_repeat() && now < r->deadline) repeat(*r, now);
}

void task_queue::end(const ending& e, instant now, std::string_view user) {
  for (request* r : in_order())
    if (user.empty() || r->user == user) finish(*r, now, e.status, e.why, {}, e.reason);
}

void task_queue::take_unsent(uint32_t group, instant now, std::vector<std::unique_ptr<request>>& into) {
  for (request* r : in_order()) {
    if (r->group != group || r->sends > 0 || (r->at != stage::waits && r->at != stage::prepares)) continue;
    leave_list(*r, now);
    tasks_.remove(*r);
    into.emplace_back(r);
  }
  forget_deadlines();
}

std::vector<request*> task_queue::in_order() const {
  std::vector<request*> all = tasks_.all();
  std::sort(all.begin(), all.end(), [](const request* a, const request* b) { return a->id < b->id; });
  return all;
}

// In its old place: only younger ones of its priority stand behind it.
void task_queue::wait_again(request& r, instant now) {
  r.at = stage::waits;
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

void task_queue::set_aside(request& r, stage where, list& in, instant now) {
  r.at = where;
  r.aside_at = now;
  in.insert(r, nullptr);
}

void task_queue::take_back(request& r, instant now) {
  list_of(r).remove(r);
  r.times.queued += now - r.aside_at;
  wait_again(r, now);
}

void task_queue::stop_being_sent(request& r, instant now) {
  if (datagrams_ != nullptr) datagrams_->on_gone(r.sequence, now);
  if (lanes_ != nullptr) lanes_->on_gone(r.sequence, now);
  carry(r, carried::first);
  sent_.remove(r);
  by_sequence_.remove(r);
  r.sequence = 0;
  r.ends_itself = false;
}

// Wherever it stands; its time there is counted.
void task_queue::leave_list(request& r, instant now) {
  if (r.at == stage::waits) {
    stop_waiting(r, now);
  } else if (r.at == stage::sent) {
    stop_being_sent(r, now);
    const instant began = r.began_at == never ? now : r.began_at;
    r.times.first_byte += began - r.sent_at;
    r.times.rest += now - began;
  } else {
    list_of(r).remove(r);
    r.times.queued += now - r.aside_at;
  }
}

void task_queue::finish(request& r, instant now, tharsis_status status, uint32_t why, std::span<const uint8_t> body,
                        std::string reason) {
  leave_list(r, now);
  tasks_.remove(r);
  answers_.push_back({std::unique_ptr<request>(&r), status, body, std::move(reason), why});
  forget_deadlines();
  // Where its caller judges the answer it has not ended before that.
  if (r.owns_order && !(status == THARSIS_OK && r.is_judged())) on_order_free(r.order, now);
}

void task_queue::forget_first_deadline() {
  std::pop_heap(deadlines_.begin(), deadlines_.end(), std::greater<>());
  deadlines_.pop_back();
}

void task_queue::forget_deadlines() {
  while (!deadlines_.empty() && tasks_.find(deadlines_.front().second) == nullptr) forget_first_deadline();
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
