#include "sdk/sim/sockets.h"

#include <algorithm>
#include <string_view>

#include "sdk/pure/views.h"

namespace tharsis::sim {
namespace {

constexpr duration unknown_name_after = 5ms;

constexpr size_t name_max = 253;  // Of a name in the DNS, as text.

constexpr uint32_t mss_min = 88, mss_max = 32767;  // As Linux has it.

tharsis_status refuse(tharsis_error* error, tharsis_status why) {
  return fail(error, why,
              why == THARSIS_E_GONE ? "the strand has been closed" : "sockets belong to their strand");
}

bool is_address(const tharsis_address* a) { return a != nullptr && (a->family == 4 || a->family == 6); }

}  // namespace

sockets::sockets(network& n, host& place, owner& strand) : net_(n), place_(place), strand_(strand) {
  table_ = {sizeof table_, this, dial,    open_listener, accept, read, write, shutdown,
            datagram,      send, receive, resolve,       local,  set,  get,   close, dial_with, receive_error};
}

void sockets::count(tharsis_strand_audit& audit) const {
  const bool heard = THARSIS_HAS(&audit, context) && audit.tell != nullptr;
  for (const tharsis_handle h : open_.all()) {
    const socket& s = *open_.find(h);
    const bool asks = std::holds_alternative<query>(s.what);
    ++(asks ? audit.queries : audit.sockets);
    if (heard) audit.tell(audit.context, asks ? THARSIS_OPEN_NAME : THARSIS_OPEN_SOCKET, text_of(name_of(s)), nullptr);
  }
}

std::string sockets::name_of(const socket& s) {
  if (const auto* q = std::get_if<query>(&s.what)) return q->name;
  if (const auto* l = std::get_if<std::unique_ptr<listener>>(&s.what)) return "listener on " + to_text((*l)->address());
  if (const auto* d = std::get_if<std::unique_ptr<datagram_socket>>(&s.what)) return "datagram socket on " + to_text((*d)->address());
  const auto* const c = std::get_if<tcp_end>(&s.what);
  return c != nullptr && c->wire ? "connection with " + to_text(c->wire->local(c->side == connection::client ? connection::server : connection::client)) : "connection";
}

void sockets::close_all() {
  for (const tharsis_handle h : open_.all()) end(*open_.take(h));
}

// ---- events

tharsis_handle sockets::add(tharsis_net_event on_event, void* context) {
  auto s = std::make_unique<socket>();
  s->on_event = on_event;
  s->context = context;
  return open_.add(std::move(s));
}

// One wake tells all that happened before it runs.
void sockets::note(tharsis_handle handle, uint32_t bits, tharsis_status status) {
  socket* const s = open_.find(handle);
  if (s == nullptr) return;
  if (!std::exchange(s->queued, true)) strand_.enqueue([this, handle] { tell(handle); });
  s->bits |= bits;
  if (bits & THARSIS_NET_FAILED) s->status = status;
}

void sockets::tell(tharsis_handle handle) {
  socket* const s = open_.find(handle);
  if (s == nullptr) return;
  s->queued = false;
  const uint32_t bits = std::exchange(s->bits, 0);
  if (bits != 0) s->on_event(s->context, handle, bits, s->status);
}

// What a call has just found is newer than an event that waits to be told.
tharsis_status sockets::waits_for(tharsis_handle handle, uint32_t bit, tharsis_status status) {
  if (status == THARSIS_PENDING) open_.find(handle)->bits &= ~bit;
  return status;
}

template <class Kind>
tharsis_status sockets::find(tharsis_handle handle, Kind*& kind) const {
  if (const auto s = strand_.usable(); s != THARSIS_OK) return s;
  socket* const s = open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  kind = std::get_if<Kind>(&s->what);
  return kind == nullptr ? THARSIS_E_INVALID : THARSIS_OK;
}

// ---- connections

tharsis_status sockets::dial(void* self, const tharsis_address* to, tharsis_net_event on_event, void* context,
                             tharsis_handle* out, tharsis_error* error) {
  return dial_with(self, to, nullptr, on_event, context, out, error);
}

tharsis_status sockets::dial_with(void* self, const tharsis_address* to, const tharsis_dial_options* options,
                                  tharsis_net_event on_event, void* context, tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (const auto s = me.strand_.usable(); s != THARSIS_OK) return refuse(error, s);
  if (!is_address(to) || to->port == 0 || on_event == nullptr)
    return fail(error, THARSIS_E_INVALID,
                "dialling needs an address with a family and a port, and an event function");
  const uint32_t mss = options != nullptr && THARSIS_HAS(options, mss) ? options->mss : 0;
  if (mss != 0 && (mss < mss_min || mss > mss_max))
    return fail(error, THARSIS_E_INVALID, "a connection's mss is from 88 to 32767 bytes, or 0 for the system's");
  const tharsis_handle handle = *out = me.add(on_event, context);
  const auto tell = [&me, handle](uint32_t bits, tharsis_status status) { me.note(handle, bits, status); };
  me.open_.find(handle)->what = tcp_end{connection::dial(me.net_, me.place_, *to, tell, mss), connection::client};
  return THARSIS_OK;
}

template <class Socket>
tharsis_status sockets::claim(tharsis_address& on, const std::vector<Socket*>& others,
                              tharsis_error* error) const {
  if (!place_.owns(on)) return fail(error, THARSIS_E_NOT_FOUND, "this machine has no address " + ip_text(on));
  const auto taken = [&] {
    return std::any_of(others.begin(), others.end(), [&](Socket* s) { return collide(s->address(), on); });
  };
  const bool any_port = on.port == 0;
  if (any_port) on.port = place_.ephemeral_port();
  while (any_port && taken()) on.port = place_.ephemeral_port();
  if (taken()) return fail(error, THARSIS_E_IN_USE, "another socket has " + to_text(on));
  return THARSIS_OK;
}

tharsis_status sockets::open_listener(void* self, const tharsis_address* on, tharsis_net_event on_event,
                                      void* context, tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (const auto s = me.strand_.usable(); s != THARSIS_OK) return refuse(error, s);
  if (!is_address(on) || on_event == nullptr)
    return fail(error, THARSIS_E_INVALID, "a socket needs an address with a family, and an event function");
  tharsis_address address = *on;
  if (const auto s = me.claim(address, me.place_.listeners, error); s != THARSIS_OK) return s;
  const tharsis_handle handle = *out = me.add(on_event, context);
  const auto tell = [&me, handle] { me.note(handle, THARSIS_NET_READABLE, THARSIS_OK); };
  me.open_.find(handle)->what = std::make_unique<listener>(me.place_, address, tell);
  return THARSIS_OK;
}

tharsis_status sockets::accept(void* self, tharsis_handle from, tharsis_net_event on_event, void* context,
                               tharsis_handle* out, tharsis_address* peer) {
  sockets& me = of(self);
  std::unique_ptr<listener>* l = nullptr;
  if (const auto s = me.find(from, l); s != THARSIS_OK) return s;
  if (on_event == nullptr) return THARSIS_E_INVALID;
  const auto wire = (*l)->accept();
  if (wire == nullptr) return me.waits_for(from, THARSIS_NET_READABLE, THARSIS_PENDING);
  const tharsis_handle handle = *out = me.add(on_event, context);
  wire->attach(connection::server,
               [&me, handle](uint32_t bits, tharsis_status status) { me.note(handle, bits, status); });
  me.open_.find(handle)->what = tcp_end{wire, connection::server};
  if (peer != nullptr) *peer = wire->local(connection::client);
  return THARSIS_OK;
}

tharsis_status sockets::read(void* self, tharsis_handle handle, uint8_t* into, size_t capacity,
                             size_t* count) {
  tcp_end* end = nullptr;
  *count = 0;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK) return s;
  if (capacity == 0) return THARSIS_E_INVALID;  // Its answer would read like the end.
  return of(self).waits_for(handle, THARSIS_NET_READABLE, end->wire->read(end->side, into, capacity, *count));
}

