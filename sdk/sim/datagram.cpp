#include "sdk/sim/datagram.h"

namespace tharsis::sim {
namespace {
constexpr size_t datagram_max = 65507;  // What an IPv4 packet can carry.
constexpr size_t inbox_max = 256;       // About what Linux' receive buffer holds; more is dropped.

// The machine's answer takes the way back.
void nobody_hears(network& net, host& from, host& there, const tharsis_address& to, const datagram_socket::datagram& d) {
  const auto fate = net.carry(there, from, 0);
  if (!fate.arrives) return;
  net.time.at(*fate.arrives, [&net, &from, &there, to, d] {
    if (!net.passable(there, from)) return;
    for (datagram_socket* s : from.datagrams)
      if (hears(s->address(), d.from)) return s->on_refused(to, d.data);
  });
}

}  // namespace

tharsis_status datagram_socket::send(const tharsis_address& to, const uint8_t* data, size_t size) {
  if (to.family != address_.family || to.port == 0 || size > datagram_max) return THARSIS_E_INVALID;
  const auto own = net_.source(place_, to);
  if (!own) return THARSIS_E_UNREACHABLE;
  host* const there = net_.find(place_, to);
  if (there == nullptr) return THARSIS_OK;  // Lost on the way, as anything may be.
  if (net_.between(place_, *there).no_datagrams) return THARSIS_OK;
  datagram d{*own, {data, data + size}};
  d.from.port = address_.port;
  const int copies = net_.chance.chance(net_.between(place_, *there).duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const auto fate = net_.carry(place_, *there, size);
    if (!fate.arrives) continue;
    net_.time.at(*fate.arrives, [&net = net_, &from = place_, there, to, d, listens = hears_errors_] {
      if (!net.passable(from, *there) || !there->owns(to)) return;
      for (datagram_socket* s : there->datagrams)
        if (hears(s->address(), to)) return s->on_arrival(d);
      if (listens) nobody_hears(net, from, *there, to, d);
    });
  }
  return THARSIS_OK;
}

void datagram_socket::on_arrival(datagram d) {
  net_.time.note(d.data.size());
  if (inbox_.size() >= inbox_max) return;
  inbox_.push_back(std::move(d));
  if (std::exchange(wanted_, false)) tell_readable_();
}

void datagram_socket::on_refused(const tharsis_address& to, const std::vector<uint8_t>& data) {
  if (!hears_errors_ || complaints_.size() >= inbox_max) return;
  complaint c;
  c.what.size = sizeof c.what;
  c.what.status = THARSIS_E_REFUSED;
  c.what.type = to.family == 4 ? 3 : 1;  // No such port, in ICMP's and ICMPv6's numbers.
  c.what.code = to.family == 4 ? 3 : 4;
  c.what.from = c.what.to = to;
  c.what.from.port = 0;
  c.data = data;
  complaints_.push_back(std::move(c));
  if (std::exchange(wanted_, false)) tell_readable_();
}

bool datagram_socket::receive_error(complaint& into) {
  if (complaints_.empty()) wanted_ = true;
  if (complaints_.empty()) return false;
  into = std::move(complaints_.front());
  complaints_.pop_front();
  return true;
}

tharsis_status datagram_socket::set(std::string_view name, int64_t value) {
  if (name == "errors") hears_errors_ = value != 0;
  else if (name == "ttl" && (value < 0 || value > 255)) return THARSIS_E_INVALID;
  else if (name != "ttl" && name != "whole") return THARSIS_E_UNSUPPORTED;
  return THARSIS_OK;
}

bool datagram_socket::receive(datagram& into) {
  if (inbox_.empty()) wanted_ = true;
  if (inbox_.empty()) return false;
  into = std::move(inbox_.front());
  inbox_.pop_front();
  return true;
}

}  // namespace tharsis::sim
