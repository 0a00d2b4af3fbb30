#include "sdk/sim/sockets.h"

#include <algorithm>
#include <string_view>

#include "sdk/pure/views.h"

namespace tharsis::sim {
namespace {

constexpr duration unknown_name_after = 5ms;

tharsis_status fail_closed(tharsis_error* error) {
  return fail(error, THARSIS_E_GONE, "the strand has been closed");
}

}  // namespace

sockets::sockets(network& n, host& place, enqueue_function enqueue)
    : net_(n), place_(place), enqueue_(std::move(enqueue)) {
  table_ = {sizeof table_, this, dial, listen, accept, read,  write, shutdown, datagram,
            send,          receive, resolve, local,  set,   get,   close};
}

void sockets::count(tharsis_strand_audit& audit) const {
  for (const tharsis_handle h : open_.all())
    ++(std::holds_alternative<query>(open_.find(h)->what) ? audit.queries : audit.sockets);
}

void sockets::close_all() {
  closed_ = true;
  for (const tharsis_handle h : open_.all()) close(this, h);
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
  if (s->bits == 0) enqueue_([this, handle] { tell(handle); });
  s->bits |= bits;
  if (bits & THARSIS_NET_FAILED) s->status = status;
}

void sockets::tell(tharsis_handle handle) {
  socket* const s = open_.find(handle);
  if (s == nullptr) return;
  const uint32_t bits = std::exchange(s->bits, 0);
  s->on_event(s->context, handle, bits, s->status);
}

template <class Kind>
tharsis_status sockets::find(tharsis_handle handle, Kind*& kind) const {
  socket* const s = open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  kind = std::get_if<Kind>(&s->what);
  return kind == nullptr ? THARSIS_E_INVALID : THARSIS_OK;
}

// ---- connections

tharsis_status sockets::dial(void* self, const tharsis_address* to, tharsis_net_event on_event, void* context,
                             tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (me.closed_) return fail_closed(error);
  if ((to->family != 4 && to->family != 6) || to->port == 0)
    return fail(error, THARSIS_E_INVALID, "an address to dial needs a family and a port");
  const tharsis_handle handle = *out = me.add(on_event, context);
  const auto tell = [&me, handle](uint32_t bits, tharsis_status status) { me.note(handle, bits, status); };
  me.open_.find(handle)->what = tcp_end{connection::dial(me.net_, me.place_, *to, tell), connection::client};
  return THARSIS_OK;
}

template <class Socket>
tharsis_status sockets::bind(tharsis_address& on, const std::vector<Socket*>& others, tharsis_error* error) const {
  if (on.family != 4 && on.family != 6) return fail(error, THARSIS_E_INVALID, "an address needs a family");
  if (!place_.owns(on)) return fail(error, THARSIS_E_NOT_FOUND, "this machine has no address " + ip_text(on));
  const auto taken = [&] {
    return std::any_of(others.begin(), others.end(), [&](Socket* s) { return collide(s->address(), on); });
  };
  const bool any_port = on.port == 0;
  if (any_port) do on.port = place_.ephemeral_port(); while (taken());
  if (taken()) return fail(error, THARSIS_E_IN_USE, "another socket has " + to_text(on));
  return THARSIS_OK;
}

tharsis_status sockets::listen(void* self, const tharsis_address* on, tharsis_net_event on_event, void* context,
                               tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (me.closed_) return fail_closed(error);
  tharsis_address address = *on;
  if (const auto s = me.bind(address, me.place_.listeners, error); s != THARSIS_OK) return s;
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
  const auto wire = (*l)->accept();
  if (wire == nullptr) return THARSIS_PENDING;
  const tharsis_handle handle = *out = me.add(on_event, context);
  wire->attach(connection::server,
               [&me, handle](uint32_t bits, tharsis_status status) { me.note(handle, bits, status); });
  me.open_.find(handle)->what = tcp_end{wire, connection::server};
  if (peer != nullptr) *peer = wire->local(connection::client);
  return THARSIS_OK;
}

tharsis_status sockets::read(void* self, tharsis_handle handle, uint8_t* into, size_t capacity, size_t* count) {
  tcp_end* end = nullptr;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK) return s;
  if (capacity == 0) return THARSIS_E_INVALID;  // Its answer would read like the end.
  return end->wire->read(end->side, into, capacity, *count);
}

tharsis_status sockets::write(void* self, tharsis_handle handle, const uint8_t* data, size_t size, size_t* count) {
  tcp_end* end = nullptr;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK) return s;
  return end->wire->write(end->side, data, size, *count);
}

tharsis_status sockets::shutdown(void* self, tharsis_handle handle) {
  tcp_end* end = nullptr;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK) return s;
  return end->wire->shutdown(end->side);
}

// ---- datagrams

tharsis_status sockets::datagram(void* self, const tharsis_address* on, tharsis_net_event on_event, void* context,
                                 tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (me.closed_) return fail_closed(error);
  tharsis_address address = *on;
  if (const auto s = me.bind(address, me.place_.datagrams, error); s != THARSIS_OK) return s;
  const tharsis_handle handle = *out = me.add(on_event, context);
  const auto tell = [&me, handle] { me.note(handle, THARSIS_NET_READABLE, THARSIS_OK); };
  me.open_.find(handle)->what = std::make_unique<datagram_socket>(me.net_, me.place_, address, tell);
  return THARSIS_OK;
}

