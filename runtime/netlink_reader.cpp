#include "runtime/netlink_reader.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>

#include "sdk/abi/network.h"

namespace tharsis::runtime {
namespace {

using bytes = std::span<const uint8_t>;

// A machine of containers has some hundred. Of more we would only forget that they are still there.
constexpr size_t addresses_most = 4096;
constexpr size_t hardware_most = 32;  // MAX_ADDR_LEN of the kernel.

size_t aligned(size_t size) { return (size + 3) & ~size_t{3}; }

template <class T>
std::optional<T> front(bytes b) {
  T value;
  if (b.size() < sizeof value) return {};
  std::memcpy(&value, b.data(), sizeof value);
  return value;
}

template <class Visit>
void for_each_attribute(bytes left, Visit visit) {
  while (const auto head = front<rtattr>(left)) {
    if (head->rta_len < sizeof(rtattr) || head->rta_len > left.size()) return;
    visit(head->rta_type & NLA_TYPE_MASK, left.subspan(sizeof(rtattr), head->rta_len - sizeof(rtattr)));
    left = left.subspan(std::min(aligned(head->rta_len), left.size()));
  }
}

// Answers whether the bytes were messages to their end. `visit` answers whether to go on.
template <class Visit>
bool for_each_message(bytes left, Visit visit) {
  while (!left.empty()) {
    const auto head = front<nlmsghdr>(left);
    if (!head || head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > left.size()) return false;
    if (!visit(head->nlmsg_type, left.subspan(sizeof(nlmsghdr), head->nlmsg_len - sizeof(nlmsghdr)))) return true;
    left = left.subspan(std::min(aligned(head->nlmsg_len), left.size()));
  }
  return true;
}

template <class Head>
bytes behind(bytes body) {
  return body.subspan(std::min(aligned(sizeof(Head)), body.size()));
}

// Family 0 when it is none.
tharsis_address address_from(uint8_t family, bytes b) {
  tharsis_address a{};
  const size_t size = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
  if (size == 0 || b.size() != size) return a;
  a.family = family == AF_INET ? 4 : 6;
  std::memcpy(a.ip, b.data(), size);
  return a;
}

std::string name_from(bytes b) {
  const auto end = std::find(b.begin(), b.end(), uint8_t{0});
  return {b.begin(), end};
}

kernel_route read_route(const rtmsg& head, bytes attributes) {
  kernel_route r;
  if (head.rtm_type != RTN_UNICAST) return r;  // "Unreachable" and the like are routes too.
  r.family = head.rtm_family == AF_INET ? 4 : head.rtm_family == AF_INET6 ? 6 : 0;
  uint32_t table = head.rtm_table;
  for_each_attribute(attributes, [&](int type, bytes value) {
    if (type == RTA_OIF) r.interface = front<uint32_t>(value).value_or(0);
    if (type == RTA_PREFSRC) r.source = address_from(head.rtm_family, value);
    if (type == RTA_GATEWAY) r.gateway = address_from(head.rtm_family, value);
    // An IPv4 route through an IPv6 neighbour: the family stands before the address.
    const auto via = type == RTA_VIA ? front<uint16_t>(value) : std::nullopt;
    if (via) r.gateway = address_from(static_cast<uint8_t>(*via), value.subspan(sizeof(uint16_t)));
    if (type == RTA_PRIORITY) r.metric = front<uint32_t>(value).value_or(0);
    if (type == RTA_TABLE) table = front<uint32_t>(value).value_or(table);
  });
  r.to_all = head.rtm_dst_len == 0 && table == RT_TABLE_MAIN && r.interface != 0 && r.family != 0;
  return r;
}

kernel_link read_link(const ifinfomsg& head, bytes attributes) {
  kernel_link l;
  l.hardware = head.ifi_type;
  l.number = static_cast<uint32_t>(head.ifi_index);
  l.up = (head.ifi_flags & IFF_UP) != 0;
  l.running = (head.ifi_flags & IFF_UP) != 0 && (head.ifi_flags & IFF_RUNNING) != 0;
  l.resolves = (head.ifi_flags & (IFF_NOARP | IFF_POINTOPOINT)) == 0;
  for_each_attribute(attributes, [&](int type, bytes value) {
    if (type == IFLA_IFNAME) l.name = name_from(value);
    if (type == IFLA_MTU) l.mtu = front<uint32_t>(value).value_or(0);
    if (type == IFLA_LINKINFO)
      for_each_attribute(value, [&](int inner, bytes text) {
        if (inner == IFLA_INFO_KIND) l.kind = name_from(text);
      });
  });
  return l;
}

// Those of a link only lead nowhere; those that may be somebody else's are not in use yet.
tharsis_address read_address(const ifaddrmsg& head, bytes attributes) {
  tharsis_address local{}, plain{};
  uint32_t flags = head.ifa_flags;
  for_each_attribute(attributes, [&](int type, bytes value) {
    if (type == IFA_FLAGS) flags = front<uint32_t>(value).value_or(flags);
    if (type == IFA_LOCAL) local = address_from(head.ifa_family, value);
    if (type == IFA_ADDRESS) plain = address_from(head.ifa_family, value);
  });
  const bool unproved = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
  if (unproved || head.ifa_scope != RT_SCOPE_UNIVERSE) return {};
  return local.family != 0 ? local : plain;
}

uint32_t state_of(uint16_t kernel) {
  if (kernel & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP)) return THARSIS_NEIGHBOUR_REACHABLE;
  if (kernel & (NUD_STALE | NUD_DELAY | NUD_PROBE)) return THARSIS_NEIGHBOUR_STALE;
  if (kernel & NUD_INCOMPLETE) return THARSIS_NEIGHBOUR_ASKING;
  return kernel & NUD_FAILED ? THARSIS_NEIGHBOUR_FAILED : THARSIS_NEIGHBOUR_UNKNOWN;
}

struct neighbour {
  tharsis_address ip{};
  std::vector<uint8_t> hardware;  // Empty while nobody has answered for it.
};

neighbour read_neighbour(const ndmsg& head, bytes attributes) {
  neighbour n;
  for_each_attribute(attributes, [&](int type, bytes value) {
    if (type == NDA_DST) n.ip = address_from(head.ndm_family, value);
    if (type == NDA_LLADDR && value.size() <= hardware_most) n.hardware.assign(value.begin(), value.end());
  });
  if ((head.ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)) != 0) n.hardware.clear();
  return n;
}

}  // namespace

