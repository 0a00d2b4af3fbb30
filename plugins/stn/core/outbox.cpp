#include "plugins/stn/core/outbox.h"

#include <algorithm>

#include "sdk/abi/stn.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

std::string key_text(const kept_task& t) { return std::string(as_text(t.key)); }

// Of an entry with this answer, or with none yet. A record of it is never larger.
int64_t size_of(const kept_task& t, const kept_answer* answer) {
  const size_t names = t.link.size() + t.user.size() + t.path.size() + t.host.size() + t.key.size();
  int64_t n = static_cast<int64_t>(names) + outbox_entry_cost;
  if (answer != nullptr) return n + std::max(static_cast<int64_t>(answer->body.size() + answer->reason.size()), outbox_sentence_room);
  for (const auto& h : t.headers) n += static_cast<int64_t>(h.name.size() + h.value.size()) + outbox_header_cost;
  return n + static_cast<int64_t>(t.body.size()) + outbox_sentence_room;
}

int64_t size_of(const outbox_book::entry& e) { return size_of(e.task, e.answer ? &*e.answer : nullptr); }

// How long is left of `life` that began at `since`, by a wall clock that may be wrong.
duration left_of(duration life, int64_t since, int64_t wall) {
  const duration age = wall > since && since > 0 ? duration(wall - since) : duration{};
  return std::max(life > age ? life - age : duration{}, std::min(life, outbox_grace));
}

// Whether the same request may well be answered otherwise later.
bool may_change(tharsis_status status, uint32_t why) {
  if (why == THARSIS_STN_STOPPING || why == THARSIS_STN_STOPPED_COMMAND || why == THARSIS_STN_NO_ANSWER) return true;
  switch (status) {
    case THARSIS_E_BUSY:
    case THARSIS_E_TIMEOUT:
    case THARSIS_E_NETWORK:
    case THARSIS_E_GONE:
    case THARSIS_E_NOT_FOUND:  // Its link may come back with the next profile.
    case THARSIS_E_REFUSED:
    case THARSIS_E_RESET:
    case THARSIS_E_UNREACHABLE:
    case THARSIS_E_UNTRUSTED: return true;
    default: return false;
  }
}

}  // namespace

// ---- start

void outbox_book::load(std::vector<outbox_record> records, int64_t wall, instant now) {
  for (outbox_record& r : records) take_over(std::move(r), wall, now);
  if (client_.empty()) next_ = std::max(next_, static_cast<uint64_t>(std::max<int64_t>(wall, 0)) / 1000 + 1);
}

void outbox_book::take_over(outbox_record r, int64_t wall, instant now) {
  if (r.what == outbox_record::kind::client) {
    client_ = std::move(r.client);
    next_ = std::max(next_, r.entry);
    return;
  }
  next_ = std::max(next_, r.entry + 1);
  if (r.what == outbox_record::kind::put) {
    if (r.task.key.empty() || entries_.contains(r.entry) || by_key_.contains(key_text(r.task))) return;
    entry e;
    e.task = std::move(r.task);
    e.put_at = r.wall;
    e.life = r.life;
    e.deadline = later(now, left_of(r.life, r.wall, wall));
    e.on_disk = true;
    return add(r.entry, std::move(e));
  }
  entry* const e = at(r.entry);
  if (e == nullptr) return;
  if (r.what == outbox_record::kind::sent) e->sends = r.sends;
  if (r.what == outbox_record::kind::acknowledged) remove(r.entry);
  if (r.what == outbox_record::kind::answered && answer(r.entry, std::move(r.answer), r.wall, now))
    e->deadline = later(now, left_of(settings_.ttl, r.wall, wall));
}

// ---- entries

result<uint64_t> outbox_book::put(kept_task task, duration life, int64_t wall, instant now) {
  if (task.key.empty()) return error{THARSIS_E_INVALID, "a durable task needs a key: it may be sent again"};
  if (const auto same = by_key_.find(key_text(task)); same != by_key_.end())
    return error{THARSIS_E_IN_USE, "the outbox has a task of this key already, as entry " + std::to_string(same->second)};
  if (static_cast<int64_t>(entries_.size()) >= settings_.count)
    return error{THARSIS_E_BUSY, "the outbox holds " + std::to_string(entries_.size()) + " tasks (outbox.count); acknowledge some, or wait for answers"};
  entry e;
  e.task = std::move(task);
  e.put_at = wall;
  e.life = life > duration::zero() ? life : settings_.ttl;
  e.deadline = later(now, e.life);
  e.holder = caller_here;
  const int64_t size = size_of(e);
  if (size > outbox_record_max)
    return error{THARSIS_E_INVALID, "this task has " + std::to_string(size) + " bytes, and an entry of the outbox may have " + std::to_string(outbox_record_max)};
  if (bytes_ + size > settings_.bytes)
    return error{THARSIS_E_BUSY, "the outbox holds " + std::to_string(bytes_) + " bytes, and this task has " + std::to_string(size) +
                                     "; outbox.bytes allows " + std::to_string(settings_.bytes)};
  const uint64_t number = next_++;
  add(number, std::move(e));
  return number;
}

