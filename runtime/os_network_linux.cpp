#include "runtime/os_network_linux.h"

#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

// A kernel that answers for ever is not believed: enough for a dump of 100,000 addresses.
constexpr int datagrams_most = 4096;
constexpr size_t piece_size = 32 << 10;  // What the kernel fills at most for one datagram of a dump.

// Where "the network" is: two addresses that lie behind every default route, of the root name server A.
// The kernel is asked how it would send there, and nothing is sent. So its policy rules, metrics and the
// halves of the world that a VPN routes count, which no list of default routes would show.
constexpr uint8_t far_v4[4] = {198, 41, 0, 4};
constexpr uint8_t far_v6[16] = {0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x30};

template <class Head>
struct request {
  nlmsghdr header{};
  Head head{};
  uint8_t attributes[64]{};

  request(uint16_t type, uint16_t flags) {
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    header.nlmsg_len = NLMSG_LENGTH(sizeof(Head));
  }
  void add(uint16_t type, const void* value, size_t size) {
    const size_t at = NLMSG_ALIGN(header.nlmsg_len);
    const rtattr a{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    auto* const place = reinterpret_cast<uint8_t*>(this) + at;
    std::memcpy(place, &a, sizeof a);
    std::memcpy(place + sizeof a, value, size);
    header.nlmsg_len = static_cast<uint32_t>(at + RTA_LENGTH(size));
  }
};

int open_netlink(uint32_t groups) {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -1;
  sockaddr_nl own{};
  own.nl_family = AF_NETLINK;
  own.nl_groups = groups;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  errno = reason;
  return -1;
}

uint32_t group(int number) { return 1u << (number - 1); }

// What the driver calls the device: "wlan", "wwan", or nothing.
std::string device_type(const std::string& interface) {
  if (interface.find('/') != std::string::npos) return {};
  const std::string folder = "/sys/class/net/" + interface;
  std::ifstream facts(folder + "/uevent");
  for (std::string line; std::getline(facts, line);)
    if (line.starts_with("DEVTYPE=")) return line.substr(8);
  const bool wireless = ::access((folder + "/wireless").c_str(), F_OK) == 0 || ::access((folder + "/phy80211").c_str(), F_OK) == 0;
  return wireless ? "wlan" : "";
}

// A container's veth is its wire; a virtual LAN and a bond are made of wires.
uint32_t type_of(const kernel_link& link) {
  const std::string device = device_type(link.name);
  if (device == "wlan") return THARSIS_NETWORK_WIFI;
  if (device == "wwan" || link.kind == "wwan" || link.kind == "rmnet") return THARSIS_NETWORK_CELLULAR;
  const bool wire = link.kind.empty() || link.kind == "veth" || link.kind == "vlan" || link.kind == "bond" ||
                    link.kind == "macvlan" || link.kind == "ipvlan";
  return wire && link.hardware == ARPHRD_ETHER ? THARSIS_NETWORK_WIRED : THARSIS_NETWORK_OTHER;
}

}  // namespace

kernel_network::~kernel_network() {
  for (const int fd : {questions_, notices_, clock_})
    if (fd >= 0) ::close(fd);
}

tharsis_status kernel_network::open(tharsis_error* error) {
  questions_ = open_netlink(0);
  if (questions_ >= 0)
    notices_ = open_netlink(group(RTNLGRP_LINK) | group(RTNLGRP_IPV4_IFADDR) | group(RTNLGRP_IPV6_IFADDR) |
                            group(RTNLGRP_IPV4_ROUTE) | group(RTNLGRP_IPV6_ROUTE) | group(RTNLGRP_IPV4_RULE) |
                            group(RTNLGRP_IPV6_RULE) | group(RTNLGRP_NEIGH));
  if (notices_ < 0) {
    const std::string why = std::strerror(errno);
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
      return fail(error, THARSIS_E_BUSY, "the process is out of descriptors: " + why);
    const bool denied = errno == EPERM || errno == EACCES;
    return fail(error, denied ? THARSIS_E_DENIED : THARSIS_E_UNSUPPORTED,
                "the kernel does not tell this process of its network (netlink: " + why + ")");
  }
  clock_ = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  arm_clock();
  piece_.resize(piece_size);
  return THARSIS_OK;
}

// A timer that never ends, but is cancelled when the clock jumps, as it does on waking up.
void kernel_network::arm_clock() {
  if (clock_ < 0) return;
  itimerspec far{};
  far.it_value.tv_sec = INT32_MAX;
  timerfd_settime(clock_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, nullptr);
}

