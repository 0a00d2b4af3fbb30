#include "plugins/stn/outbox_desk.h"

#include "sdk/abi/stn_measure.h"
#include "sdk/async/any_number.h"

namespace tharsis::stn {
namespace {

kept_answer answer_of(const answer& a, uint32_t sends) {
  return {a.status, a.why, a.of->http.status, sends, {a.body.begin(), a.body.end()}, a.reason};
}

// Empty: any.
bool is_meant(const kept_task& t, std::string_view link, std::string_view user) { return (link.empty() || link == t.link) && (user.empty() || user == t.user); }

}  // namespace

outbox_desk::outbox_desk(strand& place, const host& tables, const outbox_settings& s, std::string path, std::string client,
                         std::shared_ptr<open_tasks> tasks, services does)
    : place_(place),
      host_(tables),
      book_(s),
      new_client_(std::move(client)),
      tasks_(std::move(tasks)),
      does_(std::move(does)),
      disk_(place, tables, s, std::move(path), [this] { return book_.snapshot(); }),
      letters_(place),
      changed_(place),
      work_(place) {}

void outbox_desk::start() {
  disk_.open([this](result<std::vector<outbox_record>> found) { on_read(std::move(found)); });
}

void outbox_desk::on_read(result<std::vector<outbox_record>> found) {
  is_read_ = true;
  if (found) {
    book_.load(std::move(*found), place_.wall(), place_.now());
    if (book_.client().empty()) book_.set_client(new_client_);
  } else {
    trouble_ = found.failure();
    host_.error("there is no outbox: " + trouble_.text);
  }
  does_.open(book_.client());
  for (auto& l : std::exchange(early_letters_, {})) on_letter(std::move(l));  // Of what was started since nothing was said there.
  for (auto& r : std::exchange(early_, {})) put(std::move(r));
  if (found) work_.spawn(run());
}

// ---- onto the disk

void outbox_desk::keep(std::unique_ptr<request> r) {
  if (!is_read_ && !stopping_) return early_.push_back(std::move(r));
  put(std::move(r));
}

void outbox_desk::put(std::unique_ptr<request> r) {
  if (stopping_) return refuse(std::move(r), {THARSIS_E_CANCELLED, "stn is stopping"});
  if (trouble_.status != THARSIS_OK) return refuse(std::move(r), trouble_);
  auto number = book_.put(std::move(*r->kept), r->deadline - r->since, place_.wall(), place_.now());
  r->kept.reset();
  if (!number) return refuse(std::move(r), number.failure());
  r->entry = *number;
  r->deadline = book_.find(*number)->deadline;
  r->aside_at = place_.now();
  here_.emplace(*number, std::move(r));
  disk_.write(book_.put_record(*number), [this, n = *number](const error& e) { on_put(n, e); });
}

void outbox_desk::on_put(uint64_t number, const error& e) {
  const auto found = here_.find(number);
  if (found == here_.end()) return;  // Withdrawn meanwhile.
  if (e.status != THARSIS_OK) {
    auto r = std::move(found->second);
    here_.erase(found);
    book_.remove(number);
    return refuse(std::move(r), e);
  }
  book_.on_disk(number);
  tell_measure(THARSIS_STN_MEASURE_KEPT, number, "it is on the disk, until it has an answer and that is acknowledged");
  const request& r = *found->second;
  if (r.from.on_disk != nullptr) letters_.send(r.from.strand, outbox_delivery(r.from.context, r.from.on_disk, r.id, number));
  changed_.raise();
}

void outbox_desk::refuse(std::unique_ptr<request> r, const error& why) {
  r->entry = 0;
  does_.tell({std::move(r), why.status, {}, "the task was not kept: " + why.text, THARSIS_STN_NOT_KEPT});
}

// ---- to the links

task<void> outbox_desk::run() {
  while (!stopping_) {
    pump();
    co_await changed_.wait(book_.deadline());
  }
}

void outbox_desk::pump() {
  const instant now = place_.now();
  for (const uint64_t n : book_.expired(now)) {
    kept_answer over{THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, 0, book_.find(n)->sends, {}, "the task's life was over before it had an answer"};
    finish(n, std::move(over), take_here(n));
  }
  for (const uint64_t n : book_.unwanted(now)) {
    host_.warning("the answer of entry " + std::to_string(n) + " is dropped: nobody has acknowledged it for as long as outbox.ttl");
    drop(n);
  }
  for (const uint64_t n : book_.take_due(now)) send(n);
}

// Null: its caller is not of this process.
std::unique_ptr<request> outbox_desk::take_here(uint64_t number) {
  auto waits = here_.extract(number);
  return waits ? std::move(waits.mapped()) : nullptr;
}

void outbox_desk::send(uint64_t number) {
  const outbox_book::entry& e = *book_.find(number);
  std::unique_ptr<request> r = take_here(number);
  if (r != nullptr) {
    r->times.queued += place_.now() - r->aside_at;
  } else {
    auto made = does_.revive(e.task);
    if (!made) {
      const uint64_t chance = number * 0x9E3779B97F4A7C15 >> 32;
      const auto v = book_.on_try(number, made.status(), THARSIS_STN_NOT_ROUTED, 0, place_.now(), chance);
      if (v == outbox_book::verdict::again) return;
      return finish(number, {made.status(), THARSIS_STN_NOT_ROUTED, 0, e.sends, {}, made.failure().text}, nullptr);
    }
    r = std::move(*made);
    r->entry = number;
    r->deadline = e.deadline;
  }
  // The outbox has pauses of its own: what is parked with a link would be sent again each time that this comes up.
  r->flags &= ~uint32_t{THARSIS_STN_PARK};
  r->sends = 0;
  r->lost = false;
  r->earlier_sends = e.sends;
  r->retries = e.lost ? 0 : e.task.retries;  // A budget that has grown in its pause is not all for one that connections die of.
  r->was_parked = e.pause > outbox_pause_min;  // One more attempt over a short link, and not all of them.
  r->is_first = true;
  r->borrowed = false;
  away_[number] = r->id;
  does_.send(std::move(r), std::string(e.task.link));
}

void outbox_desk::on_end(answer a) {
  const uint64_t n = a.of->entry;
  away_.erase(n);
  const outbox_book::entry* const e = book_.find(n);
  const bool has_caller = a.of->from.done != nullptr;
  if (e == nullptr) return withdraw(n, std::move(a.of), a.why, std::move(a.reason));
  const auto v = book_.on_try(n, a.status, a.why, a.of->sends, place_.now(), any_number(*host_.random), a.of->lost);
  if (v == outbox_book::verdict::withdrawn) return withdraw(n, std::move(a.of), a.why, std::move(a.reason));
  if (v == outbox_book::verdict::over) {
    kept_answer kept = answer_of(a, e->sends);
    return finish(n, std::move(kept), std::move(a.of));
  }
  if (a.of->sends > 0) disk_.write(book_.sent_record(n, place_.wall()));
  if (stopping_ || a.why == THARSIS_STN_STOPPING) return tell_stopping(std::move(a.of));
  tell_measure(THARSIS_STN_MEASURE_KEPT_AGAIN, n, "it goes again: " + a.reason);
  a.of->aside_at = place_.now();
  if (has_caller) here_[n] = std::move(a.of);
  else does_.forget(*a.of);
  changed_.raise();
}

// ---- ends

void outbox_desk::finish(uint64_t number, kept_answer a, std::unique_ptr<request> r) {
  const auto end = std::make_shared<ended>(ended{std::move(r), std::nullopt});
  if (!book_.has_room_for(number, a)) {
    host_.warning("the answer of entry " + std::to_string(number) + ", of " + std::to_string(a.body.size()) + " bytes, is kept without its body: outbox.bytes has no room for it");
    end->whole = a;
    a = outbox_book::without_body(std::move(a));
  }
  book_.answer(number, std::move(a), place_.wall(), place_.now());
  changed_.raise();  // The next of its order.
  disk_.write(book_.answer_record(number), [this, number, end](const error&) { on_answer_kept(number, std::move(*end)); });
}

// Also where the disk did not take it: it is written later, and nobody who waits is better off without it. Its caller gets the
// body also where that was not kept.
void outbox_desk::on_answer_kept(uint64_t number, ended end) {
  const outbox_book::entry* const e = book_.find(number);
  auto r = std::move(end.of);
  if (r != nullptr && r->from.done == nullptr) does_.forget(*r);
  if (r == nullptr || r->from.done == nullptr) return tell(book_.on_answered(number));
  answer a;
  a.of = std::move(r);
  if (e == nullptr) return withdraw(number, std::move(a.of), THARSIS_STN_CANCELLED, "the task was discarded");
  const kept_answer& told = end.whole ? *end.whole : *e->answer;
  a.of->http.status = told.http_status;
  a.of->sends = told.sends;
  a.status = told.status;
  a.why = told.why;
  a.body = told.body;
  a.reason = told.reason;
  does_.tell(std::move(a));
}

// It is gone before anybody hears of that.
void outbox_desk::withdraw(uint64_t number, std::unique_ptr<request> r, uint32_t why, std::string reason) {
  if (book_.find(number) == nullptr) return tell_withdrawn(std::move(r), why, std::move(reason));
  drop(number, [this, why, reason = std::move(reason), r = std::make_shared<std::unique_ptr<request>>(std::move(r))](const error&) {
    tell_withdrawn(std::move(*r), why, reason);
  });
}

void outbox_desk::tell_withdrawn(std::unique_ptr<request> r, uint32_t why, std::string reason) {
  if (r == nullptr) return;
  if (r->from.done == nullptr) return does_.forget(*r);
  r->entry = 0;
  if (why == THARSIS_STN_ANSWERED) why = THARSIS_STN_CANCELLED, reason = "the task was discarded";
  does_.tell({std::move(r), THARSIS_E_CANCELLED, {}, std::move(reason), why});
}

void outbox_desk::drop(uint64_t number, outbox_disk::on_written then) {
  book_.remove(number);
  disk_.write(gone_record(number, place_.wall()), std::move(then));
  changed_.raise();
}

// Those that were not put yet leave nothing behind.
std::vector<std::unique_ptr<request>> outbox_desk::take_early(const std::function<bool(const request&)>& meant) {
  std::vector<std::unique_ptr<request>> taken, stay;
  for (auto& r : std::exchange(early_, {})) (meant(*r) ? taken : stay).push_back(std::move(r));
  early_ = std::move(stay);
  return taken;
}

bool outbox_desk::cancel(tharsis_handle id) {
  for (auto& r : take_early([id](const request& one) { return one.id == id; }))
    return tell_withdrawn(std::move(r), THARSIS_STN_CANCELLED, "the task was cancelled"), true;
  for (auto& [n, r] : here_) {
    if (r->id != id) continue;
    const uint64_t number = n;
    auto mine = std::move(r);
    here_.erase(number);
    withdraw(number, std::move(mine), THARSIS_STN_CANCELLED, "the task was cancelled");
    return true;
  }
  return false;
}

void outbox_desk::clear(std::string_view link, std::string_view user) {
  if (is_read_) return clear_kept(link, user);
  task_letter rest;  // Of what may stand in the file.
  rest.what = task_letter::kind::clear;
  rest.name = link;
  rest.text = user;
  early_letters_.push_back(std::move(rest));
  for (auto& r : take_early([&](const request& one) { return is_meant(*one.kept, link, user); })) tell_withdrawn(std::move(r), THARSIS_STN_CLEARED, "the tasks were cleared");
}

void outbox_desk::clear_kept(std::string_view link, std::string_view user) {
  std::vector<uint64_t> meant;
  for (const auto& [n, e] : book_.entries())
    if (!e.answer && !e.running && is_meant(e.task, link, user)) meant.push_back(n);
  for (const uint64_t n : meant) withdraw(n, take_here(n), THARSIS_STN_CLEARED, "the tasks were cleared");
}

void outbox_desk::hurry() {
  book_.hurry();
  changed_.raise();
}

// ---- what others say

void outbox_desk::on_letter(task_letter l) {
  if (!is_read_) return early_letters_.push_back(std::move(l));
  switch (l.what) {
    case task_letter::kind::adopt:
      takers_[l.taker->id] = l.taker;
      return tell(book_.adopt(l.taker->id, l.taker->command, l.taker->user));
    case task_letter::kind::release: return release(l.id);
    case task_letter::kind::unheard: return tell(book_.on_caller_gone(l.id));
    case task_letter::kind::list: return list(l.taker);
    case task_letter::kind::clear: return clear_kept(l.name, l.text);
    case task_letter::kind::acknowledge:
      if (const auto* e = book_.find(l.id); e != nullptr && e->answer) drop(l.id);
      return;
    case task_letter::kind::discard: {
      if (book_.find(l.id) == nullptr) return;
      if (const auto away = away_.find(l.id); away != away_.end()) {
        drop(l.id);
        return does_.cancel(away->second);
      }
      return withdraw(l.id, take_here(l.id), THARSIS_STN_CANCELLED, "the task was discarded");
    }
    default: return;
  }
}

void outbox_desk::tell(const std::vector<outbox_book::news>& news) {
  for (const auto& n : news) {
    const auto to = takers_.find(n.adopter);
    const outbox_book::entry* const e = book_.find(n.entry);
    if (to == takers_.end() || e == nullptr) continue;
    letters_.send(to->second->strand, outbox_delivery(to->second, shown_entry(n.entry, *e, place_.now()),
                                                      n.answered ? e->answer : std::nullopt, tasks_));
  }
}

void outbox_desk::tell_measure(uint32_t what, uint64_t number, std::string reason) const {
  const outbox_book::entry& e = *book_.find(number);
  does_.measured({e.task.link, "entry " + std::to_string(number) + " of the outbox: " + std::move(reason), what, static_cast<uint64_t>(e.size), {}});
}

void outbox_desk::list(const std::shared_ptr<const outbox_taker>& to) {
  std::vector<shown_entry> all;
  for (const auto& [n, e] : book_.entries())
    if (e.on_disk) all.emplace_back(n, e, place_.now());
  letters_.send(to->strand, outbox_delivery(to, std::move(all)));
}

void outbox_desk::release(uint64_t adopter) {
  const auto found = takers_.find(adopter);
  if (found == takers_.end()) return;
  const auto was = found->second;
  takers_.erase(found);
  const auto news = book_.release(adopter);
  letters_.send(was->strand, outbox_delivery(was));
  tell(news);
}

// ---- the end

void outbox_desk::tell_stopping(std::unique_ptr<request> r) {
  if (r->from.done == nullptr) return does_.forget(*r);
  does_.tell({std::move(r), THARSIS_E_CANCELLED, {}, "stn is stopping; the task stays in the outbox", THARSIS_STN_STOPPING});
}

void outbox_desk::stop() {
  stopping_ = true;
  for (auto& r : std::exchange(early_, {})) refuse(std::move(r), {THARSIS_E_CANCELLED, "stn is stopping"});
}

task<void> outbox_desk::close(instant deadline) {
  co_await disk_.close(deadline);
  for (auto& [n, r] : std::exchange(here_, {})) tell_stopping(std::move(r));
  for (const auto& [id, to] : std::exchange(takers_, {})) letters_.send(to->strand, outbox_delivery(to));
  work_.clear();
}

}  // namespace tharsis::stn
