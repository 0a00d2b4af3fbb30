// What `script/bench stn` talks to: a server that echoes Mars' frames, as fast as epoll goes, and a raw client of the
// same frames, the reference. Plain sockets on loopback, nothing of Tharsis but the layout of a frame.
//
//     echo serve                                    prints its port, serves until its stdin ends
//     echo ask PORT COUNT IN_FLIGHT BODY            prints {"p50_ns","p99_ns","requests_per_second","cpu_ns"}
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr size_t head_size = 20, piece = 256 * 1024;
using bytes = std::vector<uint8_t>;

[[noreturn]] void die(const char* what) { throw std::runtime_error(std::string(what) + ": " + std::strerror(errno)); }

uint32_t number_at(const uint8_t* at) {
  uint32_t n;
  std::memcpy(&n, at, 4);
  return ntohl(n);
}
void put_number(uint8_t* at, uint32_t n) {
  n = htonl(n);
  std::memcpy(at, &n, 4);
}

int socket_on(uint16_t port, sockaddr_in& where) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int one = 1;
  if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) die("socket");
  return fd;
}

// One connection: what came and is no whole frame yet, and what has not left.
struct wire {
  explicit wire(int descriptor) : fd(descriptor) {}

  int fd;
  bytes in = bytes(2 * piece), out;
  size_t filled = 0;
  size_t sent = 0;

  // False: the peer has ended.
  bool receive() {
    if (in.size() - filled < piece) in.resize(in.size() * 2);
    const ssize_t n = recv(fd, in.data() + filled, in.size() - filled, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    filled += static_cast<size_t>(n);
    return true;
  }
  void transmit() {
    while (sent < out.size()) {
      const ssize_t n = send(fd, out.data() + sent, out.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) die("send");
      sent += static_cast<size_t>(n);
    }
    out.clear();
    sent = 0;
  }
  // Calls f(frame, size) for each whole frame that has come.
  template <class F>
  void take_frames(F f) {
    size_t from = 0;
    while (filled - from >= head_size) {
      const size_t size = size_t{number_at(&in[from])} + number_at(&in[from + 16]);
      if (filled - from < size) break;
      f(&in[from], size);
      from += size;
    }
    std::memmove(in.data(), in.data() + from, filled - from);
    filled -= from;
  }
};

void watch(int poller, int fd, void* what, uint32_t events, int how) {
  epoll_event e{};
  e.events = events;
  e.data.ptr = what;
  if (epoll_ctl(poller, how, fd, &e) != 0) die("epoll_ctl");
}

int serve() {
  sockaddr_in where{};
  const int listener = socket_on(0, where), poller = epoll_create1(EPOLL_CLOEXEC);
  socklen_t size = sizeof where;
  if (bind(listener, reinterpret_cast<sockaddr*>(&where), size) != 0 || listen(listener, 64) != 0) die("listen");
  getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size);
  std::printf("%u\n", ntohs(where.sin_port));
  std::fflush(stdout);
  int stdin_mark = 0;
  watch(poller, listener, nullptr, EPOLLIN, EPOLL_CTL_ADD);
  watch(poller, 0, &stdin_mark, EPOLLIN, EPOLL_CTL_ADD);
  std::vector<std::unique_ptr<wire>> wires;
  for (;;) {
    epoll_event ready[64];
    const int count = epoll_wait(poller, ready, 64, -1);
    for (int i = 0; i < count; ++i) {
      if (ready[i].data.ptr == &stdin_mark) return 0;
      if (ready[i].data.ptr == nullptr) {
        const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        const int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        wires.push_back(std::make_unique<wire>(fd));
        watch(poller, fd, wires.back().get(), EPOLLIN, EPOLL_CTL_ADD);
        continue;
      }
      wire& w = *static_cast<wire*>(ready[i].data.ptr);
      const bool alive = w.receive();
      w.take_frames([&](const uint8_t* frame, size_t n) { w.out.insert(w.out.end(), frame, frame + n); });
      w.transmit();
      if (!alive) {
        close(w.fd);  // Also takes it off the poller; its memory stays until the end, which is near.
        continue;
      }
      watch(poller, w.fd, &w, w.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
  }
}

using clock_type = std::chrono::steady_clock;

void append_request(bytes& out, uint32_t sequence, const bytes& body) {
  const size_t at = out.size();
  out.resize(at + head_size);
  put_number(&out[at], head_size);
  put_number(&out[at + 4], 200);
  put_number(&out[at + 8], 100);
  put_number(&out[at + 12], sequence);
  put_number(&out[at + 16], static_cast<uint32_t>(body.size()));
  out.insert(out.end(), body.begin(), body.end());
}

double cpu_nanoseconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

int ask(uint16_t port, size_t count, size_t in_flight, size_t body_size) {
  sockaddr_in where{};
  const int fd = socket_on(port, where), poller = epoll_create1(EPOLL_CLOEXEC);
  if (connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) die("connect");
  wire w(fd);
  watch(poller, fd, &w, EPOLLIN, EPOLL_CTL_ADD);
  const bytes body(body_size, 'x');
  std::vector<clock_type::time_point> since(count);
  std::vector<double> took;
  took.reserve(count);
  size_t asked = 0;
  const auto next = [&] {
    since[asked] = clock_type::now();
    append_request(w.out, static_cast<uint32_t>(++asked), body);
  };
  const auto started = clock_type::now();
  const double cpu = cpu_nanoseconds();
  while (asked < std::min(in_flight, count)) next();
  bool full = false;
  while (took.size() < count) {
    w.transmit();
    if (const bool is_full = !w.out.empty(); is_full != full)
      watch(poller, fd, &w, (full = is_full) ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    epoll_event ready[4];
    epoll_wait(poller, ready, 4, -1);
    if (!w.receive()) die("the server ended");
    const auto now = clock_type::now();
    w.take_frames([&](const uint8_t* frame, size_t) {
      took.push_back(static_cast<double>((now - since[number_at(frame + 12) - 1]).count()));
      if (asked < count) next();
    });
  }
  const double seconds = std::chrono::duration<double>(clock_type::now() - started).count();
  const double used = cpu_nanoseconds() - cpu;
  std::sort(took.begin(), took.end());
  std::printf("{\"p50_ns\":%.0f,\"p99_ns\":%.0f,\"requests_per_second\":%.0f,\"cpu_ns\":%.0f}\n", took[count / 2],
              took[count * 99 / 100], static_cast<double>(count) / seconds, used / static_cast<double>(count));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count == 2 && std::string(words[1]) == "serve") return serve();
    if (count == 6 && std::string(words[1]) == "ask")
      return ask(static_cast<uint16_t>(std::atoi(words[2])), std::strtoull(words[3], nullptr, 10),
                 std::strtoull(words[4], nullptr, 10), std::strtoull(words[5], nullptr, 10));
    std::fprintf(stderr, "usage: echo serve | echo ask PORT COUNT IN_FLIGHT BODY\n");
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "echo: %s\n", failure.what());
    return 1;
  }
}
