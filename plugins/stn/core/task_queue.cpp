#include "plugins/stn/core/task_queue.h"

#include <algorithm>
#include <cassert>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/request_frame.h"
#include "plugins/stn/core/wait_text.h"

namespace tharsis::stn {
namespace {

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

task_queue::~task_queue() {
  for (request* r : tasks_.all()) delete r;
}

request_list& task_queue::list_of(const request& r) {
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
  r.forget_own_key();  // Of another link, or of an answer that was not the right one.
  r.prepared_for = request::unprepared;
  tasks_.add(r);
  deadlines_.add(r.deadline, r.id);
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
  for (const request_list& l : waiting_)
    if (l.first != nullptr) return l.first;
  return nullptr;
}

// Those that their callers have yet to make are asked for on the way. On a second connection one that was made for the first one,
// or that is bound to it, or whose key is known to its server alone, waits, and all behind it.
request* task_queue::next_ready(instant now) {
  request* r = next_waiting();
  for (; r != nullptr; r = next_waiting()) {
    if (is_spared(*r, now)) continue;
    if (company_.second && !is_for_here(*r)) return nullptr;
    if (r->from.encode == nullptr || r->prepared_for == connection_) break;
    stop_waiting(*r, now);
    set_aside(*r, stage::prepares, preparing_, now);
    wishes_.push_back({r->id, r->from, r->sends, connection_});
  }
  return r;
}

// One whose turn it is, and of whose command the server wants no more for now: set aside, or ended.
bool task_queue::is_spared(request& r, instant now) {
  const instant until = care_.until(r.command);
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
  return (company_.datagrams != nullptr && company_.datagrams->take(r, now)) || (company_.lanes != nullptr && company_.lanes->take(r, now));
}

// One without a key gets one where the server remembers it for long enough. False: it had one of another server's, and has ended.
bool task_queue::has_right_key(request& r, instant now) {
  if (r.memory != 0 && r.memory != company_.memory.name) {
    finish(r, now, THARSIS_E_NETWORK, THARSIS_STN_LOST, {},
           "the request was sent and its answer was lost; without a key of the application's it may not be sent again, for this server does not know what the other one has done");
    return false;
  }
  const bool may = r.key.empty() && keys_ != nullptr && r.retries > 0 && r.bound == 0 && r.from.encode == nullptr && !r.has(THARSIS_STN_SEND_ONLY);
  if (!may || !company_.memory.outlasts(r.deadline - now)) return true;
  r.key = keys_->of(r.id);
  r.memory = company_.memory.name;
  counts_.keyed.add();
  return true;
}

// Of what has been sent, or was made for one connection: whether this one's server may get it.
bool task_queue::is_for_here(const request& r) const {
  if (r.memory != 0 && r.memory != company_.memory.name) return false;
  return !company_.second || (r.bound == 0 && r.from.encode == nullptr);
}

// What went another way, and is still waited for. It has its place among those that were sent already.
bool task_queue::write_again(std::vector<uint8_t>& out, framing& frames, instant now) {
  for (size_t i = too_.size(); i-- > 0;) {
    const written_too asked = too_[i];
    request* const r = by_sequence_.find(asked.sequence);
    if (r != nullptr && !is_for_here(*r)) continue;  // It waits for its own connection.
    too_.erase(too_.begin() + static_cast<std::ptrdiff_t>(i));
    if (r == nullptr) continue;
    const bool by_lanes = asked.by_any && company_.lanes != nullptr && company_.lanes->take(*r, now);
    error why;
    if (!by_lanes && frames.append(out, frame_of_request(*r), why) != THARSIS_OK) continue;
    if (asked.is_copy) count_copy(*r);
    if (!by_lanes) wrote_again_ = asked.is_copy;
    return true;
  }
  return false;
}

// Its first send earns repetitions, once, however often it is parked or comes back to the outbox; a durable task that was sent in vain so often
// that it would be charged here for another repetition is charged for each try. False: the budget has none, and it has ended.
bool task_queue::may_go(request& r, instant now) {
  if (!std::exchange(r.is_first, false)) return true;
  if (r.earlier_sends == 0) return care_.on_first(now), true;
  if (r.earlier_sends < retry_budget::free_sends) return true;
  r.borrowed = spend(r, now);
  if (!r.borrowed)
    finish(r, now, THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, {},
           "the task was sent " + std::to_string(r.earlier_sends) + " times, and tasks.budget allows no more repetitions now");
  return r.borrowed;
}

bool task_queue::write_next(std::vector<uint8_t>& out, framing& frames, instant now) {
  if (write_again(out, frames, now)) return true;
  request* const r = next_ready(now);
  if (r == nullptr) return false;
  if (!frames.carries(THARSIS_STN_CARRIES_KEYS)) r->key.clear();  // The server would not know a repeat.
  if (!has_right_key(*r, now) || !may_go(*r, now)) return true;
  stop_waiting(*r, now);
  wrote_again_ = r->sends > 0;
  be_sent(*r, now);
  if (goes_aside(*r, now)) return count_send(*r), true;
  error why;
  if (frames.append(out, frame_of_request(*r), why) != THARSIS_OK) {
    finish(*r, now, why.status, THARSIS_STN_NOT_CARRIED, {}, std::move(why.text));
  } else {
    count_send(*r);
    if (r->has(THARSIS_STN_SEND_ONLY)) finish(*r, now, THARSIS_OK, THARSIS_STN_ANSWERED, {}, {});
  }
  return true;
}

void task_queue::count_send(request& r) {
  ++r.sends;
  counts_.sent.add();
  if (r.memory != 0 && std::exchange(r.keyed_out, true)) ++r.keyed_again;
}

void task_queue::on_copy(uint32_t sequence) {
  if (request* const r = by_sequence_.find(sequence)) count_copy(*r);
}

void task_queue::on_not_carried(uint32_t sequence, error why, instant now) {
  request* const r = by_sequence_.find(sequence);
  if (r != nullptr) finish(*r, now, why.status, THARSIS_STN_NOT_CARRIED, {}, std::move(why.text));
}

request* task_queue::send_next(instant now) {
  request* r = next_ready(now);
  while (r != nullptr && !may_go(*r, now)) r = next_ready(now);
  if (r == nullptr) return nullptr;
  stop_waiting(*r, now);
  be_sent(*r, now);
  r->ends_itself = true;
  return r;
}

void task_queue::on_end(request& r, const ending& how, std::span<const uint8_t> body, instant now) {
  finish(r, now, how.status, how.why, body, how.reason);
  if (how.status == THARSIS_OK || how.status == THARSIS_E_DENIED) revive(now);  // Whoever was parked sees that the server answers.
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
  return r != nullptr && !r->key.empty() && r->memory == 0 && static_cast<int64_t>(r->sends) < r->retries && !r->has(THARSIS_STN_SEND_ONLY) &&
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
  if (company_.copying && r.may_be_copied()) copies_.insert(copies_.begin(), r.sequence);
}

void task_queue::on_answer_begun(uint32_t sequence, instant now) {
  request* const r = by_sequence_.find(sequence);
  if (r == nullptr) return;
  r->heard_at = now;
  if (r->began_at == never) r->began_at = now;
}

void task_queue::on_answer(const mars::frame_view& f, instant now) {
  if (company_.lanes == nullptr || company_.lanes->on_answer(f.sequence, !f.refusal.empty(), now) == answer_use::ends_it) accept(f, now);
}

void task_queue::accept(const mars::frame_view& f, instant now) {
  request* const r = by_sequence_.find(f.sequence);
  if (r == nullptr) return counts_.stray.add();
  counts_.round_trip.record(static_cast<uint64_t>((now - r->sent_at).count()));
  times_.on_answer(r->body.size() + f.body.size(), now - r->sent_at, now);
  if (f.refusal.empty())
    finish(*r, now, THARSIS_OK, THARSIS_STN_ANSWERED, f.body, {});
  else if (f.retry_after_ms > 0)
    return spare_server(*r, f.refusal, std::chrono::milliseconds(f.retry_after_ms), now);
  else
    finish(*r, now, THARSIS_E_DENIED, THARSIS_STN_SERVER_REFUSED, {}, foreign_text(f.refusal));
  if (parked_.first != nullptr) revive(now);
}

instant task_queue::deadline() const {
  const instant parked = parked_.first == nullptr ? never : later(std::max(parked_.first->aside_at, revived_at_), parked_max);
  return std::min({parked, spared_until_, deadlines_.first()});
}

void task_queue::on_deadline(instant now) {
  while (deadlines_.first() <= now) {
    request& r = *tasks_.find(deadlines_.first_id());
    if (r.ends_itself) {
      deadlines_.remove_first();
      forget_deadlines();
      continue;
    }
    std::string reason = link_ + ' ';
    switch (r.at) {
      case stage::sent: reason += "brought no answer to the request in time"; break;
      case stage::held: reason += "had not finished the task of the same order that goes before it"; break;
      case stage::prepares: reason += "was ready, and the request was not made in time"; break;
      case stage::spared: reason += "was not asked for it, since the server had too much to do"; break;
      case stage::parked: reason += "had failed with the request as often as it may, and nothing better was seen since for which tasks.budget had a repetition"; break;
      case stage::waits: reason += "could not carry the request in time"; break;
    }
    if (r.at != stage::sent && !trouble_.empty()) reason += "; its last trouble: " + trouble_;
    finish(r, now, THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, {}, std::move(reason));
  }
  if (now >= spared_until_) ask_again(now);
  if (now >= deadline()) revive(now);
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
  request_list& l = waiting_of(r);
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

void task_queue::set_aside(request& r, stage where, request_list& in, instant now) {
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
  if (company_.datagrams != nullptr) company_.datagrams->on_gone(r.sequence, now);
  if (company_.lanes != nullptr) company_.lanes->on_gone(r.sequence, now);
  carry(r, carried::first);
  sent_.remove(r);
  by_sequence_.remove(r);
  r.sequence = 0;
  r.ends_itself = false;
}

void task_queue::carry(request& r, carried by) {
  on_second_ += by != carried::first ? 1 : 0;
  on_second_ -= r.by != carried::first ? 1 : 0;
  r.by = by;
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
  const bool answered = status == THARSIS_OK || status == THARSIS_E_DENIED;
  if (r.borrowed && (answered || r.sends == r.parked_sends)) care_.budget().give_back();
  answers_.push_back({std::unique_ptr<request>(&r), status, body, std::move(reason), why});
  forget_deadlines();
  // Where its caller judges the answer it has not ended before that.
  if (r.owns_order && !(status == THARSIS_OK && r.is_judged())) on_order_free(r.order, now);
}

void task_queue::forget_deadlines() {
  deadlines_.forget(tasks_.size(), [this](uint64_t id) { return tasks_.find(id) != nullptr; });
}

// Numbers go round; one that is still in use is passed over.
uint32_t task_queue::free_sequence() {
  do {
    last_sequence_ = last_sequence_ >= mars::sequence_task_max ? 1 : last_sequence_ + 1;
  } while (by_sequence_.find(last_sequence_) != nullptr);
  return last_sequence_;
}

}  // namespace tharsis::stn