netlink_end netlink_reader::on_datagram(bytes datagram) {
  netlink_end end = netlink_end::open;
  const bool whole = for_each_message(datagram, [&](uint16_t type, bytes body) {
    end = on_message(type, body);
    return end == netlink_end::open;
  });
  return whole ? end : netlink_end::damaged;
}

netlink_end netlink_reader::on_message(uint16_t type, bytes body) {
  if (type == NLMSG_DONE) return netlink_end::done;
  if (type == NLMSG_ERROR) {
    const auto failure = front<nlmsgerr>(body);
    if (!failure) return netlink_end::damaged;
    refusal = failure->error;
    return refusal == 0 ? netlink_end::done : netlink_end::refused;
  }
  if (const auto head = front<rtmsg>(body); head && type == RTM_NEWROUTE) {
    route = read_route(*head, behind<rtmsg>(body));
    if (route->to_all && defaults.size() < list_most) defaults.push_back(*route);
  } else if (const auto of_link = front<ifinfomsg>(body); of_link && type == RTM_NEWLINK) {
    link = read_link(*of_link, behind<ifinfomsg>(body));
    if (links.size() < list_most) links.push_back(*link);
  } else if (const auto of_address = front<ifaddrmsg>(body); of_address && type == RTM_NEWADDR) {
    const tharsis_address a = read_address(*of_address, behind<ifaddrmsg>(body));
    if (a.family != 0 && addresses.size() < addresses_most) addresses.push_back(a);
  } else if (const auto near = front<ndmsg>(body); near && type == RTM_NEWNEIGH) {
    neighbour n = read_neighbour(*near, behind<ndmsg>(body));
    hardware = std::move(n.hardware);
    if (n.ip.family != 0 && neighbours.size() < list_most)
      neighbours.push_back({n.ip, static_cast<uint32_t>(near->ndm_ifindex), state_of(near->ndm_state)});
  }
  return netlink_end::open;
}

std::vector<netlink_notice> read_notices(bytes datagram) {
  std::vector<netlink_notice> all;
  for_each_message(datagram, [&](uint16_t type, bytes body) {
    const auto near = front<ndmsg>(body);
    if (near && (type == RTM_NEWNEIGH || type == RTM_DELNEIGH)) {
      neighbour n = read_neighbour(*near, behind<ndmsg>(body));
      if (type == RTM_DELNEIGH) n.hardware.clear();
      if (n.ip.family != 0) all.push_back({true, n.ip, std::move(n.hardware)});
    } else if (type >= RTM_BASE) {
      all.push_back({});
    }
    return true;
  });
  return all;
}

}  // namespace tharsis::runtime
