#include "plugins/stn/dispatcher.h"

#include <algorithm>

#include "sdk/abi/stn_measure.h"
#include "sdk/pure/sha256.h"

namespace tharsis::stn {
namespace {

// FNV-1a: equal requests of equal users are found by it; nothing worse happens than that two are taken for one.
uint64_t fingerprint(const request& r, const std::vector<uint8_t>& body) {
  uint64_t h = 0xcbf29ce484222325;
  const auto add = [&h](const auto& bytes) {
    for (const auto b : bytes) h = (h ^ static_cast<uint8_t>(b)) * 0x100000001b3;
    h = (h ^ bytes.size()) * 0x100000001b3;
  };
  add(r.user);
  add(body);
  return h ^ r.command;
}

// What a task's end says of the network. Large answers need their time, and servers what they asked for.
weak_network::task_end sign_of(const request& r, const task_profile& p) {
  const task_times& t = r.times;
  const duration waited = std::max(t.first_byte - r.server_time, duration::zero());
  const bool small = p.answer_size <= 64 * 1024;
  const bool failed = p.why == THARSIS_STN_NO_FIRST_BYTE || p.why == THARSIS_STN_STALLED || p.why == THARSIS_STN_NOT_WHOLE || p.why == THARSIS_STN_LOST;
  return {p.status == THARSIS_OK, failed, small ? waited + t.rest : waited, waited, small ? t.rest : duration::zero()};
}

// The server keeps answers by key, so what is to be answered anew needs another one.
std::vector<uint8_t> next_key(const std::vector<uint8_t>& key, uint32_t number) {
  sha256_sum sum;
  sum.add(key.data(), key.size());
  sum.add(&number, sizeof number);
  const std::string digits = sum.hex();
  return {digits.begin(), digits.end()};
}

}  // namespace

tharsis_status dispatcher::submit(const tharsis_stn_task& task, tharsis_handle* id, tharsis_error* error) {
  direction to;
  if (const tharsis_status s = intake_.check(task, to, error); s != THARSIS_OK) return counts_.tasks_refused.add(), s;
  const tharsis_handle strand = host_.loop->current(host_.loop->self);
  if (strand == 0)
    return refuse(error, THARSIS_E_INVALID, "tasks are started on a strand, where their answers can go");
  if (stopping_) return refuse(error, THARSIS_E_GONE, "stn is stopping");
  const bool durable = (task.flags & THARSIS_STN_DURABLE) != 0;
  if (durable && !desk_) return refuse(error, THARSIS_E_UNSUPPORTED, "there is no outbox for durable tasks; set outbox.use: on");
  tharsis_handle number = 0;
  if (!open_->open(number))
    return refuse(error, THARSIS_E_BUSY,
                  std::to_string(settings_.tasks.waiting_max) +
                      " tasks wait already (tasks.waiting_max); try again after an answer");
  const size_t link = to.link;
  auto r = intake_.make(task, number, std::move(to));
  r->from = {strand, task.context, task.done, task.encode, task.decode, THARSIS_HAS(&task, on_disk) ? task.on_disk : nullptr};
  if (durable) r->kept = task_intake::keep(task, *r);
  if (id != nullptr) *id = number;  // Before the answer can come on another thread.
  if (strand == own_strand_) return accept(std::move(r), link), THARSIS_OK;
  if (inbox_.send({letter::kind::start, link, number, std::move(r)}) == THARSIS_OK) return THARSIS_OK;
  open_->close(number);
  return refuse(error, THARSIS_E_GONE, "stn has stopped");
}

// What an earlier process has left.
result<std::unique_ptr<request>> dispatcher::revive(const kept_task& left) {
  auto r = intake_.make_again(left);
  if (!r) return r;
  if (!open_->open((*r)->id)) return error{THARSIS_E_BUSY, "too many tasks wait already (tasks.waiting_max)"};
  counts_.tasks_accepted.add();
  counts_.tasks_open.add(1);
  return r;
}

tharsis_status dispatcher::refuse(tharsis_error* error, tharsis_status status, const std::string& reason) const {
  counts_.tasks_refused.add();
  return fail(error, status, reason);
}

void dispatcher::cancel(tharsis_handle id) { inbox_.send({letter::kind::cancel, 0, id}); }
void dispatcher::clear(tharsis_text link, tharsis_text user) { say(letter::kind::clear, link, user); }
void dispatcher::redo(tharsis_text link) { say(letter::kind::redo, link); }
void dispatcher::touch(tharsis_text link) { say(letter::kind::touch, link); }
void dispatcher::reset(tharsis_text link) { say(letter::kind::reset, link); }

void dispatcher::say(letter::kind what, tharsis_text link, tharsis_text user) {
  letter l;
  l.what = what;
  l.name = view(link);
  l.text = view(user);
  inbox_.send(std::move(l));
}

void dispatcher::on_letter(void* context, letter l) {
  auto& self = *static_cast<dispatcher*>(context);
  switch (l.what) {
    case letter::kind::start: return self.accept(std::move(l.of), l.link);
    case letter::kind::cancel: return self.withdraw(l.id);
    case letter::kind::again: return self.try_again(std::move(l.of), l.number, l.link);
    case letter::kind::ended: return self.on_judged(l);
    case letter::kind::encoded:
      return self.on_made(l.id, l.number, l.link, l.short_link,
                          l.status == THARSIS_OK ? result<std::vector<uint8_t>>(std::move(l.body)) : error{l.status, std::move(l.text)});
    case letter::kind::go: return self.let_go(l.link);
    case letter::kind::clear:
    case letter::kind::redo:
    case letter::kind::touch:
    case letter::kind::reset: return self.on_said(l);
    default:
      if (self.desk_) self.desk_->on_letter(std::move(l));
      return;
  }
}

// To the long and the short links that are meant.
void dispatcher::on_said(const letter& l) {
  for (longlink* link : links_.all())
    if (is_meant(l.name, *link)) on_said(l, *link);
  if (l.what == letter::kind::clear || l.what == letter::kind::reset) {
    shorts_.end_tasks(l.name, {THARSIS_E_CANCELLED, THARSIS_STN_CLEARED, "the tasks were cleared"}, l.text);
    clear_judged(l.name, l.text);
    if (desk_) desk_->clear(l.name, l.text);
  }
  if (l.what != letter::kind::clear && desk_) desk_->hurry();
  if (l.what != letter::kind::clear) shorts_.hurry(l.name, l.what != letter::kind::touch);
}

// By its own name, its group's, or none.
bool dispatcher::is_meant(std::string_view name, const longlink& link) const {
  return name.empty() || link.name() == name || choice_.is_in(name, link);
}

void dispatcher::on_said(const letter& l, longlink& link) {
  if (l.what == letter::kind::touch) return link.touch();
  if (l.what != letter::kind::redo) link.end_tasks({THARSIS_E_CANCELLED, THARSIS_STN_CLEARED, "the tasks were cleared"}, l.text);
  if (l.what != letter::kind::clear) link.reconnect("the application wanted another connection");
}

void dispatcher::clear_judged(std::string_view name, std::string_view user) {
  judged_.withdraw_all(user, [&](const judged_tasks::entry& j) {
    const longlink* const link = links_.at(j.link);
    return name.empty() || (!j.short_link.empty() ? j.short_link == name : link != nullptr && is_meant(name, *link));
  });
}

void dispatcher::accept(std::unique_ptr<request> r, size_t link) {
  counts_.tasks_accepted.add();
  counts_.tasks_open.add(1);
  if (r->kept != nullptr) return desk_->keep(std::move(r));
  admit(std::move(r), link);
}

void dispatcher::admit(std::unique_ptr<request> r, size_t link) {
  if (stopping_) return end(std::move(r), THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn is stopping", link);
  if (const auto* s = stopped_.find(r->command, r->user, place_.now()))
    return tell({std::move(r), THARSIS_E_REFUSED, s->body, "the server wants no more of these for now", THARSIS_STN_STOPPED_COMMAND, s->code}, link);
  const bool settled = (r->http.link != 0 && r->http.only) || r->minor.pool != 0;
  if (settled || !route_.there()) return go(std::move(r), link);
  const longlink* const named = links_.at(link);
  if (named == nullptr && r->group == 0) return go(std::move(r), link);
  const auto name = route_.route(*r, named != nullptr ? named->name() : choice_.name_of(r->group));
  if (!name) return end(std::move(r), name.status(), THARSIS_STN_NOT_ROUTED, name.failure().text, link);
  const size_t other = names_.find(*name);
  r->group = other == link_names::none ? choice_.group_named(*name) : 0;
  if (other == link_names::none && r->group == 0)
    return end(std::move(r), THARSIS_E_NOT_FOUND, THARSIS_STN_NOT_ROUTED, "the application wants the task on link '" + *name + "', which there is not", link);
  if (r->group != 0 && (r->order != 0 || r->bound != 0))
    return end(std::move(r), THARSIS_E_INVALID, THARSIS_STN_NOT_ROUTED,
               "the application wants the task over the group '" + *name + "', and it has an order or a connection: those are one link's", link);
  go(std::move(r), other);
}

void dispatcher::go(std::unique_ptr<request> r, size_t link) {
  const bool has_body = r->from.encode == nullptr;  // Else it is counted when it is made.
  if (auto refused = has_body ? over_limits(*r, r->body) : std::nullopt) return end(std::move(r), refused->status, refused->why, std::move(refused->reason), link);
  carry(std::move(r), link);
}

std::optional<ending> dispatcher::over_limits(const request& r, const std::vector<uint8_t>& body) {
  // The outbox has its own bounds, and sends again what must not be counted again.
  if (!limits_.on() || r.entry != 0) return std::nullopt;
  switch (limits_.check(fingerprint(r, body), body.size(), r.has(THARSIS_STN_ANY_REPEATS), r.has(THARSIS_STN_ANY_FLOW), place_.now())) {
    case task_limits::verdict::fine: break;
    case task_limits::verdict::repeated:
      return ending{THARSIS_E_BUSY, THARSIS_STN_REPEATED_TOO_OFTEN,
                    "the same request came more than " + std::to_string(settings_.tasks.repeats.most) + " times (tasks.repeats.most)"};
    case task_limits::verdict::flood:
      return ending{THARSIS_E_BUSY, THARSIS_STN_FLOOD, "requests have filled the " + std::to_string(settings_.tasks.flow.capacity) + " bytes of tasks.flow.capacity"};
  }
  return std::nullopt;
}

void dispatcher::carry(std::unique_ptr<request> r, size_t link) {
  if (r->minor.pool != 0) {
    if (longlink* const minor = minor_for(r->minor)) return minor->submit(std::move(r));
    if (r->minor.alone)
      return end(std::move(r), THARSIS_E_BUSY, THARSIS_STN_MINOR_BUSY, "each minor link that the profile allows is busy with another host's tasks", link);
    link = r->minor.otherwise;
  }
  if (r->group != 0) link = choice_.choose(r->group);
  longlink* const way = links_.at(link);
  const bool is_up = way != nullptr && way->state() == THARSIS_STN_UP;
  const bool could_be = way != nullptr && r->http.link != 0 && !r->http.only;
  r->http.partner = link;
  if (shorts_.take(r, is_up && !(r->has(THARSIS_STN_FAST) && way->unanswered() > 0))) {
    if (could_be) way->want();  // The next one may go over it.
    return;
  }
  if (way != nullptr) return way->submit(std::move(r));
  end(std::move(r), THARSIS_E_GONE, THARSIS_STN_LINK_REMOVED, "the task's link was removed before its turn came", link);
}

longlink* dispatcher::minor_for(const minor_request& r) {
  bool is_new = false;
  longlink* const link = minors_.choose(r, is_new);
  if (link != nullptr && is_new) {
    link->want();
    begin(*link);
  }
  return link;
}

// Unless a task has come since.
void dispatcher::let_go(size_t link) {
  const longlink* const minor = links_.at(link);
  if (minor == nullptr || stopping_ || !minors_.may_go(*minor)) return;
  minors_.remove(link, "no task has needed it for a while");
  news_.touch();
  book_.touch();
}

void dispatcher::withdraw(tharsis_handle id) {
  if (desk_ && desk_->cancel(id)) return;
  if (judged_.withdraw(id)) return;
  for (longlink* link : links_.all())
    if (link->cancel(id)) return;
  shorts_.cancel(id);
}

void dispatcher::ask(const encode_wish& wish, size_t link) {
  const std::string& name = wish.short_link != 0 ? shorts_.at(wish.short_link).name() : links_.at(link)->name();
  if (wish.from.strand == own_strand_) return on_made(wish.id, wish.connection, link, wish.short_link, encoded(wish, name));
  outbox_.send(wish.from.strand, task_delivery(wish, name, link, open_));
}

// A caller has made the body of its task.
void dispatcher::on_made(uint64_t id, uint32_t connection, size_t link, size_t short_link, result<std::vector<uint8_t>> body) {
  longlink* const way = links_.at(link);
  if (short_link == 0 && way == nullptr) return;
  const request* const r = short_link != 0 ? shorts_.at(short_link).find(id) : way->find(id);
  if (r == nullptr) return;
  uint32_t why = THARSIS_STN_NOT_ENCODED;
  if (body && !r->counted)
    if (auto refused = over_limits(*r, *body)) {
      why = refused->why;
      body = error{refused->status, std::move(refused->reason)};
    }
  if (short_link != 0) shorts_.at(short_link).on_encoded(id, connection, std::move(body), why);
  else way->on_encoded(id, connection, std::move(body), why);
}

void dispatcher::take(answer a, size_t link) {
  if (a.of->entry != 0) return desk_->on_end(std::move(a));
  const tharsis_handle to = a.of->from.strand;
  if (a.status == THARSIS_OK && a.of->is_judged()) {
    judged_.add(a.of->id, {link, a.of->http.taken ? shorts_.at(a.of->http.link).name() : std::string(), a.of->user});
    a.of->aside_at = place_.now();
    return outbox_.send(to, task_delivery(std::move(a), link, open_));
  }
  if (to != own_strand_) return tell(std::move(a), link);
  close(a, link);
  tell_end(*a.of, a.status, a.why, a.body, a.reason);
}

void dispatcher::on_state(size_t link) {
  news_.touch();
  longlink* const changed = links_.at(link);
  if (changed == nullptr || stopping_) return;
  if (minors_.may_go(*changed)) {
    letter l;
    l.what = letter::kind::go;
    l.link = link;
    inbox_.send(std::move(l));  // It is not to be destroyed in the middle of what it does.
  }
  for (auto& r : choice_.on_state(*changed)) carry(std::move(r), link);
}

void dispatcher::close(const answer& a, size_t link) {
  count(*a.of, {{}, a.reason, 0, a.status, a.why, a.code, false, a.body.size(), {}}, link);
  open_->close(a.of->id);
}

void dispatcher::count(const request& r, const task_profile& p, size_t link) {
  task_profile all = p;
  all.took = place_.now() - r.since;
  counts_.on_answer(p.status, all.took);
  if (!r.has(THARSIS_STN_SEND_ONLY) && !r.http.long_poll) weak_.on_task(sign_of(r, p));
  all.weak = weak_.now().weak();
  const bool minor = r.minor.pool != 0 && link != r.minor.otherwise;
  all.channel = r.http.taken ? uint32_t{THARSIS_STN_SHORT} : minor ? uint32_t{THARSIS_STN_MINOR} : uint32_t{THARSIS_STN_LONG};
  if (const longlink* by = links_.at(link); by != nullptr) all.link = by->name();
  if (r.http.taken) all.link = shorts_.at(r.http.link).name();
  events_.on_task(r, all);
  if (r.keyed_again + r.keyed_copies > 0) count_keyed(r, all.link);
}

void dispatcher::count_keyed(const request& r, std::string_view link) {
  counts_.keyed_repeated.add();
  counts_.keyed_copies.add(r.keyed_copies);
  std::string why;
  if (r.keyed_again > 0) why = "its answer did not come";
  if (r.keyed_copies > 0) why += (why.empty() ? "" : ", ") + std::to_string(r.keyed_copies) + (r.keyed_copies == 1 ? " copy" : " copies") + " of it left beside it";
  const uint32_t more = r.keyed_again + r.keyed_copies;
  events_.on_measure({std::string(link), "a task of command " + std::to_string(r.command) + " was sent " + std::to_string(more + 1) +
                          " times, though it has no key of the application's: " + why + ", and the server says that it carries each out once",
                      THARSIS_STN_MEASURE_DEDUPLICATED, r.body.size() * more});
}

// Where nobody is any more, nobody hears it.
void dispatcher::tell(answer a, size_t link) {
  if (a.of->entry != 0) return desk_->on_end(std::move(a));
  hand_over(std::move(a), link);
}

void dispatcher::hand_over(answer a, size_t link) {
  close(a, link);
  const tharsis_handle to = a.of->from.strand;
  outbox_.send(to, a.of->entry != 0 ? task_delivery(std::move(a), open_) : task_delivery(std::move(a)));
}

void dispatcher::end(std::unique_ptr<request> r, tharsis_status status, uint32_t why, std::string reason, size_t link) {
  free_order(*r, link);
  tell({std::move(r), status, {}, std::move(reason), why}, link);
}

void dispatcher::free_order(const request& r, size_t link) {
  if (!r.owns_order) return;
  longlink* const by = links_.at(link);
  if (r.http.taken) shorts_.at(r.http.link).on_order_free(r.order);
  else if (by != nullptr) by->on_order_free(r.order);
}

// Its caller has ended it.
void dispatcher::on_judged(const letter& l) {
  judged_.take(l.id);
  count(*l.of, {{}, {}, 0, l.status, l.number, l.code, false, l.body.size(), {}}, l.link);
  free_order(*l.of, l.link);
  if (l.number == THARSIS_STN_STOPPED_COMMAND)
    stopped_.add({l.of->command, l.of->user, later(place_.now(), settings_.tasks.stop), l.body, l.code}, place_.now());
}

// Its caller wants another answer.
void dispatcher::try_again(std::unique_ptr<request> r, uint32_t verdict, size_t link) {
  const bool withdrawn = judged_.take(r->id);
  if (stopping_) return end(std::move(r), THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn is stopping", link);
  if (withdrawn) return end(std::move(r), THARSIS_E_CANCELLED, THARSIS_STN_CANCELLED, "the task was cancelled", link);
  r->times.queued += place_.now() - r->aside_at;
  longlink* const way = links_.at(link);
  if (way != nullptr && verdict == THARSIS_STN_SESSION_OVER && r->connection == way->connection())
    way->reconnect("the application says that its session is over");
  if (verdict != THARSIS_STN_RETRY) {
    if (way != nullptr) way->send_again(r->user);
    shorts_.send_again(r->user);
  }
  const bool is_free = verdict == THARSIS_STN_SESSION_OVER && !std::exchange(r->session_renewed, true);
  if (is_free) ++r->retries;
  if (static_cast<int64_t>(r->sends) > r->retries)
    return end(std::move(r), THARSIS_E_REFUSED, THARSIS_STN_ENDED,
               "the application wants another answer, and the task's retries are used up", link);
  if (place_.now() >= r->deadline)
    return end(std::move(r), THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, "the application wants another answer, and the task's time is over", link);
  if (!r->key.empty()) r->key = next_key(r->key, ++r->judged_again);
  carry(std::move(r), link);
}

}  // namespace tharsis::stn
