#include "tests/lab/peers/tcp_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tharsis::lab {
namespace {

struct system_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

system_address to_system(const tharsis_address& a) {
  system_address s;
  if (a.family == 4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(a.port);
    std::memcpy(&in.sin_addr, a.ip, 4);
    std::memcpy(&s.storage, &in, s.size = sizeof in);
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(a.port);
    std::memcpy(&in.sin6_addr, a.ip, 16);
    std::memcpy(&s.storage, &in, s.size = sizeof in);
  }
  return s;
}

uint16_t local_port(const descriptor& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(socket.number(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  // Both families keep the port at the same place.
  sockaddr_in in{};
  std::memcpy(&in, &storage, sizeof in);
  return ntohs(in.sin_port);
}

error system_failure(const std::string& what) { return {THARSIS_E_IO, what + ": " + std::strerror(errno)}; }

descriptor open_socket(const tharsis_address& a) {
  return descriptor(::socket(a.family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void set_option(const descriptor& socket, int level, int name) {
  const int on = 1;
  setsockopt(socket.number(), level, name, &on, sizeof on);
}

}  // namespace

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

descriptor::~descriptor() {
  if (number_ >= 0) ::close(number_);
}

result<std::vector<tharsis_address>> addresses_of(const endpoint& e) {
  std::vector<tharsis_address> found;
  if (auto ip = parse_ip(e.host)) {
    ip->port = e.port;
    found.push_back(*ip);
    return found;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int failure = getaddrinfo(e.host.c_str(), nullptr, &hints, &list); failure != 0)
    return error{THARSIS_E_NOT_FOUND, e.text() + ": " + gai_strerror(failure)};
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    auto ip = parse_ip(text);
    if (!ip) continue;
    ip->port = e.port;
    found.push_back(*ip);
  }
  freeaddrinfo(list);
  if (found.empty()) return error{THARSIS_E_NOT_FOUND, e.text() + ": the name has no address"};
  return found;
}

result<descriptor> start_connect(const tharsis_address& to) {
  descriptor socket = open_socket(to);
  if (!socket.is_open()) return system_failure("socket");
  set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  const system_address address = to_system(to);
  if (::connect(socket.number(), address.get(), address.size) != 0 && errno != EINPROGRESS)
    return system_failure(to_text(to));
  return socket;
}

int socket_failure(const descriptor& socket) {
  int failure = 0;
  socklen_t size = sizeof failure;
  return getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

result<listener> listen_on(const tharsis_address& address) {
  listener l{open_socket(address), 0};
  if (!l.socket.is_open()) return system_failure("socket");
  set_option(l.socket, SOL_SOCKET, SO_REUSEADDR);
  const system_address at = to_system(address);
  if (::bind(l.socket.number(), at.get(), at.size) != 0 || ::listen(l.socket.number(), SOMAXCONN) != 0)
    return system_failure(to_text(address));
  l.port = local_port(l.socket);
  return l;
}

descriptor accept_one(const descriptor& listening) {
  descriptor socket(::accept4(listening.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  return socket;
}

}  // namespace tharsis::lab
