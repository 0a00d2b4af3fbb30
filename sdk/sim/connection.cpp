#include "sdk/sim/connection.h"

#include <algorithm>

#include "sdk/sim/listener.h"

namespace tharsis::sim {
namespace {

constexpr size_t send_buffer = 64 * 1024;
constexpr size_t receive_window = 64 * 1024;

constexpr duration knock_wait = 1s;      // Linux: 1, 2, 4 ... 64 s, about two minutes in all.
constexpr unsigned knocks_max = 6;
constexpr duration patience_first = 1s;  // Linux' retransmission times: before the round trip is known,
constexpr duration patience_min = 200ms; // the smallest,
constexpr duration patience_max = 120s;  // and the largest.
constexpr duration give_up_after = 924s; // Linux' tcp_retries2 = 15.

// Where no machine has the address, a router says so.
constexpr duration unreachable_after = 40ms;

// How often a read, write or segment is made smaller than it need be.
constexpr double split_chance = 0.125;

}  // namespace

// ---- dialling

std::shared_ptr<connection> connection::dial(network& n, host& from, const tharsis_address& to,
                                             event_function tell) {
  const std::shared_ptr<connection> self(new connection(n));
  n.add(self);
  self->attach(client, std::move(tell));
  end& here = self->ends_[client];
  end& there = self->ends_[server];
  here.place = &from;
  there.place = n.find(from, to);
  there.address = to;
  const auto own = n.source(from, to);
  if (own) here.address = *own;
  here.address.port = from.ephemeral_port();
  if (own && there.place != nullptr) {
    self->knock(0);
  } else {
    n.time.after(own ? unreachable_after : duration{}, [self] { self->die(client, THARSIS_E_UNREACHABLE); });
  }
  return self;
}

void connection::knock(unsigned attempt) {
  end& here = ends_[client];
  if (here.dead != THARSIS_OK || here.connected) return;
  if (attempt > knocks_max) return die(client, THARSIS_E_TIMEOUT);
  carry(client, &connection::on_knock);
  const auto self = shared_from_this();
  here.out.timer = net_.time.after(knock_wait * (1 << attempt), [self, attempt] { self->knock(attempt + 1); });
}

void connection::on_knock() {
  end& here = ends_[server];
  const bool refused = net_.between(*ends_[client].place, *here.place).refuse;
  for (listener* l : here.place->listeners) {
    if (refused || !hears(l->address(), here.address)) continue;
    if (!l->full()) carry(server, &connection::on_answer);
    return;
  }
  carry(server, &connection::refuse);
}

void connection::refuse() {
  if (!ends_[client].connected) die(client, THARSIS_E_REFUSED);
}

void connection::on_answer() {
  end& here = ends_[client];
  if (here.dead != THARSIS_OK || here.connected) return;
  here.connected = true;
  net_.time.cancel(here.out.timer);
  tell(client, THARSIS_NET_CONNECTED);
  tell_writable(client);
  send(client, {content::handshake, {}, {}, {}});
}

// The client's last word of the handshake has arrived: somebody may accept.
void connection::establish() {
  end& here = ends_[server];
  here.connected = true;
  for (listener* l : here.place->listeners)
    if (hears(l->address(), here.address)) return l->on_connection(shared_from_this());
  here.closed = true;  // It stopped listening meanwhile.
  here.dead = THARSIS_E_RESET;
  send_reset(server);
}

// ---- what the application does

tharsis_status connection::read(side s, uint8_t* into, size_t capacity, size_t& count) {
  end& here = ends_[s];
  count = 0;
  if (!here.inbox.empty()) {
    count = std::min(capacity, here.inbox.size());
    if (net_.chance.chance(split_chance)) count = 1 + net_.chance.below(count);
    const auto last = here.inbox.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(here.inbox.begin(), last, into);
    here.inbox.erase(here.inbox.begin(), last);
    if (!ends_[other(s)].out.waiting.empty()) {
      const duration delay = net_.between(*here.place, *ends_[other(s)].place).delay;
      net_.time.after(delay, [self = shared_from_this(), s] { self->pump(other(s)); });  // The window opens.
    }
    return THARSIS_OK;
  }
  if (here.dead != THARSIS_OK) return here.dead;
  if (here.peer_ended) return THARSIS_OK;
  here.read_wanted = true;
  return THARSIS_PENDING;
}

tharsis_status connection::write(side s, const uint8_t* data, size_t size, size_t& count) {
  end& here = ends_[s];
  count = 0;
  if (here.dead != THARSIS_OK) return here.dead;
  if (here.out.end_wanted) return THARSIS_E_INVALID;
  if (here.connected && size > 0) {
    count = std::min(size, send_buffer - std::min(send_buffer, here.out.buffered()));
    if (count > 1 && net_.chance.chance(split_chance)) {
      count = 1 + net_.chance.below(count - 1);
      net_.time.after(net_.chance.up_to(500us), [self = shared_from_this(), s] { self->tell_writable(s); });
    }
    here.out.waiting.insert(here.out.waiting.end(), data, data + count);
    pump(s);
  }
  if (count == size) return THARSIS_OK;
  here.write_wanted = true;
  return THARSIS_PENDING;
}

tharsis_status connection::shutdown(side s) {
  end& here = ends_[s];
  if (here.dead != THARSIS_OK) return here.dead;
  if (!here.connected) return THARSIS_E_INVALID;
  here.out.end_wanted = true;
  pump(s);
  return THARSIS_OK;
}

void connection::close(side s) {
  end& here = ends_[s];
  here.tell = nullptr;
  here.closed = true;
  if (here.dead != THARSIS_OK) return;
  if (!here.connected || here.reset_on_close || !here.inbox.empty()) {
    const bool tell_peer = here.connected;
    die(s, THARSIS_E_GONE);
    if (tell_peer) send_reset(s);
    return;
  }
  here.out.end_wanted = true;
  pump(s);
}

// ---- what the world does to it

bool connection::joins(const host& a, const host& b) const {
  const host* const from = ends_[client].place;
  const host* const to = ends_[server].place;
  return (from == &a && to == &b) || (from == &b && to == &a);
}

void connection::forget() { forgotten_ = ends_[client].connected; }

void connection::reset() {
  if (!ends_[client].connected) return;
  die(client, THARSIS_E_RESET);
  die(server, THARSIS_E_RESET);
}

// ---- a flow: segments out, acknowledgements back

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
  size_t size = std::min({out.waiting.size(), room, mss_});
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
  acknowledge(from, sent);
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
  there.inbox.insert(there.inbox.end(), s.data.begin(), s.data.end());
  tell_readable(to);
}

