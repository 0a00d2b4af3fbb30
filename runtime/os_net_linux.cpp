#include "runtime/os_net_linux.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <linux/tcp.h>  // Its tcp_info is whole, unlike that of netinet/tcp.h.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

namespace tharsis::runtime {
namespace {

constexpr int backlog = 512;

constexpr std::pair<int, tharsis_status> statuses[] = {
    {EAGAIN, THARSIS_PENDING},
    {EMFILE, THARSIS_E_BUSY},
    {ENFILE, THARSIS_E_BUSY},
    {ENOBUFS, THARSIS_E_BUSY},
    {ENOMEM, THARSIS_E_BUSY},
    {ECONNREFUSED, THARSIS_E_REFUSED},
    {ECONNRESET, THARSIS_E_RESET},
    {EPIPE, THARSIS_E_RESET},
    {ECONNABORTED, THARSIS_E_RESET},
    {ETIMEDOUT, THARSIS_E_TIMEOUT},
    {ENETUNREACH, THARSIS_E_UNREACHABLE},
    {EHOSTUNREACH, THARSIS_E_UNREACHABLE},
    {EHOSTDOWN, THARSIS_E_UNREACHABLE},
    {ENETDOWN, THARSIS_E_UNREACHABLE},
    {ENONET, THARSIS_E_UNREACHABLE},
    {EAFNOSUPPORT, THARSIS_E_UNREACHABLE},
    {EADDRNOTAVAIL, THARSIS_E_UNREACHABLE},
    {EADDRINUSE, THARSIS_E_IN_USE},
    {EACCES, THARSIS_E_DENIED},
    {EPERM, THARSIS_E_DENIED},
    {EINVAL, THARSIS_E_INVALID},
    {EMSGSIZE, THARSIS_E_INVALID},
    {EDESTADDRREQ, THARSIS_E_INVALID},
    {EOPNOTSUPP, THARSIS_E_UNSUPPORTED},
    {ENOPROTOOPT, THARSIS_E_UNSUPPORTED},
};

// Of a connection that has died before it was accepted; the next one is none the worse.
constexpr int died_waiting[] = {EINTR,     ECONNABORTED, EPROTO,       ENETDOWN,   ENOPROTOOPT,
                                EHOSTDOWN, ENONET,       EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};

tharsis_status status_of(int reason) {
  for (const auto& [number, status] : statuses)
    if (number == reason) return status;
  return THARSIS_E_NETWORK;
}

// An address as the system wants it.
struct raw_address {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

raw_address to_raw(const tharsis_address& a) {
  raw_address raw;
  if (a.family == 4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(a.port);
    std::memcpy(&in.sin_addr, a.ip, 4);
    std::memcpy(&raw.storage, &in, raw.size = sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(a.port);
    in.sin6_scope_id = a.scope;
    std::memcpy(&in.sin6_addr, a.ip, 16);
    std::memcpy(&raw.storage, &in, raw.size = sizeof in);
  }
  return raw;
}

tharsis_address from_raw(const sockaddr* raw) {
  tharsis_address a{};
  if (raw->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, raw, sizeof in);
    a.family = 4;
    a.port = ntohs(in.sin_port);
    std::memcpy(a.ip, &in.sin_addr, 4);
  } else if (raw->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, raw, sizeof in);
    a.family = 6;
    a.port = ntohs(in.sin6_port);
    a.scope = in.sin6_scope_id;
    std::memcpy(a.ip, &in.sin6_addr, 16);
  }
  return a;
}

bool set_flag(int descriptor, int level, int option, int value) {
  return setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

int open_socket(const tharsis_address& a, int type) {
  const int descriptor = ::socket(a.family == 4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // An IPv6 socket speaks IPv6 only: addresses look the same however the system is set up.
  if (descriptor >= 0 && a.family == 6) set_flag(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return descriptor;
}

socket_start failed(int descriptor, int reason) {
  if (descriptor >= 0) ::close(descriptor);
  return {-1, status_of(reason), reason};
}

socket_start bound(int descriptor, const tharsis_address& on) {
  if (descriptor < 0) return failed(-1, errno);
  const raw_address raw = to_raw(on);
  if (::bind(descriptor, raw.get(), raw.size) == 0) return {descriptor, THARSIS_OK, 0};
  socket_start start = failed(descriptor, errno);
  if (start.reason == EADDRNOTAVAIL) start.status = THARSIS_E_NOT_FOUND;  // No interface has it.
  return start;
}

// A dial to a free local port can be given that very port and then meets itself.
bool meets_itself(int descriptor) {
  raw_address own, peer;
  return getsockname(descriptor, own.get(), &own.size) == 0 &&
         getpeername(descriptor, peer.get(), &peer.size) == 0 && own.size == peer.size &&
         std::memcmp(&own.storage, &peer.storage, own.size) == 0;
}

template <class Call>
auto uninterrupted(Call call) {
  auto value = call();
  while (value < 0 && errno == EINTR) value = call();
  return value;
}

}  // namespace

socket_start start_connecting(const tharsis_address& to, int mss) {
  const int descriptor = open_socket(to, SOCK_STREAM);
  if (descriptor < 0) return failed(-1, errno);
  set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  if (mss > 0) set_flag(descriptor, IPPROTO_TCP, TCP_MAXSEG, mss);
  const raw_address raw = to_raw(to);
  if (::connect(descriptor, raw.get(), raw.size) == 0) return {descriptor, THARSIS_PENDING, 0};
  // Interrupted, it goes on all the same.
  if (errno == EINPROGRESS || errno == EINTR) return {descriptor, THARSIS_PENDING, 0};
  return failed(descriptor, errno == EAGAIN ? ENOBUFS : errno);  // EAGAIN: no local port is free.
}

tharsis_status connect_outcome(int descriptor) {
  if (const tharsis_status failure = take_failure(descriptor); failure != THARSIS_OK) return failure;
  return meets_itself(descriptor) ? THARSIS_E_REFUSED : THARSIS_OK;
}

tharsis_status take_failure(int descriptor) {
  int reason = 0;
  socklen_t size = sizeof reason;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) reason = errno;
  return reason == 0 ? tharsis_status{THARSIS_OK} : status_of(reason);
}

socket_start accept_connection(int listener, tharsis_address& peer) {
  for (;;) {
    raw_address raw;
    const int descriptor = ::accept4(listener, raw.get(), &raw.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      set_flag(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
      peer = from_raw(raw.get());
      return {descriptor, THARSIS_OK, 0};
    }
    const int reason = errno;
    if (std::find(std::begin(died_waiting), std::end(died_waiting), reason) == std::end(died_waiting))
      return failed(-1, reason);
  }
}

socket_start start_listening(const tharsis_address& on) {
  const int descriptor = open_socket(on, SOCK_STREAM);
  // A restart need not wait for the connections of the last run to be forgotten.
  if (descriptor >= 0) set_flag(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  const socket_start start = bound(descriptor, on);
  if (start.status == THARSIS_OK && ::listen(descriptor, backlog) != 0) return failed(descriptor, errno);
  return start;
}

socket_start open_datagram(const tharsis_address& on) { return bound(open_socket(on, SOCK_DGRAM), on); }

socket_start open_echo(uint8_t family) {
  const bool v4 = family == 4;
  const int descriptor = ::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6});
  return descriptor < 0 ? failed(-1, errno) : socket_start{descriptor, THARSIS_OK, 0};
}

tharsis_status read_socket(int descriptor, uint8_t* into, size_t capacity, size_t& count) {
  const ssize_t n = uninterrupted([&] { return ::recv(descriptor, into, capacity, 0); });
  count = n > 0 ? static_cast<size_t>(n) : 0;
  return n >= 0 ? THARSIS_OK : status_of(errno);
}

tharsis_status write_socket(int descriptor, const uint8_t* data, size_t size, size_t& count) {
  count = 0;
  while (count < size) {
    const ssize_t n =
        uninterrupted([&] { return ::send(descriptor, data + count, size - count, MSG_NOSIGNAL); });
    if (n < 0) return status_of(errno);
    count += static_cast<size_t>(n);
  }
  return THARSIS_OK;
}

tharsis_status end_writing(int descriptor) {
  if (::shutdown(descriptor, SHUT_WR) == 0) return THARSIS_OK;
  return errno == ENOTCONN ? THARSIS_E_RESET : status_of(errno);
}

tharsis_status send_datagram(int descriptor, const tharsis_address& to, const uint8_t* data, size_t size) {
  const raw_address raw = to_raw(to);
  const auto sent = [&] { return uninterrupted([&] { return ::sendto(descriptor, data, size, MSG_NOSIGNAL, raw.get(), raw.size); }); };
  if (sent() >= 0) return THARSIS_OK;
  // What was said of an earlier datagram fails the next call once, and has nothing to do with this one.
  const bool of_another = errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH || errno == EACCES || errno == EPROTO;
  return of_another && sent() >= 0 ? THARSIS_OK : status_of(errno);
}

tharsis_status receive_datagram(int descriptor, uint8_t* into, size_t capacity, size_t& count,
                                tharsis_address& from) {
  raw_address raw;
  const ssize_t n =
      uninterrupted([&] { return ::recvfrom(descriptor, into, capacity, 0, raw.get(), &raw.size); });
  count = n > 0 ? static_cast<size_t>(n) : 0;
  if (n < 0) return status_of(errno);
  from = from_raw(raw.get());
  return THARSIS_OK;
}

namespace {

// `data`: what the kernel has put beside a datagram that somebody complained of.
void read_complaint(int family, std::span<const uint8_t> data, tharsis_net_error& what) {
  sock_extended_err said;
  if (data.size() < sizeof said) return;
  std::memcpy(&said, data.data(), sizeof said);
  what.status = said.ee_errno == EMSGSIZE ? tharsis_status{THARSIS_E_INVALID} : status_of(static_cast<int>(said.ee_errno));
  if (said.ee_errno == EMSGSIZE) what.mtu = said.ee_info;
  if (said.ee_origin != SO_EE_ORIGIN_ICMP && said.ee_origin != SO_EE_ORIGIN_ICMP6) return;
  what.type = said.ee_type;
  what.code = said.ee_code;
  raw_address offender;
  const size_t needed = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  if (data.size() < sizeof said + needed) return;
  std::memcpy(&offender.storage, data.data() + sizeof said, needed);
  what.from = from_raw(offender.get());
  what.from.port = 0;
}

}  // namespace

tharsis_status receive_datagram_error(int descriptor, uint8_t* into, size_t capacity, size_t& count, tharsis_net_error& what) {
  raw_address to;
  alignas(cmsghdr) uint8_t beside[512];
  iovec bytes{into, capacity};
  msghdr message{};
  message.msg_name = to.get();
  message.msg_namelen = to.size;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = beside;
  message.msg_controllen = sizeof beside;
  const ssize_t n = uninterrupted([&] { return ::recvmsg(descriptor, &message, MSG_ERRQUEUE); });
  if (n < 0) return status_of(errno);
  count = static_cast<size_t>(n);
  what = {};
  what.size = sizeof what;
  what.status = THARSIS_E_NETWORK;
  if (message.msg_namelen >= sizeof(sockaddr_in)) what.to = from_raw(to.get());
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    const bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    const bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
    if ((v4 || v6) && c->cmsg_len >= CMSG_LEN(0))
      read_complaint(v4 ? AF_INET : AF_INET6, {reinterpret_cast<const uint8_t*>(CMSG_DATA(c)), c->cmsg_len - CMSG_LEN(0)}, what);
  }
  return THARSIS_OK;
}

tharsis_status set_datagram_option(int descriptor, uint8_t family, std::string_view name, int64_t value) {
  const bool v4 = family == 4;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  const auto done = [](bool well) { return well ? tharsis_status{THARSIS_OK} : status_of(errno); };
  if (name == "errors") return done(set_flag(descriptor, level, v4 ? IP_RECVERR : IPV6_RECVERR, value != 0));
  if (name == "whole") {
    // PROBE: what the system believes to fit does not matter, it is tried.
    const int how = v4 ? (value != 0 ? IP_PMTUDISC_PROBE : IP_PMTUDISC_WANT) : (value != 0 ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT);
    return done(set_flag(descriptor, level, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, how));
  }
  if (name != "ttl") return THARSIS_E_UNSUPPORTED;
  if (value < 0 || value > 255) return THARSIS_E_INVALID;
  return done(set_flag(descriptor, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, value == 0 ? -1 : static_cast<int>(value)));
}

tharsis_status local_address(int descriptor, tharsis_address& address) {
  raw_address raw;
  if (getsockname(descriptor, raw.get(), &raw.size) != 0) return status_of(errno);
  address = from_raw(raw.get());
  return THARSIS_OK;
}

tharsis_status set_socket_option(int descriptor, std::string_view name, int64_t value) {
  if (name == "reset_on_close") {
    const linger at_once{value != 0 ? 1 : 0, 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 ? THARSIS_OK
                                                                                        : status_of(errno);
  }
  if (name == "mss") {
    if (value < 1 || value > UINT16_MAX) return THARSIS_E_INVALID;
    return set_flag(descriptor, IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(value)) ? THARSIS_OK
                                                                                  : status_of(errno);
  }
  return THARSIS_E_UNSUPPORTED;
}

namespace {

struct tcp_fact {
  std::string_view name;
  int64_t (*read)(const tcp_info& info);
};
constexpr tcp_fact tcp_facts[] = {
    {"rtt_us", [](const tcp_info& i) { return int64_t{i.tcpi_rtt}; }},
    {"retransmits", [](const tcp_info& i) { return int64_t{i.tcpi_total_retrans}; }},
    {"acked_bytes", [](const tcp_info& i) { return static_cast<int64_t>(i.tcpi_bytes_acked); }},
    {"received_bytes", [](const tcp_info& i) { return static_cast<int64_t>(i.tcpi_bytes_received); }},
    {"mss", [](const tcp_info& i) { return int64_t{i.tcpi_snd_mss}; }},
    {"mss_announced", [](const tcp_info& i) { return int64_t{i.tcpi_advmss}; }},
    {"options", [](const tcp_info& i) { return int64_t{i.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE)}; }},
    {"timeouts", [](const tcp_info& i) { return int64_t{i.tcpi_backoff}; }},
    {"duplicates", [](const tcp_info& i) { return int64_t{i.tcpi_dsack_dups}; }},
    {"min_rtt_us", [](const tcp_info& i) { return int64_t{i.tcpi_min_rtt}; }},
    {"path_mtu", [](const tcp_info& i) { return int64_t{i.tcpi_pmtu}; }},
    {"busy_us", [](const tcp_info& i) { return static_cast<int64_t>(i.tcpi_busy_time); }},
    {"window_limited_us", [](const tcp_info& i) { return static_cast<int64_t>(i.tcpi_rwnd_limited); }},
};

}  // namespace

tharsis_status get_socket_fact(int descriptor, std::string_view name, int64_t& value) {
  if (name == "unacked_bytes") {
    int bytes = 0;
    if (ioctl(descriptor, SIOCOUTQ, &bytes) != 0) return status_of(errno);
    value = bytes;
    return THARSIS_OK;
  }
  const auto* const known = std::find_if(std::begin(tcp_facts), std::end(tcp_facts), [&](const tcp_fact& f) { return f.name == name; });
  if (known == std::end(tcp_facts)) return THARSIS_E_UNSUPPORTED;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return status_of(errno);
  value = known->read(info);
  return THARSIS_OK;
}

void close_socket(int descriptor) { ::close(descriptor); }

std::string reason_text(int reason) { return strerrordesc_np(reason); }

result<std::vector<tharsis_address>> resolve_name(const std::string& name, uint32_t family) {
  addrinfo hints{};
  hints.ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // Else each address comes once for each kind of socket.
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(name.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, [](addrinfo* list) {
    if (list != nullptr) freeaddrinfo(list);
  });
  if (failure != 0) {
    const bool unknown = failure == EAI_NONAME || failure == EAI_NODATA || failure == EAI_ADDRFAMILY;
    const tharsis_status status = unknown                 ? THARSIS_E_NOT_FOUND
                                  : failure == EAI_SYSTEM ? status_of(errno)
                                  : failure == EAI_MEMORY ? THARSIS_E_BUSY
                                                          : THARSIS_E_NETWORK;
    return error{status, "the name '" + name + "' was not resolved: " + gai_strerror(failure)};
  }
  std::vector<tharsis_address> list;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    const tharsis_address address = from_raw(a->ai_addr);
    const bool known = std::any_of(list.begin(), list.end(), [&](const tharsis_address& other) {
      return std::memcmp(&other, &address, sizeof address) == 0;
    });
    if (!known && address.family != 0) list.push_back(address);
  }
  return list;
}

}  // namespace tharsis::runtime