bool kernel_network::changed() {
  bool news = false;
  uint64_t fired = 0;
  if (clock_ >= 0 && ::read(clock_, &fired, sizeof fired) < 0 && errno == ECANCELED) {
    news = true;
    arm_clock();
  }
  for (int n = 0; n < datagrams_most; ++n) {
    const ssize_t size = ::recv(notices_, piece_.data(), piece_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) news = true;  // Some were lost; a look sees what they meant.
    else if (size < 0) return news;
    if (size <= 0 || news) continue;
    const auto notices = read_notices(std::span(piece_).first(static_cast<size_t>(size)));
    news = std::any_of(notices.begin(), notices.end(), [this](const auto& notice) { return tells_news(notice); });
  }
  return true;
}

// Neighbours come and go all the time; only our gateways matter.
bool kernel_network::tells_news(const netlink_notice& n) const {
  if (!n.of_neighbour) return true;
  const auto of = [&](const way& w) { return same_ip(w.route.gateway, n.neighbour) && w.hardware != n.hardware; };
  return of(v4_) || of(v6_);
}

// False: refused, or no answer that makes sense. What the kernel says of a request is there when the
// request has been sent, so nothing waits here.
bool kernel_network::ask(const void* request, size_t size, netlink_reader& answer) {
  std::vector<uint8_t> message(static_cast<const uint8_t*>(request), static_cast<const uint8_t*>(request) + size);
  nlmsghdr header;
  std::memcpy(&header, message.data(), sizeof header);
  header.nlmsg_seq = ++sequence_;
  std::memcpy(message.data(), &header, sizeof header);
  if (::send(questions_, message.data(), header.nlmsg_len, 0) < 0) return false;
  const bool dump = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  for (int n = 0; n < datagrams_most; ++n) {
    const ssize_t got = ::recv(questions_, piece_.data(), piece_.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    nlmsghdr first{};
    if (got < static_cast<ssize_t>(sizeof first)) return false;
    std::memcpy(&first, piece_.data(), sizeof first);
    if (first.nlmsg_seq != sequence_) continue;  // The rest of an answer that was given up.
    const netlink_end end = answer.on_datagram(std::span(piece_).first(static_cast<size_t>(got)));
    if (end == netlink_end::open && dump) continue;
    return end == netlink_end::open || end == netlink_end::done;
  }
  return false;
}

kernel_network::way kernel_network::find_way(int family) {
  way w;
  request<rtmsg> to(RTM_GETROUTE, 0);
  to.head.rtm_family = static_cast<uint8_t>(family);
  to.head.rtm_dst_len = family == AF_INET ? 32 : 128;
  to.add(RTA_DST, family == AF_INET ? far_v4 : far_v6, family == AF_INET ? sizeof far_v4 : sizeof far_v6);
  netlink_reader route;
  if (!ask(&to, sizeof to, route) || !route.route) {
    lost_ = lost_ || route.refusal == -EPERM || route.refusal == -EACCES;
    return w;
  }
  request<ifinfomsg> about(RTM_GETLINK, 0);
  about.head.ifi_index = static_cast<int>(route.route->interface);
  netlink_reader link;
  if (!ask(&about, sizeof about, link) || !link.link) return w;
  if (!link.link->running || link.link->hardware == ARPHRD_LOOPBACK) return w;
  w.route = *route.route;
  w.link = std::move(*link.link);
  w.type = type_of(w.link);
  find_hardware(w);
  return w;
}

void kernel_network::find_hardware(way& w) {
  if (w.route.gateway.family == 0 || !w.link.resolves) return;
  request<ndmsg> near(RTM_GETNEIGH, 0);
  near.head.ndm_family = w.route.gateway.family == 4 ? AF_INET : AF_INET6;
  near.head.ndm_ifindex = static_cast<int>(w.route.interface);
  near.add(NDA_DST, w.route.gateway.ip, w.route.gateway.family == 4 ? 4 : 16);
  netlink_reader answer;
  if (ask(&near, sizeof near, answer)) w.hardware = std::move(answer.hardware);
}

const tharsis_observation* kernel_network::look() {
  lost_ = false;
  v4_ = find_way(AF_INET);
  v6_ = find_way(AF_INET6);
  request<ifaddrmsg> all(RTM_GETADDR, NLM_F_DUMP);
  netlink_reader own;
  if (lost_ || !ask(&all, sizeof all, own)) return nullptr;
  addresses_ = std::move(own.addresses);
  const auto shown = [](const way& w) {
    tharsis_way seen{};
    seen.interface = text_of(w.link.name);
    seen.type = w.type;
    seen.mtu = w.link.mtu;
    seen.source = w.route.source;
    seen.gateway = w.route.gateway;
    seen.gateway_hardware = bytes_of(w.hardware);
    seen.resolves = w.link.resolves;
    return seen;
  };
  seen_ = {sizeof seen_, static_cast<uint32_t>(addresses_.size()), shown(v4_), shown(v6_), addresses_.data()};
  return &seen_;
}

}  // namespace tharsis::runtime