void connection::acknowledge(side from, instant sent) {
  const side to = other(from);
  const auto fate = net_.carry(*ends_[to].place, *ends_[from].place, 0);
  if (!fate.arrives) return;  // The next one says the same, or the segment is sent again.
  net_.time.at(*fate.arrives, [self = shared_from_this(), from, sent, up_to = ends_[from].out.delivered] {
    if (self->passable(other(from))) self->on_acknowledged(from, up_to, sent);
  });
}

// The acknowledgement says when the segment that it answers was sent, as TCP's timestamps do.
void connection::on_acknowledged(side from, uint64_t up_to, instant sent) {
  flow& out = ends_[from].out;
  if (ends_[from].dead != THARSIS_OK) return;
  const duration sample = net_.time.now() - sent;
  out.round_trip = out.round_trip == duration{} ? sample : (7 * out.round_trip + sample) / 8;
  if (up_to <= out.acknowledged) return;
  for (; out.acknowledged < up_to; ++out.acknowledged) out.flight.pop_front();
  out.backoff = 0;
  arm(from);
  pump(from);
  if (out.buffered() <= send_buffer / 2) tell_writable(from);
}

duration connection::patience(const flow& out) const {
  const duration base = out.round_trip == duration{} ? patience_first : std::max(patience_min, 2 * out.round_trip);
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

// ---- ends

void connection::send_reset(side from) {
  carry(from, from == client ? &connection::on_reset<server> : &connection::on_reset<client>);
}

void connection::die(side s, tharsis_status why) {
  end& here = ends_[s];
  if (here.dead != THARSIS_OK) return;
  here.dead = why;
  net_.time.cancel(here.out.timer);
  here.out.waiting.clear();
  here.out.flight.clear();
  tell(s, THARSIS_NET_FAILED, why);
  tell_readable(s);
  tell_writable(s);
}

void connection::tell(side s, uint32_t bits, tharsis_status status) {
  if (ends_[s].tell) ends_[s].tell(bits, status);
}

void connection::tell_readable(side s) {
  if (std::exchange(ends_[s].read_wanted, false)) tell(s, THARSIS_NET_READABLE);
}

void connection::tell_writable(side s) {
  if (std::exchange(ends_[s].write_wanted, false)) tell(s, THARSIS_NET_WRITABLE);
}

bool connection::passable(side from) const {
  return !forgotten_ && net_.passable(*ends_[from].place, *ends_[other(from)].place);
}

void connection::carry(side from, void (connection::*f)()) {
  const auto fate = net_.carry(*ends_[from].place, *ends_[other(from)].place, 0);
  if (!fate.arrives) return;
  net_.time.at(*fate.arrives, [self = shared_from_this(), from, f] {
    if (self->passable(from)) (self.get()->*f)();
  });
}

}  // namespace tharsis::sim
