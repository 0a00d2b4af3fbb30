// The side of stream_lane that the connection sees.
#include <algorithm>
#include <utility>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/stream_lane.h"

namespace tharsis::stn {

using streams::message;
using streams::reset_code;

namespace {
error out_of_place() { return {THARSIS_E_PROTOCOL, "the server speaks of a stream that it has not opened, or that does not go this way"}; }
}  // namespace

error stream_lane::on_message(std::span<const uint8_t> body, instant now) {
  const auto m = streams::read_message(body);
  if (!m) return m.failure();
  if (m->stream > last_number_) return {THARSIS_E_PROTOCOL, "the server speaks of stream " + std::to_string(m->stream) + ", which was not opened"};
  stream_state* const s = numbered(m->stream);
  if (s == nullptr) {  // It is over here, and the server did not know yet.
    if (m->is == message::kind::reset && m->code == reset_code::later) farewells_.on_later(m->stream, settings_, now);
    return fine();
  }
  if (m->is == message::kind::reset) {
    on_reset(*s, *m, now);
    return fine();
  }
  const uint64_t id = s->order.id;
  const error why = on_known(*s, *m, now);
  if (stream_state* const left = find(id)) {
    if (why.status != THARSIS_OK) fail(*left, why, now);
    else look_after(*left, now);
  }
  return fine();
}

error stream_lane::on_known(stream_state& s, const message& m, instant now) {
  if (m.is == message::kind::opened) {
    if (s.opened) return out_of_place();
    s.told_at = now - settings_.progress_every;  // What was there already is told before it becomes more.
    return on_opened(s, m);
  }
  if (!s.opened) return out_of_place();
  switch (m.is) {
    case message::kind::credit: return s.up ? on_credit(s, m, now) : out_of_place();
    case message::kind::done: return s.up ? s.up->on_done(m.size) : out_of_place();
    case message::kind::data: return s.down ? on_data(s, m, now) : out_of_place();
    case message::kind::end: return s.down ? s.down->on_end(m.size, m.sum) : out_of_place();
    default: return out_of_place();
  }
}

error stream_lane::on_opened(stream_state& s, const message& m) {
  if (s.up) {
    const uint64_t before = s.up->position();
    if (const error why = s.up->on_opened(m.has, m.sum, m.limit); why.status != THARSIS_OK) return why;
    if (s.up->position() != before) s.asked = false;  // What it was asked for is not what is wanted now.
  }
  if (s.down) {
    if (m.from != s.down->received() && m.from != 0) return {THARSIS_E_PROTOCOL, "the server begins where nobody had asked it to"};
    if (m.from != s.down->received()) s.down->begin_anew();
    s.down->expect(m.size == streams::size_unknown ? std::nullopt : std::optional(m.size));
  }
  s.opened = true;
  farewells_.on_opened(s.order);
  s.retry = settings_.retry_after;
  s.trouble.clear();
  return fine();
}

error stream_lane::on_credit(stream_state& s, const message& m, instant now) {
  const uint64_t before = s.up->in_flight();
  const error why = s.up->on_credit(m, now);
  if (why.status != THARSIS_OK) return why;
  moved_ += before - std::min(before, s.up->in_flight());
  if (const auto took = s.up->take_round_trip()) pace_.on_arrived(before - s.up->in_flight(), *took, flight_full_, now);
  return fine();
}

error stream_lane::on_data(stream_state& s, const message& m, instant now) {
  const error why = s.down->on_data(m.offset, m.bytes);
  if (why.status != THARSIS_OK) return why;
  moved_ += m.bytes.size();
  if (const auto came = s.way.on_received(s.down->received(), m.bytes.size(), now)) down_pace_.on_arrived(came->bytes, came->took, true, now);
  return fine();
}

// Some come again by themselves; all else is the end.
void stream_lane::on_reset(stream_state& s, const message& m, instant now) {
  const std::string text = m.text.empty() ? std::string("it broke the stream off") : foreign_text(m.text);
  if (m.code != reset_code::later && m.code != reset_code::leaves) {
    s.number = 0;  // It knows.
    return end(s, streams::status_of(m.code), "the server: " + text, reset_code::leaves, now);
  }
  s.on_cut();
  s.be_in_trouble(THARSIS_E_BUSY, "the server: " + text);
  s.retry_at = later(now, s.retry);
  s.retry = std::min(s.retry * 2, settings_.retry_after_max);
  tell(s, now);
}

void stream_lane::say(const message& m) {
  body_.clear();
  streams::append_message(body_, m);
  said_ += body_.size();
  (*wire_)(body_);
}

void stream_lane::say_open(stream_state& s, instant now) {
  message m;
  m.is = message::kind::open;
  m.stream = s.number = ++last_number_;
  s.trouble.clear();
  m.direction = s.order.direction;
  m.priority = s.order.priority;
  m.command = s.order.command;
  m.key = s.order.key;
  m.name = s.order.name;
  if (s.up && s.up->size()) m.size = *s.up->size();
  if (s.down) {
    m.has = s.down->received();
    m.sum = s.down->sum_of_received();
    m.limit = s.down->limit();
    s.way.on_told(m.limit, now);
  }
  ++s.opens;
  s.asked_open_at = now;
  say(m);
}

// All that is small, and that others wait for.
void stream_lane::say_controls(instant now) {
  const auto asked_anew = [&](const std::string& name, const std::vector<uint8_t>& key) {
    return std::any_of(streams_.begin(), streams_.end(), [&](const auto& s) { return s.second->number != 0 && s.second->order.name == name && s.second->order.key == key; });
  };
  for (const auto& body : farewells_.take(last_number_, !held_, asked_anew, now)) {
    said_ += body.size();
    (*wire_)(body);
  }
  for (const auto& [id, s] : streams_) {
    if (!held_ && may_open(*s, now) && !farewells_.comes_before(s->order)) say_open(*s, now);
    if (!s->opened || !s->down || s->paused) continue;
    if (auto credit = s->down->take_credit()) {
      credit->stream = s->number;
      s->way.on_told(credit->limit, now);
      say(*credit);
    }
  }
}

// The highest priority; of equal ones the one that had its turn longest ago.
stream_state* stream_lane::next_to_send(instant now) {
  stream_state* best = nullptr;
  for (const auto& [id, s] : streams_) {
    if (!s->opened || !s->up || !may_run(*s) || !s->up->has_more() || s->up_rate.allowed(now) == 0) continue;
    const bool before = best == nullptr || s->order.priority > best->order.priority || (s->order.priority == best->order.priority && s->turn < best->turn);
    if (before) best = s.get();
  }
  return best;
}

bool stream_lane::say_data(instant now) {
  stream_state* const s = next_to_send(now);
  if (s == nullptr) return false;
  const uint64_t flight = in_flight(), allowed = pace_.flight();
  const uint64_t slack = allowed - std::min(allowed, flight);
  const bool worth_it = slack >= pace_.piece() / 2 || flight == 0;  // Many small messages would fill the line with heads.
  const uint64_t most = std::min({static_cast<uint64_t>(std::min(pace_.piece(), data_most_)), worth_it ? slack : 0, s->up_rate.allowed(now)});
  auto m = s->up->take(static_cast<size_t>(most), now);
  if (!m) flight_full_ = true;
  if (!m) return false;
  m->stream = s->number;
  s->turn = ++turns_;
  s->up_rate.on_used(m->bytes.size());
  say(*m);
  return true;
}

void stream_lane::take_output(const std::function<void(std::span<const uint8_t>)>& say_it, size_t room, instant now, size_t data_most) {
  if (!up_) return;
  share_window();
  wire_ = &say_it;
  said_ = 0;
  data_most_ = data_most;
  flight_full_ = false;
  say_controls(now);
  while (said_ < room && say_data(now)) {
  }
  wire_ = nullptr;
  if (said_ >= room) flight_full_ = false;  // Something else was in the way.
}

}  // namespace tharsis::stn