void outbox_book::add(uint64_t number, entry e) {
  by_key_.emplace(key_text(e.task), number);
  resize(entries_.emplace(number, std::move(e)).first->second);
}

void outbox_book::resize(entry& e) {
  bytes_ -= e.size;
  e.size = size_of(e);
  bytes_ += e.size;
}

outbox_book::entry* outbox_book::at(uint64_t number) {
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : &found->second;
}

const outbox_book::entry* outbox_book::find(uint64_t number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : &found->second;
}

void outbox_book::on_disk(uint64_t number) {
  if (entry* const e = at(number)) e->on_disk = true;
}

void outbox_book::remove(uint64_t number) {
  entry* const e = at(number);
  if (e == nullptr) return;
  if (e->running) --running_;
  bytes_ -= e->size;
  by_key_.erase(key_text(e->task));
  entries_.erase(number);
}

// ---- tries

std::vector<uint64_t> outbox_book::take_due(instant now) {
  std::vector<uint64_t> due;
  std::set<std::pair<std::string_view, uint64_t>> taken;  // Links and orders of which an older one has no answer.
  for (auto& [number, e] : entries_) {
    if (running_ >= outbox_running_max) break;
    if (e.answer) continue;
    const bool first = e.task.order == 0 || taken.emplace(e.task.link, e.task.order).second;
    if (!first || e.running || !e.on_disk || e.next_try > now || e.deadline <= now) continue;
    e.running = true;
    ++running_;
    due.push_back(number);
  }
  return due;
}

void outbox_book::hurry() {
  for (auto& [number, e] : entries_) {
    e.next_try = instant::min();
    if (e.pause <= outbox_pause_max) e.pause = outbox_pause_min;
  }
}

outbox_book::verdict outbox_book::on_try(uint64_t number, tharsis_status status, uint32_t why, uint32_t sends, instant now,
                                         uint64_t random, bool lost) {
  entry* const e = at(number);
  if (e == nullptr) return verdict::withdrawn;
  if (e->running) --running_;
  e->running = false;
  e->sends += sends;
  e->lost |= lost;
  if (status == THARSIS_E_CANCELLED && why != THARSIS_STN_STOPPING) return verdict::withdrawn;
  if (!may_change(status, why)) return verdict::over;
  if (now >= e->deadline && why != THARSIS_STN_STOPPING) return verdict::over;
  // Between three quarters and all of it, so that a server that had to refuse many does not see them all at once again.
  e->next_try = later(now, e->pause - e->pause / 4 / 1024 * static_cast<int64_t>(random % 1024));
  e->pause = std::max(e->pause, std::min(2 * e->pause, lost ? outbox_pause_lost_max : outbox_pause_max));
  return verdict::again;
}

bool outbox_book::has_room_for(uint64_t number, const kept_answer& a) const {
  const entry* const e = find(number);
  if (e == nullptr) return true;
  const int64_t size = size_of(e->task, &a);
  return size <= outbox_record_max && (size <= e->size || bytes_ - e->size + size <= settings_.bytes);
}

kept_answer outbox_book::without_body(kept_answer a) {
  const size_t size = std::exchange(a.body, {}).size();
  a.reason = utf8_cut(a.reason, static_cast<size_t>(outbox_sentence_room));
  if (a.status != THARSIS_OK) return a;
  a.status = THARSIS_E_FULL;
  a.why = THARSIS_STN_BODY_NOT_KEPT;
  a.reason = "the server has answered; the " + std::to_string(size) + " bytes of that had no room in the outbox (outbox.bytes), and the task is not sent again";
  return a;
}

bool outbox_book::answer(uint64_t number, kept_answer a, int64_t wall, instant now) {
  entry* const e = at(number);
  if (e == nullptr || e->answer) return false;
  if (e->running) --running_;
  e->running = false;
  e->answer = std::move(a);
  e->answered_at = wall;
  e->deadline = later(now, settings_.ttl);
  e->task.body = {};
  e->task.headers = {};
  resize(*e);
  return true;
}

