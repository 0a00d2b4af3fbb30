#include "runtime/real_net.h"

#include <string>
#include <utility>

#include "runtime/os_net_linux.h"
#include "runtime/real_strand.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// Descriptors come back when connections end, and other troubles pass; nobody tells us, so we look again after this time.
constexpr int64_t accept_again_after = 100'000'000;
constexpr uint32_t mss_min = 88, mss_max = 32767;  // As Linux has it.
constexpr size_t name_max = 253;  // Of a name in the DNS, as text.

bool is_address(const tharsis_address* a) { return a != nullptr && (a->family == 4 || a->family == 6); }

tharsis_status out_of_descriptors(tharsis_error* error, const std::string& what) {
  return fail(error, THARSIS_E_BUSY,
              what + " failed: the process is out of descriptors or memory; close some, or raise its limit");
}

tharsis_status cannot(tharsis_error* error, const std::string& what, const socket_start& start) {
  std::string sentence = what + " failed: " + reason_text(start.reason);
  if (start.status == THARSIS_E_IN_USE) sentence += "; end the program that uses it, or choose another port";
  if (start.status == THARSIS_E_DENIED) sentence += "; ports below 1024 are reserved, choose a higher one";
  return fail(error, start.status, sentence);
}

}  // namespace

// Every function of the table: for this strand, while it is open.
template <class... A, tharsis_status (real_net::*method)(A...)>
struct real_net::guarded<method> {
  static tharsis_status call(void* self, A... arguments) {
    auto& net = *static_cast<real_net*>(self);
    if (const tharsis_status s = net.strand_.usable(); s != THARSIS_OK) return s;
    return (net.*method)(arguments...);
  }
};

real_net::real_net(real_strand& strand, carrier& mine, blocking_pool& pool, uint64_t first_generation)
    : strand_(strand),
      carrier_(mine),
      pool_(pool),
      sockets_(handle_kind::socket, first_generation),
      queries_(handle_kind::query, first_generation) {
  table_.size = sizeof table_;
  table_.self = this;
  table_.dial = guarded<&real_net::dial>::call;
  table_.listen = guarded<&real_net::listen_on>::call;
  table_.accept = guarded<&real_net::accept>::call;
  table_.read = guarded<&real_net::read>::call;
  table_.write = guarded<&real_net::write>::call;
  table_.shutdown = guarded<&real_net::shutdown>::call;
  table_.datagram = guarded<&real_net::datagram>::call;
  table_.send = guarded<&real_net::send>::call;
  table_.receive = guarded<&real_net::receive>::call;
  table_.resolve = guarded<&real_net::resolve>::call;
  table_.local = guarded<&real_net::local>::call;
  table_.set = guarded<&real_net::set>::call;
  table_.get = guarded<&real_net::get>::call;
  table_.close = guarded<&real_net::close>::call;
  table_.dial_with = guarded<&real_net::dial_with>::call;
  table_.receive_error = guarded<&real_net::receive_error>::call;
}

tharsis_status real_net::dial(const tharsis_address* to, tharsis_net_event on_event, void* context,
                              tharsis_handle* id, tharsis_error* error) {
  return dial_with(to, nullptr, on_event, context, id, error);
}

tharsis_status real_net::dial_with(const tharsis_address* to, const tharsis_dial_options* options, tharsis_net_event on_event,
                                   void* context, tharsis_handle* id, tharsis_error* error) {
  if (!is_address(to) || to->port == 0 || on_event == nullptr)
    return fail(error, THARSIS_E_INVALID,
                "dialling needs an address with a family and a port, and an event function");
  const uint32_t mss = options != nullptr && THARSIS_HAS(options, mss) ? options->mss : 0;
  if (mss != 0 && (mss < mss_min || mss > mss_max))
    return fail(error, THARSIS_E_INVALID, "a connection's mss is from 88 to 32767 bytes, or 0 for the system's");
  const socket_start start = start_connecting(*to, static_cast<int>(mss));
  if (start.status == THARSIS_E_BUSY) return out_of_descriptors(error, "dialling " + to_text(*to));
  socket* const s = add(role::dialing, start.descriptor, on_event, context);
  if (s == nullptr) return out_of_descriptors(error, "dialling " + to_text(*to));
  s->peer = *to;
  *id = s->id;
  if (start.descriptor < 0) {
    s->failure = start.status;
    queue(*s, THARSIS_NET_FAILED);
  }
  return THARSIS_OK;
}

