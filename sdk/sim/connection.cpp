#include "sdk/sim/connection.h"

#include <algorithm>

#include "sdk/sim/listener.h"

namespace tharsis::sim {
namespace {

constexpr duration knock_wait = 1s;  // Linux: 1, 2, 4 ... 64 s, about two minutes in all.
constexpr unsigned knocks_max = 6;

// Where no machine has the address, a router says so.
constexpr duration unreachable_after = 40ms;

}  // namespace

// ---- dialling

std::shared_ptr<connection> connection::dial(network& n, host& from, const tharsis_address& to,
                                             event_function tell, size_t mss) {
  const std::shared_ptr<connection> self(new connection(n));
  if (mss > 0)
    for (const side s : {client, server}) self->set_mss(s, mss);
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
  knocked_ = attempt == 0 ? net_.time.now() : never;
  carry(client, &connection::on_knock);
  const auto self = shared_from_this();
  here.out.timer =
      net_.time.after(knock_wait * (1 << attempt), [self, attempt] { self->knock(attempt + 1); });
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
  // The first sample of the round trip; of a packet that was sent again nobody knows which one was answered.
  if (knocked_ != never) here.out.round_trip = net_.time.now() - knocked_;
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
  // An address that its machine has lost: nothing leaves with it, nothing finds the way to it.
  const auto has_address = [](const end& e) { return e.place->owns(e.address); };
  return !forgotten_ && has_address(ends_[from]) && has_address(ends_[other(from)]) &&
         net_.passable(*ends_[from].place, *ends_[other(from)].place);
}

void connection::carry(side from, void (connection::*f)()) {
  const auto fate = net_.carry(*ends_[from].place, *ends_[other(from)].place, 0);
  if (!fate.arrives) return;
  net_.time.at(*fate.arrives, [self = shared_from_this(), from, f] {
    if (self->passable(from)) (self.get()->*f)();
  });
}

}  // namespace tharsis::sim
