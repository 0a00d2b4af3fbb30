#include "plugins/stn/core/lane_policy.h"

#include <algorithm>

namespace tharsis::stn {
namespace {

// Until answers have said how long they take.
constexpr duration first_guess = 200ms;
// While there are lanes that may become too many, or too few.
constexpr duration look_every = 1s;

copy_settings numbers_of(const hedge_settings& h) {
  copy_settings s;
  s.bucket = static_cast<double>(h.budget);
  return s;
}

int64_t lanes_allowed(const lane_settings& s, bool metered) { return metered ? std::min(s.max, s.max_metered) : s.max; }

// Those that the caller bound to the connection, or made for it, go by it alone.
bool may_leave(const request& r) { return r.bound == 0 && r.from.encode == nullptr; }

}  // namespace

lane_policy::lane_policy(const lane_settings& s, const hedge_settings& h, const lane_numbers& n)
    : settings_(s), hedge_(h), numbers_(n), need_(n), pause_(n), times_(numbers_of(h), first_guess), budget_(numbers_of(h)) {}

void lane_policy::change(const lane_settings& s, const hedge_settings& h) {
  settings_ = s;
  if (hedge_ == h) return;
  hedge_ = h;
  budget_.change(numbers_of(h));
}

// ---- tasks

bool lane_policy::take(const request& r, instant now) {
  if (own_ == 0 || !settings_.on || r.has(THARSIS_STN_SEND_ONLY)) return false;
  if (watched_.size() >= numbers_.watched || find(r.sequence) != nullptr) return false;
  if (look_at_ <= now || board_.find(own_)->owed.size() > numbers_.watched) drop_owed(now);
  task_at_ = now;
  if (board_.size() > 1 || spare(now) > 0) look_at_ = std::min(look_at_, later(now, look_every));
  budget_.on_task(need_.share());
  lane_state* const least = may_leave(r) ? board_.least(r.memory) : nullptr;
  lane_state& on = least != nullptr ? *least : *board_.find(own_);
  watched& w = watch(r.sequence);
  w.first = on.id;
  w.bytes = r.body.size() + r.key.size();
  w.memory = r.memory;
  w.copies = may_leave(r) && !r.key.empty();
  put(w, on, now);
  if (!w.copies && weak()) on.companions = budget_.metered() ? numbers_.companions_metered : numbers_.companions;
  if (on.id == own_) return false;
  on.to_write.push_back(w.sequence);
  return true;
}

void lane_policy::put(watched& w, lane_state& on, instant now) {
  ++w.sent;
  w.due = later(now, times_.patience());
  on.owed.push_back({w.sequence, now});
}

// Of a task that the queue believes to be sent.
void lane_policy::write(watched& w, lane_state& on, instant now) {
  put(w, on, now);
  if (on.id == own_) for_own_.push_back(w.sequence);
  else on.to_write.push_back(w.sequence);
}

void lane_policy::on_gone(uint32_t sequence, instant) {
  watched* const w = find(sequence);
  if (w == nullptr) return;
  if (w->answered && !w->late && times_.known()) need_.on_prompt();
  forget(*w);
}

lane_policy::watched& lane_policy::watch(uint32_t sequence) {
  if (unused_.empty()) unused_.push_back(pool_.emplace_back(std::make_unique<watched>()).get());
  watched& w = *unused_.back();
  unused_.pop_back();
  w = watched();
  w.sequence = sequence;
  w.place = watched_.size();
  watched_.push_back(&w);
  by_sequence_.add(w);
  return w;
}

// The last one takes its place.
void lane_policy::forget(watched& w) {
  by_sequence_.remove(w);
  watched_.back()->place = w.place;
  watched_[w.place] = watched_.back();
  watched_.pop_back();
  unused_.push_back(&w);
}

answer_use lane_policy::on_lane_answer(uint32_t lane, uint32_t sequence, bool refused, instant now) {
  lane_state* const by = board_.find(lane);
  const auto sent_at = by != nullptr ? by->settle(sequence, now) : std::nullopt;
  if (!sent_at) return answer_use::ends_it;
  watched* const w = find(sequence);
  if (w == nullptr) return ++totals_.late, answer_use::late;
  // Whoever does not know a copy for one may refuse it and carry out the other.
  if (refused && is_out(sequence)) return w->refused = true, answer_use::waits;
  if (!refused && w->refused) contradicted_until_ = later(now, numbers_.contradicted);
  times_.on_answer(now - *sent_at);
  w->answered = true;
  if (lane != w->first) ++totals_.won;
  return answer_use::ends_it;
}

// A copy is due.
void lane_policy::on_due(watched& w, instant now) {
  if (now - w.due > numbers_.late) {
    w.due = later(now, times_.patience());
    return;
  }
  w.due = later(now, times_.again());  // One that is refused asks again soon.
  if (!times_.known()) return;
  if (!std::exchange(w.late, true)) {
    need_.on_late();
    ++late_tasks_;
    look_at_ = std::min(look_at_, later(now, look_every));
  }
  if (!w.copies || w.refused || w.sent > hedge_.copies || !hedge_.on || now < contradicted_until_) {
    w.due = never;
    return;
  }
  lane_state* const on = board_.least(w.memory, w.sequence);
  if (on == nullptr) return;
  if (times_.queue_stands() || !budget_.spend(w.bytes)) {
    if (!std::exchange(w.denied, true)) ++totals_.refused;
    return;
  }
  ++totals_.copies;
  totals_.copy_bytes += w.bytes;
  write(w, *on, now);
}

void lane_policy::on_deadline(instant now) {
  for (watched* const w : watched_)
    if (w->due <= now) on_due(*w, now);
  if (look_at_ > now) return;
  drop_owed(now);
  look_at_ = own_ != 0 && (board_.size() > 1 || spare(now) > 0) ? later(now, look_every) : never;
}

instant lane_policy::deadline() const {
  instant soonest = look_at_;
  for (const watched* const w : watched_) soonest = std::min(soonest, w->due);
  return own_ == 0 ? never : soonest;
}

// ---- the link's own connection

void lane_policy::on_own_coming(std::shared_ptr<lane_memory::network> known, instant now) {
  need_.begin(std::move(known));
  racing_ = own_ == 0;
  late_racers_ = 0;
  look_at_ = now;
}

void lane_policy::on_own_late(instant now) {
  if (!racing_ || late_racers_ > 0) return;
  late_racers_ = numbers_.late_racers;
  need_.on_late();
  on_hint(now);
}

void lane_policy::on_own_up(std::shared_ptr<lane_memory::network> known, instant now, uint64_t server) {
  need_.begin(std::move(known));
  racing_ = false;
  if (own_ == 0) {
    own_ = ++last_id_;
    board_.add(own_);
  }
  lane_state& own = *board_.find(own_);
  own.up = true;
  own.memory = server;
  own.up_at = own.idle_since = now;
  task_at_ = look_at_ = now;  // What this network needed last time is made before it is missed.
}

void lane_policy::recall(std::shared_ptr<lane_memory::network> known, instant now) {
  need_.begin(std::move(known));
  look_at_ = now;
}

void lane_policy::on_own_lost(bool by_server, instant now) {
  racing_ = false;
  if (own_ == 0) return;
  if (by_server) pause_.on_main_ended(now);
  board_.remove(std::exchange(own_, 0));
  for_own_.clear();
}

std::vector<uint32_t> lane_policy::adopt(uint32_t lane) {
  lane_state& own = *board_.find(lane);
  own_ = lane;
  const std::deque<uint32_t> unwritten = std::exchange(own.to_write, {});
  return {unwritten.begin(), unwritten.end()};
}

std::optional<uint32_t> lane_policy::best_successor() const {
  const lane_state* best = nullptr;
  for (const lane_state& l : board_.all())
    if (l.id != own_ && l.up && (best == nullptr || l.owed.size() < best->owed.size())) best = &l;
  return best == nullptr ? std::nullopt : std::optional(best->id);
}

void lane_policy::forgive(std::shared_ptr<lane_memory::network> known, instant now) {
  need_.begin(std::move(known));
  pause_.forgive();
  times_ = copy_times(numbers_of(hedge_), times_.expected());
  spare_until_ = contradicted_until_ = instant::min();
  look_at_ = now;
}

void lane_policy::on_hint(instant now) { spare_until_ = later(now, numbers_.spare); }

// ---- the lanes

// Idle lanes that are to be there.
size_t lane_policy::spare(instant now) const {
  if (!settings_.on || (task_at_ != instant::min() && now - task_at_ > numbers_.rest)) return 0;
  return std::max(need_.idle(), now < spare_until_ ? size_t{2} : size_t{0});
}

size_t lane_policy::most(instant now) const {
  if (!settings_.on || own_ == 0 || !pause_.over(now)) return 0;
  const int64_t allowed = lanes_allowed(settings_, budget_.metered());
  const auto useful = static_cast<int64_t>(numbers_.most_least + numbers_.most_for_need * std::max(0.0, need_.share() - numbers_.most_from));
  return static_cast<size_t>(std::min({allowed, useful, times_.queue_stands() ? numbers_.lanes_at_queue : allowed}));
}

// Where bytes cost money, one.
bool lane_policy::wants_racer(instant now) const {
  const size_t wanted = need_.bad() < numbers_.race_at ? late_racers_ : numbers_.racers;
  if (!settings_.on || !pause_.over(now)) return false;
  const auto allowed = static_cast<size_t>(std::max<int64_t>(lanes_allowed(settings_, budget_.metered()) - 1, 0));
  return board_.size() < std::min({wanted, budget_.metered() ? size_t{1} : wanted, allowed});
}

bool lane_policy::wants_lane(instant now) const {
  if (racing_) return wants_racer(now);
  if (board_.idle() + board_.coming() >= spare(now) || board_.size() >= most(now)) return false;
  // Soon after one has failed they are tried one by one.
  return board_.coming() == 0 || pause_.until() == instant{} || now >= later(pause_.until(), numbers_.linger);
}

std::optional<uint32_t> lane_policy::take_opening(instant now) {
  if (!wants_lane(now)) return std::nullopt;
  board_.add(++last_id_);
  return last_id_;
}

std::optional<uint32_t> lane_policy::take_closing(instant now) {
  const bool too_many = static_cast<int64_t>(board_.size()) > lanes_allowed(settings_, budget_.metered());  // It was more once.
  if (!too_many && board_.idle() <= spare(now)) return std::nullopt;
  const lane_state* longest = nullptr;
  for (const lane_state& l : board_.all())
    if (l.id != own_ && l.idle() && (longest == nullptr || l.idle_since < longest->idle_since)) longest = &l;
  const bool needed = weak() && spare(now) > 0;
  const duration linger = !settings_.on || too_many ? duration::zero() : needed ? numbers_.linger_weak : numbers_.linger;
  if (longest == nullptr || later(longest->idle_since, linger) > now) return std::nullopt;
  const uint32_t id = longest->id;
  board_.remove(id);
  return id;
}

void lane_policy::on_lane_up(uint32_t lane, instant now, uint64_t server) {
  lane_state* const l = board_.find(lane);
  if (l == nullptr) return;
  l->up = true;
  l->memory = server;
  l->up_at = l->idle_since = now;
  ++totals_.opened;
  pause_.on_up(now);
}

std::vector<uint32_t> lane_policy::on_lane_lost(uint32_t lane, bool ours, instant now) {
  std::vector<uint32_t> lost;
  const lane_state* const there = board_.find(lane);
  if (there == nullptr) return lost;
  const lane_state l = *there;
  board_.remove(lane);
  if (!ours) {
    ++totals_.failed;
    if (!l.up || now - l.up_at < numbers_.linger) pause_.on_failure(now);
  }
  for (const auto& o : l.owed) {
    watched* const w = find(o.sequence);
    if (w == nullptr || is_out(o.sequence)) continue;
    const bool written = std::find(l.to_write.begin(), l.to_write.end(), o.sequence) == l.to_write.end();
    lane_state* const other = written ? nullptr : board_.least(w->memory, o.sequence);
    if (other == nullptr) {
      lost.push_back(o.sequence);
      continue;
    }
    if (w->first == lane) w->first = other->id;
    --w->sent;
    write(*w, *other, now);
  }
  return lost;
}

std::optional<uint32_t> lane_policy::next_to_write(uint32_t lane) {
  lane_state* const l = board_.find(lane);
  if (l == nullptr || l->to_write.empty()) return std::nullopt;
  const uint32_t sequence = l->to_write.front();
  l->to_write.pop_front();
  return sequence;
}

bool lane_policy::has_to_write(uint32_t lane) const {
  const lane_state* const l = board_.find(lane);
  return l != nullptr && !l->to_write.empty();
}

void lane_policy::on_unwritten(uint32_t lane, uint32_t sequence, instant now) {
  if (lane_state* const l = board_.find(lane)) l->settle(sequence, now);
}

bool lane_policy::is_first(uint32_t lane, uint32_t sequence) const {
  const watched* const w = find(sequence);
  return w != nullptr && w->first == lane;
}

int lane_policy::take_companions(uint32_t lane) {
  lane_state* const l = board_.find(lane);
  return l == nullptr ? 0 : std::exchange(l->companions, 0);
}

// ---- what is out where

bool lane_policy::is_out(uint32_t sequence) const {
  return std::any_of(board_.all().begin(), board_.all().end(), [&](const lane_state& l) { return l.owes(sequence); });
}

bool lane_policy::carries(uint32_t sequence) const { return find(sequence) != nullptr && is_out(sequence); }

bool lane_policy::owes(uint32_t lane, uint32_t sequence) const {
  const lane_state* const l = board_.find(lane);
  return l != nullptr && l->owes(sequence);
}

size_t lane_policy::owed(uint32_t lane) const {
  const lane_state* const l = board_.find(lane);
  return l == nullptr ? 0 : l->owed.size();
}

size_t lane_policy::owed() const {
  const lane_state* const own = board_.find(own_);
  if (own == nullptr) return 0;
  const auto late = [this](const lane_state::owed_answer& o) { return find(o.sequence) == nullptr; };
  return static_cast<size_t>(std::count_if(own->owed.begin(), own->owed.end(), late));
}

void lane_policy::drop_owed(instant now) {
  for (lane_state& l : board_.all())
    std::erase_if(l.owed, [&](const auto& o) { return later(o.sent_at, numbers_.owed) < now && find(o.sequence) == nullptr; });
}

// ---- for people

lane_use lane_policy::use(instant now) const {
  return !settings_.on || pause_.unwanted(now) ? lane_use::off : board_.size() > 1 ? lane_use::several : lane_use::one;
}

lane_report lane_policy::report(instant now) const {
  lane_report r;
  r.lanes = lanes();
  r.use = use(now);
  r.reason = reason(now);
  r.late_permille = static_cast<uint64_t>(need_.share() * 1000);
  r.copies_left = hedge_.on ? budget_.left() : 0;
  r.totals = totals_;
  return r;
}

std::string lane_policy::reason(instant now) const {
  if (!settings_.on) return "the profile says so";
  if (pause_.unwanted(now)) return "the server ends a connection when another one comes";
  std::string text;
  if (weak()) {
    const auto late = static_cast<int>(need_.share() * 100 + 0.5);
    text = std::to_string(late) + " of 100 tasks had no answer within " + std::to_string(milliseconds(times_.patience())) + " ms";
  }
  if (now < contradicted_until_) text += std::string(text.empty() ? "" : "; ") + "no copies, since the server refused one of a task that it carried out";
  if (times_.queue_stands()) text += std::string(text.empty() ? "" : "; ") + "no copies, since a queue stands in the network";
  return text;
}

}  // namespace tharsis::stn