tharsis_status real_net::listen_on(const tharsis_address* on, tharsis_net_event on_event, void* context,
                                   tharsis_handle* id, tharsis_error* error) {
  if (!is_address(on) || on_event == nullptr)
    return fail(error, THARSIS_E_INVALID, "listening needs an address with a family, and an event function");
  const socket_start start = start_listening(*on);
  if (start.status != THARSIS_OK) return cannot(error, "listening on " + to_text(*on), start);
  socket* const s = add(role::listener, start.descriptor, on_event, context);
  if (s == nullptr) return out_of_descriptors(error, "listening on " + to_text(*on));
  *id = s->id;
  return THARSIS_OK;
}

tharsis_status real_net::accept(tharsis_handle listener, tharsis_net_event on_event, void* context,
                                tharsis_handle* id, tharsis_address* peer) {
  socket* const from = sockets_.find(listener);
  if (from == nullptr) return THARSIS_E_GONE;
  if (from->is != role::listener || on_event == nullptr) return THARSIS_E_INVALID;
  tharsis_address who{};
  const socket_start start = accept_connection(from->descriptor, who);
  if (start.status == THARSIS_PENDING) return waits_for(*from, THARSIS_NET_READABLE);
  if (start.status != THARSIS_OK) return hears_again(*from, start.status);
  socket* const s = add(role::connection, start.descriptor, on_event, context);
  if (s == nullptr) return hears_again(*from, THARSIS_E_BUSY);
  s->peer = who;
  if (peer != nullptr) *peer = who;
  *id = s->id;
  return THARSIS_OK;
}

// Whoever waits there brings no edge again: after a while the listener is told as if he had.
tharsis_status real_net::hears_again(socket& listener, tharsis_status why) {
  if (!std::exchange(listener.looks_again, true)) carrier_.arm(listener.again, carrier_.now() + accept_again_after);
  waits_for(listener, THARSIS_NET_READABLE);
  return why;
}

tharsis_status real_net::read(tharsis_handle id, uint8_t* into, size_t capacity, size_t* count) {
  *count = 0;
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (!s->is_tcp() || capacity == 0) return THARSIS_E_INVALID;
  if (s->is == role::dialing)
    return s->failure != THARSIS_OK ? s->failure : waits_for(*s, THARSIS_NET_READABLE);
  // Who reads until PENDING need not ask the system for it: what comes next brings an edge.
  if (s->drained) return waits_for(*s, THARSIS_NET_READABLE);
  const tharsis_status status = read_socket(s->descriptor, into, capacity, *count);
  if (status == THARSIS_PENDING) return waits_for(*s, THARSIS_NET_READABLE);
  s->drained = status == THARSIS_OK && *count > 0 && *count < capacity && !s->ending && s->failure == THARSIS_OK;
  // The system tells a failure once and an ordinary end from then on.
  if (status == THARSIS_OK) return *count == 0 ? s->failure : status;
  return s->fail(status);
}

tharsis_status real_net::write(tharsis_handle id, const uint8_t* data, size_t size, size_t* count) {
  *count = 0;
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (!s->is_tcp() || s->ended) return THARSIS_E_INVALID;
  if (s->failure != THARSIS_OK) return s->failure;
  if (s->is == role::dialing) return waits_for(*s, THARSIS_NET_WRITABLE);
  const tharsis_status status = write_socket(s->descriptor, data, size, *count);
  if (status == THARSIS_PENDING) return waits_for(*s, THARSIS_NET_WRITABLE);
  return s->fail(status);
}

tharsis_status real_net::shutdown(tharsis_handle id) {
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (s->failure != THARSIS_OK) return s->failure;
  if (s->is != role::connection) return THARSIS_E_INVALID;
  s->ended = true;
  return s->fail(end_writing(s->descriptor));
}

tharsis_status real_net::datagram(const tharsis_address* on, tharsis_net_event on_event, void* context,
                                  tharsis_handle* id, tharsis_error* error) {
  if (!is_address(on) || on_event == nullptr)
    return fail(error, THARSIS_E_INVALID,
                "a datagram socket needs an address with a family, and an event function");
  const socket_start start = open_datagram(*on);
  if (start.status != THARSIS_OK) return cannot(error, "a datagram socket on " + to_text(*on), start);
  socket* const s = add(role::datagram, start.descriptor, on_event, context);
  if (s == nullptr) return out_of_descriptors(error, "a datagram socket on " + to_text(*on));
  s->family = on->family;
  *id = s->id;
  return THARSIS_OK;
}

