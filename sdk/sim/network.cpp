#include "sdk/sim/network.h"

#include <algorithm>
#include <cassert>

#include "sdk/sim/connection.h"
#include "sdk/sim/datagram.h"
#include "sdk/sim/listener.h"

namespace tharsis::sim {
namespace {

constexpr duration loopback_delay = 50us;
constexpr size_t header_bytes = 40;  // IP and TCP; they take their share of a thin line.

constexpr uint16_t ephemeral_first = 32768;
constexpr uint16_t ephemeral_last = 60999;

// Is there a socket that hears what is sent to this address and port?
bool has_ear(const host& h, const tharsis_address& to) {
  const auto hears_it = [&](const auto* socket) { return hears(socket->address(), to); };
  return std::any_of(h.listeners.begin(), h.listeners.end(), hears_it) ||
         std::any_of(h.datagrams.begin(), h.datagrams.end(), hears_it);
}

bool is_any(const tharsis_address& ip) {
  return std::all_of(ip.ip, ip.ip + (ip.family == 4 ? 4 : 16), [](uint8_t b) { return b == 0; });
}

}  // namespace

void host::set_addresses(const std::vector<std::string>& texts) {
  addresses.clear();
  for (const std::string& text : texts) {
    const auto ip = parse_ip(text);
    assert(ip.ok() && "a machine's address must be an IP address");
    addresses.push_back(*ip);
  }
}

bool host::owns(const tharsis_address& ip) const {
  if (is_any(ip) || is_loopback(ip)) return true;
  return std::any_of(addresses.begin(), addresses.end(), [&](const auto& a) { return same_ip(a, ip); });
}

uint16_t host::ephemeral_port() {
  next_port = next_port < ephemeral_first || next_port >= ephemeral_last
                  ? ephemeral_first
                  : static_cast<uint16_t>(next_port + 1);
  return next_port;
}

bool hears(const tharsis_address& bound, const tharsis_address& to) {
  return bound.family == to.family && bound.port == to.port && (is_any(bound) || same_ip(bound, to));
}

bool collide(const tharsis_address& a, const tharsis_address& b) {
  return a.family == b.family && a.port == b.port && (is_any(a) || is_any(b) || same_ip(a, b));
}

host& network::add_host(const std::vector<std::string>& addresses) {
  auto added = std::make_unique<host>();
  added->number = hosts_.size();
  added->set_addresses(addresses);
  added->next_port = static_cast<uint16_t>(ephemeral_first + chance.below(ephemeral_last - ephemeral_first));
  hosts_.push_back(std::move(added));
  host& self = *hosts_.back();
  between(self, self).delay = loopback_delay;
  return self;
}

host* network::find(host& from, const tharsis_address& ip) const {
  if (is_loopback(ip)) {
    if (one_loopback && !has_ear(from, ip))
      for (const auto& h : hosts_)
        if (has_ear(*h, ip)) return h.get();
    return &from;
  }
  for (const auto& h : hosts_)
    for (const auto& a : h->addresses)
      if (same_ip(a, ip)) return h.get();
  return nullptr;
}

std::optional<tharsis_address> network::source(const host& from, const tharsis_address& to) const {
  tharsis_address own = to;
  own.port = 0;
  if (is_loopback(to) || from.owns(to)) return own;
  for (const auto& a : from.addresses)
    if (a.family == to.family) return a;
  return std::nullopt;
}

network::route& network::route_between(const host& a, const host& b) {
  return routes_[{std::min(a.number, b.number), std::max(a.number, b.number)}];
}

network::fate network::carry(const host& from, const host& to, size_t size) {
  route& r = route_between(from, to);
  instant& free_at = r.free_at[from.number < to.number ? 0 : 1];
  fate f{time.now(), std::nullopt};
  if (r.terms.bytes_per_second > 0 && size > 0) {
    const double seconds =
        static_cast<double>(size + header_bytes) / static_cast<double>(r.terms.bytes_per_second);
    f.departs = std::max(time.now(), free_at) + duration(static_cast<int64_t>(seconds * 1e9));
    free_at = f.departs;
  }
  r.terms.carried += size + header_bytes;
  const double there = from.number < to.number ? r.terms.loss_there : 0;
  const bool lost = chance.chance(r.terms.loss) || (there > 0 && chance.chance(there));
  const duration on_the_way = r.terms.delay + chance.up_to(r.terms.jitter);
  const bool too_large = r.terms.packet_max > 0 && size + header_bytes > r.terms.packet_max;
  if (!lost && !too_large && !r.terms.black_hole) f.arrives = f.departs + on_the_way;
  return f;
}

void network::add(const std::shared_ptr<connection>& c) {
  std::erase_if(connections_, [](const auto& old) { return old.expired(); });
  connections_.push_back(c);
}

std::vector<std::shared_ptr<connection>> network::connections(const host& a) const {
  std::vector<std::shared_ptr<connection>> found;
  for (const auto& weak : connections_)
    if (auto c = weak.lock(); c != nullptr && c->touches(a)) found.push_back(std::move(c));
  return found;
}

std::vector<std::shared_ptr<connection>> network::connections(const host& a, const host& b) const {
  auto found = connections(a);
  std::erase_if(found, [&](const auto& c) { return !c->joins(a, b); });
  return found;
}

}  // namespace tharsis::sim