std::vector<uint64_t> outbox_book::expired(instant now) const {
  std::vector<uint64_t> all;
  for (const auto& [number, e] : entries_)
    if (!e.answer && !e.running && e.on_disk && e.deadline <= now) all.push_back(number);
  return all;
}

std::vector<uint64_t> outbox_book::unwanted(instant now) const {
  std::vector<uint64_t> all;
  for (const auto& [number, e] : entries_)
    if (e.answer && e.deadline <= now) all.push_back(number);
  return all;
}

instant outbox_book::deadline() const {
  instant at = never;
  std::set<std::pair<std::string_view, uint64_t>> taken;
  for (const auto& [number, e] : entries_) {
    if (e.running || !e.on_disk) {
      if (!e.answer && e.task.order != 0) taken.emplace(e.task.link, e.task.order);
      continue;
    }
    at = std::min(at, e.deadline);
    const bool first = e.answer || e.task.order == 0 || taken.emplace(e.task.link, e.task.order).second;
    if (!e.answer && first && running_ < outbox_running_max) at = std::min(at, e.next_try);
  }
  return at;
}

// ---- who is told

bool outbox_book::wants(const adopter& a, const entry& e) {
  return (a.command == 0 || a.command == e.task.command) && (a.user.empty() || a.user == e.task.user);
}

void outbox_book::offer(uint64_t number, entry& e, std::vector<news>& to) const {
  if (e.holder == nobody) {
    const auto taker = std::find_if(adopters_.begin(), adopters_.end(), [&](const adopter& a) { return wants(a, e); });
    if (taker == adopters_.end()) return;
    e.holder = taker->id;
    if (!e.answer) to.push_back({e.holder, number, false});
  }
  if (!e.answer || e.holder == caller_here || std::exchange(e.told, true)) return;
  to.push_back({e.holder, number, true});
}

std::vector<outbox_book::news> outbox_book::offer_all() {
  std::vector<news> all;
  for (auto& [number, e] : entries_)
    if (e.on_disk) offer(number, e, all);
  return all;
}

std::vector<outbox_book::news> outbox_book::adopt(uint64_t id, uint32_t command, std::string user) {
  adopters_.push_back({id, command, std::move(user)});
  return offer_all();
}

std::vector<outbox_book::news> outbox_book::release(uint64_t id) {
  std::erase_if(adopters_, [id](const adopter& a) { return a.id == id; });
  for (auto& [number, e] : entries_) {
    if (e.holder != id) continue;
    e.holder = nobody;
    e.told = false;
  }
  return offer_all();
}

std::vector<outbox_book::news> outbox_book::on_caller_gone(uint64_t number) {
  std::vector<news> all;
  entry* const e = at(number);
  if (e == nullptr || e->holder != caller_here) return all;
  e->holder = nobody;
  e->told = false;
  offer(number, *e, all);
  return all;
}

std::vector<outbox_book::news> outbox_book::on_answered(uint64_t number) {
  std::vector<news> all;
  if (entry* const e = at(number)) offer(number, *e, all);
  return all;
}

// ---- records

outbox_record outbox_book::put_record(uint64_t number) const {
  const entry& e = entries_.at(number);
  outbox_record r = record_of(outbox_record::kind::put, number, e.put_at);
  r.life = e.life;
  r.task = e.task;
  return r;
}

outbox_record outbox_book::answer_record(uint64_t number) const {
  const entry& e = entries_.at(number);
  outbox_record r = record_of(outbox_record::kind::answered, number, e.answered_at);
  r.answer = *e.answer;
  return r;
}

outbox_record outbox_book::sent_record(uint64_t number, int64_t wall) const {
  outbox_record r = record_of(outbox_record::kind::sent, number, wall);
  r.sends = entries_.at(number).sends;
  return r;
}

std::vector<outbox_record> outbox_book::snapshot() const {
  std::vector<outbox_record> all(1);
  all[0].what = outbox_record::kind::client;
  all[0].entry = next_;
  all[0].client = client_;
  for (const auto& [number, e] : entries_) {
    if (!e.on_disk) continue;
    all.push_back(put_record(number));
    if (e.sends > 0) all.push_back(sent_record(number, e.put_at));
    if (e.answer) all.push_back(answer_record(number));
  }
  return all;
}

}  // namespace tharsis::stn
