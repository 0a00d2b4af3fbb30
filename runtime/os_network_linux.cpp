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
#include <filesystem>
#include <fstream>
#include <sstream>

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

namespace {

tharsis_status not_told(tharsis_error* error) {
  const int reason = errno;
  const std::string why = std::strerror(reason);
  if (reason == EMFILE || reason == ENFILE || reason == ENOMEM || reason == ENOBUFS)
    return fail(error, THARSIS_E_BUSY, "the process is out of descriptors: " + why);
  const bool denied = reason == EPERM || reason == EACCES;
  return fail(error, denied ? THARSIS_E_DENIED : THARSIS_E_UNSUPPORTED,
              "the kernel does not tell this process of its network (netlink: " + why + ")");
}

}  // namespace

tharsis_status kernel_network::open_questions(tharsis_error* error) {
  questions_ = open_netlink(0);
  if (questions_ < 0) return not_told(error);
  piece_.resize(piece_size);
  return THARSIS_OK;
}

tharsis_status kernel_network::open(tharsis_error* error) {
  questions_ = open_netlink(0);
  if (questions_ >= 0)
    notices_ = open_netlink(group(RTNLGRP_LINK) | group(RTNLGRP_IPV4_IFADDR) | group(RTNLGRP_IPV6_IFADDR) |
                            group(RTNLGRP_IPV4_ROUTE) | group(RTNLGRP_IPV6_ROUTE) | group(RTNLGRP_IPV4_RULE) |
                            group(RTNLGRP_IPV6_RULE) | group(RTNLGRP_NEIGH));
  if (notices_ < 0) return not_told(error);
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

namespace {

constexpr size_t name_servers_most = 8;  // glibc asks three.

// "nameserver 192.0.2.53" and nothing else of it.
std::vector<tharsis_address> system_name_servers() {
  std::vector<tharsis_address> found;
  std::ifstream lines("/etc/resolv.conf");
  for (std::string line; found.size() < name_servers_most && std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, value;
    if (!(words >> word >> value) || word != "nameserver") continue;
    auto at = parse_ip(value.substr(0, value.find('%')));
    if (!at) continue;
    at->port = 53;
    found.push_back(*at);
  }
  return found;
}

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// Of either kind: a person's, which programs turn ("soft"), or a key of the machine.
bool is_switched_off(const std::string& radio) { return first_line(radio + "/soft") == "1" || first_line(radio + "/hard") == "1"; }

// "wlan0: 0000   54.  -56.  -256 ...": the third number is the signal's level. 0: it has none, or does not say.
int32_t signal_of(const std::string& interface) {
  std::ifstream lines("/proc/net/wireless");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, status;
    double quality = 0, level = 0;
    if (words >> name >> status >> quality >> level && name == interface + ":") return level < 0 && level > -200 ? static_cast<int32_t>(level) : 0;
  }
  return 0;
}

}  // namespace

bool is_radio_off(const std::string& interface, uint32_t type, const std::string& classes) {
  const std::string_view kind = type == THARSIS_NETWORK_WIFI ? "wlan" : type == THARSIS_NETWORK_CELLULAR ? "wwan" : "";
  if (kind.empty() || interface.find('/') != std::string::npos) return false;
  const std::string own = first_line(classes + "/net/" + interface + "/phy80211/name");
  size_t alike = 0, off = 0;
  std::error_code none;
  for (const auto& one : std::filesystem::directory_iterator(classes + "/rfkill", none)) {
    const std::string radio = one.path().string();
    if (first_line(radio + "/type") != kind) continue;
    const bool is_off = is_switched_off(radio);
    if (!own.empty() && first_line(radio + "/name") == own) return is_off;
    ++alike;
    off += is_off;
  }
  return alike > 0 && off == alike;
}

namespace {

template <class T>
std::vector<const T*> pointers_to(const std::vector<T>& all) {
  std::vector<const T*> list;
  for (const T& one : all) list.push_back(&one);
  return list;
}

}  // namespace

tharsis_status kernel_network::survey(tharsis_on_survey see, void* context, tharsis_error* error) {
  request<ifinfomsg> of_links(RTM_GETLINK, NLM_F_DUMP);
  request<ifaddrmsg> of_addresses(RTM_GETADDR, NLM_F_DUMP);
  request<rtmsg> of_routes(RTM_GETROUTE, NLM_F_DUMP);
  request<ndmsg> of_neighbours(RTM_GETNEIGH, NLM_F_DUMP);
  netlink_reader all;
  const bool told = ask(&of_links, sizeof of_links, all) && ask(&of_addresses, sizeof of_addresses, all) &&
                    ask(&of_routes, sizeof of_routes, all) && ask(&of_neighbours, sizeof of_neighbours, all);
  if (!told) return fail(error, THARSIS_E_DENIED, "the kernel does not answer this process about its network");
  const auto link_of = [&](uint32_t number) {
    return std::find_if(all.links.begin(), all.links.end(), [&](const kernel_link& l) { return l.number == number; });
  };
  std::vector<tharsis_interface> interfaces;
  for (const kernel_link& l : all.links) {
    const uint32_t type = type_of(l);
    interfaces.push_back({sizeof(tharsis_interface), type, text_of(l.name), l.up, l.running, l.hardware == ARPHRD_LOOPBACK, l.mtu,
                          type == THARSIS_NETWORK_WIFI ? signal_of(l.name) : 0, 0, is_radio_off(l.name, type, "/sys/class"), 0});
  }
  std::vector<tharsis_gateway> gateways;
  for (const kernel_route& r : all.defaults) {
    const auto link = link_of(r.interface);
    tharsis_gateway g{sizeof g, THARSIS_NEIGHBOUR_UNKNOWN, r.gateway, {}, r.metric, r.family};
    if (link != all.links.end()) g.interface = text_of(link->name);
    for (const kernel_neighbour& n : all.neighbours)
      if (n.interface == r.interface && same_ip(n.ip, r.gateway)) g.state = n.state;
    gateways.push_back(g);
  }
  const auto interface_list = pointers_to(interfaces);
  const auto gateway_list = pointers_to(gateways);
  const auto servers = system_name_servers();
  tharsis_survey seen{};
  seen.size = sizeof seen;
  seen.interfaces = interface_list.data();
  seen.interfaces_count = static_cast<uint32_t>(interface_list.size());
  seen.gateways = gateway_list.data();
  seen.gateways_count = static_cast<uint32_t>(gateway_list.size());
  seen.addresses = all.addresses.data();
  seen.addresses_count = static_cast<uint32_t>(all.addresses.size());
  seen.name_servers = servers.data();
  seen.name_servers_count = static_cast<uint32_t>(servers.size());
  see(context, &seen);
  return THARSIS_OK;
}

tharsis_status survey_network(tharsis_on_survey see, void* context, tharsis_error* error) {
  kernel_network eyes;
  const tharsis_status opened = eyes.open_questions(error);
  return opened == THARSIS_OK ? eyes.survey(see, context, error) : opened;
}

}  // namespace tharsis::runtime