tharsis_status sockets::write(void* self, tharsis_handle handle, const uint8_t* data, size_t size,
                              size_t* count) {
  tcp_end* end = nullptr;
  *count = 0;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK) return s;
  return of(self).waits_for(handle, THARSIS_NET_WRITABLE, end->wire->write(end->side, data, size, *count));
}

tharsis_status sockets::shutdown(void* self, tharsis_handle handle) {
  tcp_end* end = nullptr;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK) return s;
  return end->wire->shutdown(end->side);
}

// ---- datagrams

tharsis_status sockets::datagram(void* self, const tharsis_address* on, tharsis_net_event on_event,
                                 void* context, tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (const auto s = me.strand_.usable(); s != THARSIS_OK) return refuse(error, s);
  if (!is_address(on) || on_event == nullptr)
    return fail(error, THARSIS_E_INVALID, "a socket needs an address with a family, and an event function");
  tharsis_address address = *on;
  if (const auto s = me.claim(address, me.place_.datagrams, error); s != THARSIS_OK) return s;
  const tharsis_handle handle = *out = me.add(on_event, context);
  const auto tell = [&me, handle] { me.note(handle, THARSIS_NET_READABLE, THARSIS_OK); };
  me.open_.find(handle)->what = std::make_unique<datagram_socket>(me.net_, me.place_, address, tell);
  return THARSIS_OK;
}

