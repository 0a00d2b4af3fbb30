#include "plugins/stn/core/stream_lane.h"

#include <algorithm>
#include <utility>

namespace tharsis::stn {
namespace {

using streams::message;
using streams::reset_code;

// An application is asked for so much at once, and given so much.
constexpr uint64_t bite_max = 256 * 1024;
// It is not asked for less, unless that is all.
constexpr uint64_t room_min = 16 * 1024;
// Of each stream that comes down.
constexpr uint64_t window_min = 1024;

}  // namespace

stream_lane::stream_lane(const stream_settings& s)
    : settings_(s),
      pace_(s.pace),
      down_pace_(s.pace),
      sending_(static_cast<uint64_t>(s.memory_max)),
      receiving_(static_cast<uint64_t>(s.memory_max)) {}

stream_state* stream_lane::find(uint64_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

stream_state* stream_lane::numbered(uint32_t number) {
  for (const auto& [id, s] : streams_)
    if (s->number == number) return s.get();
  return nullptr;
}

void stream_lane::open(stream_order o, instant now) {
  const uint64_t id = o.id;
  stream_state& s = *streams_.emplace(id, std::make_unique<stream_state>(std::move(o), settings_, sending_, receiving_)).first->second;
  s.told_at = now - settings_.progress_every;
  look_after(s, now);
}

void stream_lane::write(uint64_t id, uint64_t offset, std::span<const uint8_t> bytes, bool last, instant now) {
  stream_state* const s = find(id);
  if (s == nullptr || !s->asked || offset != s->asked_at) return;  // What was asked for before is not wanted any more.
  if (bytes.size() > s->asked_room || (bytes.empty() && !last))
    return end(*s, THARSIS_E_INVALID, "write() did not bring what on_room had asked for", reset_code::leaves, now);
  s->asked = false;
  if (s->recalls()) return recall(*s, bytes, last, now);
  const bool all = s->up->size() && offset + bytes.size() == *s->up->size();
  if (const error why = s->up->write(bytes, last || all); why.status != THARSIS_OK)
    return end(*s, why.status, why.text, reset_code::leaves, now);
  look_after(*s, now);
}

void stream_lane::recall(stream_state& s, std::span<const uint8_t> bytes, bool last, instant now) {
  s.recalled.add(bytes.data(), bytes.size());
  s.recalled_to += bytes.size();
  if (last && s.recalls()) return end(s, THARSIS_E_INVALID, "fewer bytes are here than `have` said", reset_code::leaves, now);
  if (!s.recalls()) s.down->begin(s.order.have, s.recalled);
  look_after(s, now);
}

void stream_lane::read(uint64_t id, uint64_t bytes, instant now) {
  stream_state* const s = find(id);
  if (s == nullptr || !s->down) return;
  s->readable = bytes > UINT64_MAX - s->readable ? UINT64_MAX : s->readable + bytes;
  look_after(*s, now);
}

void stream_lane::on_given(uint64_t id, uint64_t bytes, instant now) {
  stream_state* const s = find(id);
  if (s == nullptr) return;
  s->down->on_confirmed(std::min(bytes, s->down->taken() - s->down->confirmed()));
  look_after(*s, now);
}

void stream_lane::pause(uint64_t id, bool is, instant now) {
  stream_state* const s = find(id);
  if (s == nullptr) return;
  s->paused = is;
  look_after(*s, now);
}

void stream_lane::cancel(uint64_t id, instant now) {
  if (stream_state* const s = find(id)) end(*s, THARSIS_E_CANCELLED, "the stream was cancelled", reset_code::cancelled, now);
}

void stream_lane::end_all(tharsis_status status, const std::string& why, instant now) {
  while (!streams_.empty()) end(*streams_.begin()->second, status, why, reset_code::leaves, now);
}

// Those that may not go on leave; they are opened again when they may.
void stream_lane::on_network(bool costly, instant now) {
  costly_ = costly;
  pace_.on_network();
  down_pace_.on_network();
  for (const auto& [id, s] : streams_) {
    const bool waits = !s->paused && !may_run(*s);
    if (waits) s->be_in_trouble(THARSIS_E_NETWORK, "the network is metered or cellular, and streams.when is wifi");
    if (waits && s->number != 0) leave(*s);
    tell(*s, now);
  }
}

void stream_lane::leave(stream_state& s) {
  farewells_.reset(s.number, reset_code::leaves);
  s.on_cut();
}

void stream_lane::on_answer(duration took, instant now) {
  const bool streaming = std::any_of(streams_.begin(), streams_.end(), [](const auto& s) { return s.second->opened && !s.second->paused; });
  pace_.on_answer(took, up_ && streaming, now);
  down_pace_.on_answer(took, up_ && streaming, now);
}

// What comes down has the flight that the way allows, in equal parts.
void stream_lane::share_window() {
  uint64_t open = 0;
  for (const auto& [id, s] : streams_) open += s->down && s->number != 0 ? 1 : 0;
  for (const auto& [id, s] : streams_)
    if (s->down) s->down->hold_back(std::max<uint64_t>(down_pace_.flight() / std::max<uint64_t>(open, 1), window_min));
}

bool stream_lane::wants(instant now) const {
  return std::any_of(streams_.begin(), streams_.end(), [&](const auto& s) { return (s.second->number != 0 && may_run(*s.second)) || may_open(*s.second, now); });
}

void stream_lane::on_up() {
  up_ = true;
  last_number_ = 0;
  farewells_.on_cut();
  pace_.begin();
  down_pace_.begin();
}

void stream_lane::on_down(const error& why, instant now) {
  up_ = false;
  farewells_.on_cut();
  for (const auto& [id, s] : streams_) s->on_cut();
  on_trouble(why, now);
}

void stream_lane::on_trouble(const error& why, instant now) {
  for (const auto& [id, s] : streams_) {
    if (may_run(*s) && s->retry_at <= now) s->be_in_trouble(why.status, why.text);
    tell(*s, now);
  }
}

// Whatever has changed with it: what follows for its application.
void stream_lane::look_after(stream_state& s, instant now) {
  give(s, now);
  ask(s);
  settle(s, now);
}

void stream_lane::ask(stream_state& s) {
  if (s.asked || s.paused) return;
  if (s.recalls()) return ask_for(s, s.recalled_to, s.order.have - s.recalled_to);
  if (!s.up || s.up->written_all() || s.up->finished()) return;
  const uint64_t room = s.up->room();
  // Also where the order does not say how many there are: who has written all once, and writes it again, has no more than that.
  const uint64_t left = s.up->size() ? *s.up->size() - s.up->position() : UINT64_MAX;
  if (s.opened && left == 0) return void(s.up->write({}, true));  // An empty stream.
  if (room >= std::min(room_min, left)) ask_for(s, s.up->position(), room);
}

void stream_lane::ask_for(stream_state& s, uint64_t offset, uint64_t room) {
  s.asked = true;
  s.asked_at = offset;
  s.asked_room = static_cast<size_t>(std::min(room, bite_max));
  stream_event e;
  e.what = stream_event::about::room;
  e.stream = s.order.id;
  e.offset = offset;
  e.room = s.asked_room;
  events_.push_back(std::move(e));
}

void stream_lane::give(stream_state& s, instant now) {
  if (!s.down || s.paused) return;
  while (s.readable > 0 && s.down->waiting() > 0) {
    const uint64_t most = std::min({s.readable, bite_max, s.down_rate.allowed(now)});
    if (most == 0) return;
    stream_event e;
    e.what = stream_event::about::piece;
    e.stream = s.order.id;
    e.offset = s.down->taken();
    e.bytes = s.down->take(static_cast<size_t>(most));
    s.readable -= e.bytes.size();
    s.down_rate.on_used(e.bytes.size());
    events_.push_back(std::move(e));
  }
}

// Not too often; what is new then deadline() knows.
void stream_lane::tell(stream_state& s, instant now) {
  if (now < later(s.told_at, settings_.progress_every)) return;
  stream_progress p = s.progress();
  if (p == s.told) return;
  s.told_at = now;
  s.told = p;
  stream_event e;
  e.what = stream_event::about::progress;
  e.stream = s.order.id;
  e.progress = std::move(p);
  events_.push_back(std::move(e));
}

void stream_lane::settle(stream_state& s, instant now) {
  if (s.down && s.down->complete() && !s.down->is_whole())
    return end(s, THARSIS_E_PROTOCOL, "what came down is not what was sent: its SHA-256 is another", reset_code::mismatch, now);
  if (s.down && s.down->complete() && s.number != 0 && !std::exchange(s.told_done, true)) {
    message m;
    m.is = message::kind::done;
    m.stream = s.number;
    m.size = s.down->confirmed();
    farewells_.add(m);
  }
  if (s.up_over() && s.down_over()) return end(s, THARSIS_OK, {}, reset_code::leaves, now);
  tell(s, now);
}

void stream_lane::end(stream_state& s, tharsis_status status, std::string reason, reset_code with, instant) {
  if (with == reset_code::cancelled && s.up && s.opens > 0) {
    farewells_.withdraw(s.order, s.number);
  } else if (s.number != 0 && status != THARSIS_OK) {
    farewells_.reset(s.number, with);
  }
  stream_event e;
  e.what = stream_event::about::end;
  e.stream = s.order.id;
  e.progress = s.progress();
  e.status = status;
  if (status == THARSIS_OK) e.sum = s.down ? s.down->sum_of_received() : s.up->sum_of_all();
  e.reason = std::move(reason);
  events_.push_back(std::move(e));
  streams_.erase(s.order.id);
}

void stream_lane::fail(stream_state& s, const error& why, instant now) {
  const bool other_bytes = why.status == THARSIS_E_GONE;
  end(s, why.status, why.text, other_bytes ? reset_code::leaves : reset_code::violation, now);
}

bool stream_lane::busy() const {
  return std::any_of(streams_.begin(), streams_.end(), [&](const auto& s) { return s.second->number != 0 && may_run(*s.second); });
}

size_t stream_lane::waiting() const {
  return static_cast<size_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& s) { return s.second->waits_for_server(); }));
}