tharsis_status sockets::send(void* self, tharsis_handle handle, const tharsis_address* to, const uint8_t* data,
                             size_t size) {
  std::unique_ptr<datagram_socket>* s = nullptr;
  if (const auto found = of(self).find(handle, s); found != THARSIS_OK) return found;
  return (*s)->send(*to, data, size);
}

tharsis_status sockets::receive(void* self, tharsis_handle handle, uint8_t* into, size_t capacity, size_t* count,
                                tharsis_address* from) {
  std::unique_ptr<datagram_socket>* s = nullptr;
  *count = 0;
  if (const auto found = of(self).find(handle, s); found != THARSIS_OK) return found;
  datagram_socket::datagram d;
  if (!(*s)->receive(d)) return THARSIS_PENDING;
  *count = std::min(capacity, d.data.size());
  std::copy_n(d.data.begin(), *count, into);
  if (from != nullptr) *from = d.from;
  return THARSIS_OK;
}

// ---- names

tharsis_status sockets::resolve(void* self, tharsis_text name, uint32_t family, tharsis_net_resolved done,
                                void* context, tharsis_handle* out, tharsis_error* error) {
  sockets& me = of(self);
  if (me.closed_) return fail_closed(error);
  if (name.size == 0 || (family != 0 && family != 4 && family != 6))
    return fail(error, THARSIS_E_INVALID, "a question to the resolver needs a name, and the family 4, 6 or 0");
  const tharsis_handle handle = me.add(nullptr, context);
  me.open_.find(handle)->what = query{done};
  const std::string asked(view(name));
  const auto known = me.net_.names.find(asked);
  const duration wait = known == me.net_.names.end() ? unknown_name_after : known->second.after;
  me.net_.time.after(wait, [&me, handle, asked, family] {
    me.enqueue_([&me, handle, asked, family] { me.answer(handle, asked, family); });
  });
  if (out != nullptr) *out = handle;
  return THARSIS_OK;
}

void sockets::answer(tharsis_handle handle, const std::string& name, uint32_t family) {
  const auto question = open_.take(handle);
  if (question == nullptr) return;
  std::vector<tharsis_address> found;
  if (const auto literal = parse_ip(name)) found.push_back(*literal);
  else if (const auto known = net_.names.find(name); known != net_.names.end()) found = known->second.addresses;
  std::erase_if(found, [&](const tharsis_address& a) { return family != 0 && a.family != family; });
  const tharsis_status status = found.empty() ? THARSIS_E_NOT_FOUND : THARSIS_OK;
  std::get<query>(question->what).done(question->context, handle, status, found.data(), found.size());
}

// ---- facts, options, the end

tharsis_status sockets::local(void* self, tharsis_handle handle, tharsis_address* address) {
  socket* const s = of(self).open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  if (const auto* end = std::get_if<tcp_end>(&s->what)) *address = end->wire->local(end->side);
  else if (const auto* l = std::get_if<std::unique_ptr<listener>>(&s->what)) *address = (*l)->address();
  else if (const auto* d = std::get_if<std::unique_ptr<datagram_socket>>(&s->what)) *address = (*d)->address();
  else return THARSIS_E_INVALID;
  return THARSIS_OK;
}

tharsis_status sockets::set(void* self, tharsis_handle handle, const char* name, int64_t value) {
  socket* const s = of(self).open_.find(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  const std::string_view option = name;
  auto* const end = std::get_if<tcp_end>(&s->what);
  auto* const waiting = std::get_if<std::unique_ptr<listener>>(&s->what);
  if (option == "reset_on_close" && end != nullptr) {
    end->wire->reset_on_close(end->side, value != 0);
  } else if (option == "mss" && (end != nullptr || waiting != nullptr)) {
    if (value <= 0 || value > 65535) return THARSIS_E_INVALID;
    if (end != nullptr) end->wire->set_mss(static_cast<size_t>(value));
    else (*waiting)->set_mss(static_cast<size_t>(value));
  } else {
    return THARSIS_E_UNSUPPORTED;
  }
  return THARSIS_OK;
}

tharsis_status sockets::get(void* self, tharsis_handle handle, const char* name, int64_t* value) {
  tcp_end* end = nullptr;
  if (const auto s = of(self).find(handle, end); s != THARSIS_OK)
    return s == THARSIS_E_INVALID ? THARSIS_E_UNSUPPORTED : s;
  const std::string_view fact = name;
  const connection& wire = *end->wire;
  if (fact == "rtt_us") *value = wire.round_trip(end->side) / 1us;
  else if (fact == "unacked_bytes") *value = static_cast<int64_t>(wire.unacked(end->side));
  else if (fact == "retransmits") *value = static_cast<int64_t>(wire.retransmits(end->side));
  else return THARSIS_E_UNSUPPORTED;
  return THARSIS_OK;
}

tharsis_status sockets::close(void* self, tharsis_handle handle) {
  const auto s = of(self).open_.take(handle);
  if (s == nullptr) return THARSIS_E_GONE;
  if (const auto* end = std::get_if<tcp_end>(&s->what)) end->wire->close(end->side);
  else if (const auto* l = std::get_if<std::unique_ptr<listener>>(&s->what)) (*l)->close();
  else if (const auto* d = std::get_if<std::unique_ptr<datagram_socket>>(&s->what)) (*d)->close();
  return THARSIS_OK;
}

}  // namespace tharsis::sim