tharsis_status real_net::send(tharsis_handle id, const tharsis_address* to, const uint8_t* data,
                              size_t size) {
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (s->is != role::datagram || !is_address(to) || to->port == 0 || to->family != s->family)
    return THARSIS_E_INVALID;
  const tharsis_status status = send_datagram(s->descriptor, *to, data, size);
  return status == THARSIS_PENDING ? waits_for(*s, THARSIS_NET_WRITABLE) : status;
}

tharsis_status real_net::receive(tharsis_handle id, uint8_t* into, size_t capacity, size_t* count,
                                 tharsis_address* from) {
  *count = 0;
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (s->is != role::datagram) return THARSIS_E_INVALID;
  tharsis_address unused;
  const tharsis_status status =
      receive_datagram(s->descriptor, into, capacity, *count, from != nullptr ? *from : unused);
  return status == THARSIS_PENDING ? waits_for(*s, THARSIS_NET_READABLE) : status;
}

tharsis_status real_net::receive_error(tharsis_handle id, uint8_t* into, size_t capacity, size_t* count, tharsis_net_error* what) {
  *count = 0;
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (s->is != role::datagram || what == nullptr) return THARSIS_E_INVALID;
  const tharsis_status status = receive_datagram_error(s->descriptor, into, capacity, *count, *what);
  return status == THARSIS_PENDING ? waits_for(*s, THARSIS_NET_READABLE) : status;
}

tharsis_status real_net::resolve(tharsis_text name, uint32_t family, tharsis_net_resolved done, void* context,
                                 tharsis_handle* id, tharsis_error* error) {
  const std::string asked(view(name));
  if (asked.empty() || asked.size() > name_max || asked.find('\0') != std::string::npos)
    return fail(error, THARSIS_E_INVALID,
                "a name has 1 to 253 characters and no zero byte; this one does not");
  if ((family != 0 && family != 4 && family != 6) || done == nullptr)
    return fail(error, THARSIS_E_INVALID,
                "resolving '" + asked + "' needs the family 0, 4 or 6, and a function to answer to");
  auto answer = std::make_shared<result<std::vector<tharsis_address>>>(std::vector<tharsis_address>{});
  const auto [own, made] = queries_.add(query{done, context, asked, answer});
  const auto job = [strand = &strand_, by = &carrier_, answer, asked, family, back = own] {
    *answer = resolve_name(asked, family);
    by->post(*strand, {nullptr, nullptr, back});
  };
  if (made == nullptr || !pool_.submit(&strand_, job)) {
    queries_.remove(own);
    return fail(
        error, THARSIS_E_BUSY,
        "resolving '" + asked + "': too many questions are waiting; ask again after one has been answered");
  }
  *id = own;
  return THARSIS_OK;
}

std::string real_net::socket::name() const {
  if (is_tcp()) return "connection with " + to_text(peer);
  tharsis_address own{};
  const bool known = descriptor >= 0 && local_address(descriptor, own) == THARSIS_OK;
  return (is == role::listener ? "listener" : "datagram socket") + (known ? " on " + to_text(own) : "");
}

void real_net::tell_open(const tharsis_strand_audit& audit) {
  const auto tell = [&](uint32_t kind, const std::string& name) { audit.tell(audit.context, kind, text_of(name), nullptr); };
  sockets_.for_each([&](const socket& s) { tell(THARSIS_OPEN_SOCKET, s.name()); });
  queries_.for_each([&](const query& q) { tell(THARSIS_OPEN_NAME, q.name); });
}

tharsis_status real_net::local(tharsis_handle id, tharsis_address* address) {
  const socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  return s->descriptor >= 0 ? local_address(s->descriptor, *address) : s->failure;
}

tharsis_status real_net::set(tharsis_handle id, const char* name, int64_t value) {
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (s->is == role::datagram && std::string_view(name) == "echo") return value == 1 ? turn_to_echo(*s) : tharsis_status{THARSIS_E_INVALID};
  if (s->is == role::datagram) return set_datagram_option(s->descriptor, s->family, name, value);
  const bool known = s->is_tcp() || (s->is == role::listener && std::string_view(name) == "mss");
  if (!known) return THARSIS_E_UNSUPPORTED;
  return s->descriptor >= 0 ? set_socket_option(s->descriptor, name, value) : s->failure;
}

// Another socket takes the place of the one that was opened.
tharsis_status real_net::turn_to_echo(socket& s) {
  const socket_start fresh = open_echo(s.family);
  if (fresh.status != THARSIS_OK) return fresh.status;
  if (!carrier_.watched().add(fresh.descriptor, s)) {
    close_socket(fresh.descriptor);
    return THARSIS_E_BUSY;
  }
  carrier_.watched().remove(s.descriptor);
  close_socket(s.descriptor);
  s.descriptor = fresh.descriptor;
  return THARSIS_OK;
}