uint64_t stream_lane::in_flight() const {
  uint64_t all = 0;
  for (const auto& [id, s] : streams_)
    if (s->up) all += s->up->in_flight();
  return all;
}

instant stream_lane::deadline(instant now) {
  instant first = up_ ? farewells_.deadline(now) : never;
  for (const auto& [id, s] : streams_) {
    first = std::min(first, s->order.deadline);
    if (s->number == 0 && s->retry_at > now) first = std::min(first, s->retry_at);
    if (waits_to_be_opened(*s)) first = std::min(first, later(s->asked_open_at, opening_told));
    if (s->progress() != s->told) first = std::min(first, later(s->told_at, settings_.progress_every));
    if (s->paused || s->order.rate == 0) continue;
    if (s->opened && s->up && s->up->has_more() && s->up_rate.allowed(now) == 0) first = std::min(first, s->up_rate.due(now));
    if (s->down && s->down->waiting() > 0 && s->readable > 0 && s->down_rate.allowed(now) == 0) first = std::min(first, s->down_rate.due(now));
  }
  return first;
}

void stream_lane::on_deadline(instant now) {
  std::vector<stream_state*> late;
  for (const auto& [id, s] : streams_) {
    if (waits_to_be_opened(*s) && now >= later(s->asked_open_at, opening_told)) s->be_in_trouble(THARSIS_E_TIMEOUT, "the server has not answered yet; perhaps it knows no streams");
    give(*s, now);
    tell(*s, now);
    if (now >= s->order.deadline) late.push_back(s.get());
  }
  for (stream_state* const s : late) {
    const std::string why = s->trouble.empty() || s->opened ? "" : ": " + s->trouble;
    end(*s, THARSIS_E_TIMEOUT, "the stream was not over before its deadline" + why, reset_code::leaves, now);
  }
}

}  // namespace tharsis::stn
