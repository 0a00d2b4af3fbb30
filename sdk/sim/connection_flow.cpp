// The flows of a connection: segments out, acknowledgements back, and what is sent again.
#include <algorithm>

#include "sdk/sim/connection.h"

namespace tharsis::sim {
namespace {

constexpr size_t receive_window = 64 * 1024;

constexpr duration patience_first = 1s;   // Linux' retransmission times: before the round trip is known,
constexpr duration patience_min = 200ms;  // the smallest,
constexpr duration patience_max = 120s;   // and the largest.
constexpr duration give_up_after = 924s;  // Linux' tcp_retries2 = 15.

}  // namespace

size_t connection::flow::in_flight() const {
  size_t bytes = 0;
  for (const segment& s : flight) bytes += s.data.size();
  return bytes;
}

// Sends what the peer's window has room for.
void connection::pump(side from) {
  flow& out = ends_[from].out;
  if (ends_[from].dead != THARSIS_OK) return;
  while (!out.waiting.empty()) {
    const size_t used = out.in_flight() + ends_[other(from)].inbox.size();
    if (used >= receive_window) return;
    send(from, {content::bytes, cut(out, receive_window - used), {}, {}});
  }
  if (out.end_wanted && !std::exchange(out.end_sent, true)) send(from, {content::end, {}, {}, {}});
}

std::vector<uint8_t> connection::cut(flow& out, size_t room) {
  size_t size = std::min({out.waiting.size(), room, out.mss});
  if (net_.chance.chance(split_chance)) size = 1 + net_.chance.below(size);
  const auto last = out.waiting.begin() + static_cast<std::ptrdiff_t>(size);
  std::vector<uint8_t> data(out.waiting.begin(), last);
  out.waiting.erase(out.waiting.begin(), last);
  return data;
}

void connection::send(side from, segment s) {
  flow& out = ends_[from].out;
  out.flight.push_back(std::move(s));
  transmit(from, out.acknowledged + out.flight.size() - 1);
  out.flight.back().first_sent = out.flight.back().sent;
  if (out.flight.size() == 1) arm(from);
}

void connection::transmit(side from, uint64_t number) {
  flow& out = ends_[from].out;
  segment& s = out.flight[number - out.acknowledged];
  const auto fate = net_.carry(*ends_[from].place, *ends_[other(from)].place, s.data.size());
  s.sent = fate.departs;
  if (!fate.arrives) return;
  net_.time.at(*fate.arrives, [self = shared_from_this(), from, number, sent = s.sent] {
    self->on_arrival(from, number, sent);
  });
}

void connection::on_arrival(side from, uint64_t number, instant sent) {
  flow& out = ends_[from].out;
  if (!passable(from) || ends_[from].dead != THARSIS_OK) return;
  if (number >= out.acknowledged) out.flight[number - out.acknowledged].arrived = true;
  while (out.delivered < out.acknowledged + out.flight.size()) {
    const segment& next = out.flight[out.delivered - out.acknowledged];
    if (!next.arrived) break;
    ++out.delivered;
    deliver(from, next);
  }
  acknowledge(from, number, sent);
}

void connection::deliver(side from, const segment& s) {
  const side to = other(from);
  end& there = ends_[to];
  net_.time.note(s.data.size());
  if (s.what == content::handshake) return establish();
  if (s.what == content::end) {
    there.peer_ended = true;
    return tell_readable(to);
  }
  if (there.closed || there.dead != THARSIS_OK) {  // Nobody will ever read this.
    die(to, THARSIS_E_GONE);
    return send_reset(to);
  }
  there.received_bytes += s.data.size();
  there.inbox.insert(there.inbox.end(), s.data.begin(), s.data.end());
  tell_readable(to);
}

void connection::acknowledge(side from, uint64_t number, instant sent) {
  const side to = other(from);
  const auto fate = net_.carry(*ends_[to].place, *ends_[from].place, 0);
  if (!fate.arrives) return;  // The next one says the same, or the segment is sent again.
  net_.time.at(*fate.arrives, [self = shared_from_this(), from, number, sent, up_to = ends_[from].out.delivered] {
    if (self->passable(other(from))) self->on_acknowledged(from, up_to, number, sent);
  });
}

// The acknowledgement says when the segment that it answers was sent, as TCP's timestamps do.
void connection::on_acknowledged(side from, uint64_t up_to, uint64_t number, instant sent) {
  flow& out = ends_[from].out;
  if (ends_[from].dead != THARSIS_OK) return;
  const duration sample = net_.time.now() - sent;
  out.round_trip = out.round_trip == duration{} ? sample : (7 * out.round_trip + sample) / 8;
  if (number > out.acknowledged && up_to < number) look_for_overtaken(from, number, sent);
  if (up_to <= out.acknowledged) return;
  for (; out.acknowledged < up_to; ++out.acknowledged) {
    out.acked_bytes += out.flight.front().data.size();
    out.flight.pop_front();
  }
  out.backoff = 0;
  arm(from);
  pump(from);
  if (out.buffered() <= send_buffer / 2) tell_writable(from);
}

// What was sent before a segment that has arrived is late a quarter of a round trip after that one's acknowledgement, and
// goes once more (RACK, RFC 8985).
void connection::look_for_overtaken(side from, uint64_t number, instant sent) {
  net_.time.after(ends_[from].out.round_trip / 4, [self = shared_from_this(), from, number, sent] {
    flow& out = self->ends_[from].out;
    if (self->ends_[from].dead != THARSIS_OK) return;
    for (uint64_t n = out.acknowledged; n < std::min(number, out.acknowledged + out.flight.size()); ++n) {
      const segment& s = out.flight[n - out.acknowledged];
      if (s.arrived || s.sent > sent) continue;
      ++out.retransmits;
      self->transmit(from, n);
    }
  });
}

duration connection::patience(const flow& out) const {
  const duration base =
      out.round_trip == duration{} ? patience_first : std::max(patience_min, 2 * out.round_trip);
  return std::min(patience_max, base * (1 << std::min(out.backoff, 10u)));
}

void connection::arm(side from) {
  flow& out = ends_[from].out;
  net_.time.cancel(out.timer);
  if (out.flight.empty()) return;
  out.timer = net_.time.at(out.flight.front().sent + patience(out),
                           [self = shared_from_this(), from] { self->on_timer(from); });
}

// Nothing was acknowledged in time: what has not arrived goes once more, the first in any case.
void connection::on_timer(side from) {
  flow& out = ends_[from].out;
  if (net_.time.now() - out.flight.front().first_sent >= give_up_after) return give_up(from);
  const instant overdue = net_.time.now() - patience(out);
  if (out.flight.front().sent > overdue) return arm(from);  // Patience has grown since.
  for (size_t i = 0; i < out.flight.size(); ++i) {
    segment& s = out.flight[i];
    if (s.sent > overdue || (s.arrived && i > 0)) continue;
    ++out.retransmits;
    transmit(from, out.acknowledged + i);
  }
  ++out.backoff;
  arm(from);
}

void connection::give_up(side from) {
  flow& out = ends_[from].out;
  if (out.flight.size() > 1 || out.flight.front().what != content::handshake)
    return die(from, THARSIS_E_TIMEOUT);
  // The client's last word of the handshake waits for no answer: it believes to be connected for ever.
  out.flight.clear();
  ++out.acknowledged;
  forget();
}

}  // namespace tharsis::sim
