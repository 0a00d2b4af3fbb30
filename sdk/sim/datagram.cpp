#include "sdk/sim/datagram.h"

namespace tharsis::sim {
namespace {
constexpr size_t datagram_max = 65507;  // What an IPv4 packet can carry.
constexpr size_t inbox_max = 256;       // About what Linux' receive buffer holds; more is dropped.
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
    net_.time.at(*fate.arrives, [&net = net_, &from = place_, there, to, d] {
      if (!net.passable(from, *there) || !there->owns(to)) return;
      for (datagram_socket* s : there->datagrams)
        if (hears(s->address(), to)) return s->on_arrival(d);
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

bool datagram_socket::receive(datagram& into) {
  wanted_ = inbox_.empty();
  if (wanted_) return false;
  into = std::move(inbox_.front());
  inbox_.pop_front();
  return true;
}

}  // namespace tharsis::sim