tharsis_status real_net::get(tharsis_handle id, const char* name, int64_t* value) {
  const socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  if (!s->is_tcp()) return THARSIS_E_UNSUPPORTED;
  return s->descriptor >= 0 ? get_socket_fact(s->descriptor, name, *value) : s->failure;
}

tharsis_status real_net::close(tharsis_handle id) {
  if (queries_.remove(id)) return THARSIS_OK;
  socket* const s = sockets_.find(id);
  if (s == nullptr) return THARSIS_E_GONE;
  release(*s);
  sockets_.remove(id);
  return THARSIS_OK;
}

void real_net::close_all() {
  sockets_.for_each([this](socket& s) { release(s); });
  sockets_.clear();
  queries_.clear();
}

// Takes the descriptor over, also when it fails.
real_net::socket* real_net::add(role is, int descriptor, tharsis_net_event on_event, void* context) {
  const auto [id, s] = sockets_.add(*this, is, descriptor, on_event, context);
  if (s == nullptr || (descriptor >= 0 && !carrier_.watched().add(descriptor, *s))) {
    sockets_.remove(id);
    if (descriptor >= 0) close_socket(descriptor);
    return nullptr;
  }
  s->id = id;
  s->again.strand = &strand_;
  s->again.owner = id;
  return s;
}

void real_net::release(socket& s) {
  carrier_.disarm(s.again);
  if (s.descriptor < 0) return;
  // Closing alone is not enough: a process that was forked off may still hold the connection.
  carrier_.watched().remove(s.descriptor);
  close_socket(s.descriptor);
}

// The poller saw an edge. [outside of any wake]
void real_net::on_ready(socket& s, uint32_t bits) {
  uint32_t told = 0;
  s.ending = s.ending || (bits & poller::ending) != 0;
  s.drained = false;
  if (s.is == role::dialing) {
    if (s.failure != THARSIS_OK || !(bits & poller::writable)) return;
    s.failure = connect_outcome(s.descriptor);
    if (s.failure != THARSIS_OK) return queue(s, THARSIS_NET_FAILED);
    s.is = role::connection;
    told |= THARSIS_NET_CONNECTED;
  } else if (s.is == role::connection && (bits & poller::failed) && s.failure == THARSIS_OK) {
    s.failure = take_failure(s.descriptor);
    if (s.failure != THARSIS_OK) told |= THARSIS_NET_FAILED;
  }
  if (bits & poller::readable) told |= THARSIS_NET_READABLE & s.armed;
  if (bits & poller::writable) told |= THARSIS_NET_WRITABLE & s.armed;
  if (told != 0) queue(s, told);
}

void real_net::queue(socket& s, uint32_t bits) {
  s.armed &= ~bits;
  const bool queued = s.ready != 0;
  s.ready |= bits;
  if (!queued) carrier_.enqueue(strand_, {nullptr, nullptr, s.id});
}

void real_net::tell_socket(tharsis_handle id) {
  socket* const s = sockets_.find(id);
  if (s == nullptr) return;  // Closed while the event waited for its turn.
  uint32_t bits = std::exchange(s->ready, 0u);
  if (s->looks_again && !s->again.armed()) {
    s->looks_again = false;
    bits |= std::exchange(s->armed, 0u);
  }
  if (bits == 0) return;
  s->on_event(s->context, id, bits, bits & THARSIS_NET_FAILED ? s->failure : tharsis_status{THARSIS_OK});
}

// What a call has just found is newer than an edge that waits to be told.
tharsis_status real_net::waits_for(socket& s, uint32_t bit) {
  s.ready &= ~bit;
  s.armed |= bit;
  return THARSIS_PENDING;
}

// Out of memory is no failure of the connection. Answers the status.
tharsis_status real_net::socket::fail(tharsis_status status) {
  if (status < 0 && status != THARSIS_E_BUSY && failure == THARSIS_OK) failure = status;
  return status;
}

void real_net::tell_query(tharsis_handle id) {
  query* const found = queries_.find(id);
  if (found == nullptr) return;  // Nobody wants to know any more.
  const query q = std::move(*found);
  queries_.remove(id);
  const auto& answer = *q.answer;
  if (answer.ok())
    q.done(q.context, id, THARSIS_OK, answer->data(), answer->size());
  else
    q.done(q.context, id, answer.status(), nullptr, 0);
}

}  // namespace tharsis::runtime