tharsis_status sockets::send(void* self, tharsis_handle handle, const tharsis_address* to,
                             const uint8_t* data, size_t size) {
  std::unique_ptr<datagram_socket>* s = nullptr;
  if (const auto found = of(self).find(handle, s); found != THARSIS_OK) return found;
  return is_address(to) ? (*s)->send(*to, data, size) : THARSIS_E_INVALID;
}

tharsis_status sockets::receive(void* self, tharsis_handle handle, uint8_t* into, size_t capacity,
                                size_t* count, tharsis_address* from) {
  std::unique_ptr<datagram_socket>* s = nullptr;
  *count = 0;
  if (const auto found = of(self).find(handle, s); found != THARSIS_OK) return found;
  datagram_socket::datagram d;
  if (!(*s)->receive(d)) return of(self).waits_for(handle, THARSIS_NET_READABLE, THARSIS_PENDING);
  *count = std::min(capacity, d.data.size());
  std::copy_n(d.data.begin(), *count, into);
  if (from != nullptr) *from = d.from;
  return THARSIS_OK;
}

tharsis_status sockets::receive_error(void* self, tharsis_handle handle, uint8_t* into, size_t capacity, size_t* count,
                                      tharsis_net_error* what) {
  std::unique_ptr<datagram_socket>* s = nullptr;
  *count = 0;
  if (const auto found = of(self).find(handle, s); found != THARSIS_OK) return found;
  datagram_socket::complaint c;
  if (!(*s)->receive_error(c)) return of(self).waits_for(handle, THARSIS_NET_READABLE, THARSIS_PENDING);
  *count = std::min(capacity, c.data.size());
  std::copy_n(c.data.begin(), *count, into);
  *what = c.what;
  return THARSIS_OK;
}

// ---- names

tharsis_status sockets::resolve(void* self, tharsis_text name, uint32_t family, tharsis_net_resolved done,
                                void* context, tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (const auto s = me.strand_.usable(); s != THARSIS_OK) return refuse(error, s);
  if (name.size == 0 || name.size > name_max || view(name).find('\0') != std::string_view::npos)
    return fail(error, THARSIS_E_INVALID,
                "a name has 1 to 253 characters and no zero byte; this one does not");
  if ((family != 0 && family != 4 && family != 6) || done == nullptr)
    return fail(error, THARSIS_E_INVALID,
                "resolving needs the family 0, 4 or 6, and a function to answer to");
  const tharsis_handle handle = me.add(nullptr, context);
  const std::string asked(view(name));
  me.open_.find(handle)->what = query{done, asked};
  const auto known = me.net_.names.find(asked);
  const duration wait = known == me.net_.names.end() ? unknown_name_after : known->second.after;
  me.net_.time.after(wait + me.place_.like.names_slow, [&me, handle, asked, family] {
    me.strand_.enqueue([&me, handle, asked, family] { me.answer(handle, asked, family); });
  });
  if (out != nullptr) *out = handle;
  return THARSIS_OK;
}

void sockets::answer(tharsis_handle handle, const std::string& name, uint32_t family) {
  const auto question = open_.take(handle);
  if (question == nullptr) return;
  std::vector<tharsis_address> found;
  if (const auto literal = parse_ip(name))
    found.push_back(*literal);
  else if (const auto known = net_.names.find(name); known != net_.names.end())
    found = known->second.addresses;
  std::erase_if(found, [&](const tharsis_address& a) { return family != 0 && a.family != family; });
  tharsis_status status = found.empty() ? THARSIS_E_NOT_FOUND : THARSIS_OK;
  if (place_.like.names_fail && !parse_ip(name)) {
    status = THARSIS_E_NETWORK;
    found.clear();
  }
  std::get<query>(question->what).done(question->context, handle, status, found.data(), found.size());
}

// ---- facts, options, the end

tharsis_status sockets::local(void* self, tharsis_handle handle, tharsis_address* address) {
  if (const auto refused = of(self).strand_.usable(); refused != THARSIS_OK) return refused;
  socket* const s = of(self).open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  if (const auto* end = std::get_if<tcp_end>(&s->what))
    *address = end->wire->local(end->side);
  else if (const auto* l = std::get_if<std::unique_ptr<listener>>(&s->what))
    *address = (*l)->address();
  else if (const auto* d = std::get_if<std::unique_ptr<datagram_socket>>(&s->what))
    *address = (*d)->address();
  else
    return THARSIS_E_INVALID;
  return THARSIS_OK;
}

tharsis_status sockets::set(void* self, tharsis_handle handle, const char* name, int64_t value) {
  if (const auto refused = of(self).strand_.usable(); refused != THARSIS_OK) return refused;
  socket* const s = of(self).open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  const std::string_view option = name;
  auto* const end = std::get_if<tcp_end>(&s->what);
  auto* const waiting = std::get_if<std::unique_ptr<listener>>(&s->what);
  auto* const datagrams = std::get_if<std::unique_ptr<datagram_socket>>(&s->what);
  if (datagrams != nullptr) return (*datagrams)->set(option, value);
  if (option == "reset_on_close" && end != nullptr) {
    end->wire->reset_on_close(end->side, value != 0);
  } else if (option == "mss" && (end != nullptr || waiting != nullptr)) {
    if (value <= 0 || value > 65535) return THARSIS_E_INVALID;
    if (end != nullptr)
      end->wire->set_mss(end->side, static_cast<size_t>(value));
    else
      (*waiting)->set_mss(static_cast<size_t>(value));
  } else {
    return THARSIS_E_UNSUPPORTED;
  }
  return THARSIS_OK;
}

tharsis_status sockets::get(void* self, tharsis_handle handle, const char* name, int64_t* value) {
  if (const auto refused = of(self).strand_.usable(); refused != THARSIS_OK) return refused;
  socket* const s = of(self).open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  const auto* const end = std::get_if<tcp_end>(&s->what);
  if (end == nullptr) return THARSIS_E_UNSUPPORTED;
  const std::string_view fact = name;
  const connection& wire = *end->wire;
  if (fact == "rtt_us")
    *value = wire.round_trip(end->side) / 1us;
  else if (fact == "unacked_bytes")
    *value = static_cast<int64_t>(wire.unacked(end->side));
  else if (fact == "retransmits")
    *value = static_cast<int64_t>(wire.retransmits(end->side));
  else if (fact == "acked_bytes")
    *value = static_cast<int64_t>(wire.acked_bytes(end->side));
  else if (fact == "mss")
    *value = static_cast<int64_t>(wire.mss(end->side));
  else if (fact == "options" || fact == "timeouts" || fact == "duplicates")
    *value = 0;
  else if (fact == "received_bytes")
    *value = static_cast<int64_t>(wire.received_bytes(end->side));
  else
    return THARSIS_E_UNSUPPORTED;
  return THARSIS_OK;
}

tharsis_status sockets::close(void* self, tharsis_handle handle) {
  sockets& me = of(self);
  if (const auto refused = me.strand_.usable(); refused != THARSIS_OK) return refused;
  const auto s = me.open_.take(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  me.end(*s);
  return THARSIS_OK;
}

void sockets::end(socket& s) {
  if (const auto* end = std::get_if<tcp_end>(&s.what))
    end->wire->close(end->side);
  else if (const auto* l = std::get_if<std::unique_ptr<listener>>(&s.what))
    (*l)->close();
  else if (const auto* d = std::get_if<std::unique_ptr<datagram_socket>>(&s.what))
    (*d)->close();
}

}  // namespace tharsis::sim
