// What `script/bench stn` talks to: a server that echoes Mars' frames, as fast as epoll goes, and a raw client of the
// same frames, the reference. Sockets on loopback, OpenSSL where TLS is asked for, nothing of Tharsis but the layout of a
// frame.
//
//     echo serve [CERTIFICATE KEY]                      prints its port, serves until its stdin ends
//     echo ask PORT COUNT IN_FLIGHT BODY [tls]          prints {"p50_ns","p99_ns","requests_per_second","cpu_ns"}
//     echo pour PORT MIB                                prints {"mib_per_second","p50_ns","p99_ns"}: of a large body, and of small
//                                                       requests that go one at a time over another connection meanwhile
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
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
constexpr uint32_t command_ask = 100, command_pour = 101;
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
  wire(int descriptor, SSL* secured) : fd(descriptor), tls(secured) {}
  wire(const wire&) = delete;
  ~wire() { SSL_free(tls); }

  int fd;
  SSL* tls;  // Null: plain.
  bytes in = bytes(2 * piece), out;
  size_t filled = 0;
  size_t sent = 0;

  // As recv() and send(): -1 and EAGAIN when there is nothing to do now.
  ssize_t pull(uint8_t* into, size_t room) const {
    if (tls == nullptr) return recv(fd, into, room, MSG_DONTWAIT);
    return told(SSL_read(tls, into, static_cast<int>(room)));
  }
  ssize_t push(const uint8_t* from, size_t size) const {
    if (tls == nullptr) return send(fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return told(SSL_write(tls, from, static_cast<int>(size)));
  }
  ssize_t told(int n) const {
    if (n > 0) return n;
    const int why = SSL_get_error(tls, n);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
  }

  // False: the peer has ended.
  bool receive() {
    for (;;) {
      if (in.size() - filled < piece) in.resize(in.size() * 2);
      const ssize_t n = pull(in.data() + filled, in.size() - filled);
      if (n < 0 && errno == EAGAIN) return true;
      if (n <= 0) return false;
      filled += static_cast<size_t>(n);
      if (tls == nullptr) return true;  // What is left is told again; of what lies in OpenSSL nothing is.
    }
  }
  void transmit() {
    while (sent < out.size()) {
      const ssize_t n = push(out.data() + sent, out.size() - sent);
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

constexpr long modes = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;

// Null: no certificate, no TLS.
SSL_CTX* server_tls(const char* certificate, const char* key) {
  if (certificate == nullptr) return nullptr;
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(context, modes);
  if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("the certificate or its key cannot be used");
  return context;
}

// The other end of a socket that does not block from here on; the handshake comes with the first bytes.
SSL* accepted(SSL_CTX* context, int fd) {
  if (context == nullptr) return nullptr;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  SSL* const tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  SSL_set_accept_state(tls);
  return tls;
}

// A client's; whom it talks to it does not ask.
SSL* connected(int fd) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, modes);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL* const tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  if (SSL_connect(tls) != 1) throw std::runtime_error("the handshake failed");
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return tls;
}

// What is poured is confirmed, and not said back.
void answer(bytes& out, const uint8_t* frame, size_t size) {
  const bool poured = number_at(frame + 8) == command_pour;
  const size_t at = out.size();
  out.insert(out.end(), frame, frame + (poured ? head_size : size));
  if (poured) put_number(&out[at + 16], 0);
}

int serve(const char* certificate, const char* key) {
  SSL_CTX* const tls = server_tls(certificate, key);
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
        wires.push_back(std::make_unique<wire>(fd, accepted(tls, fd)));
        watch(poller, fd, wires.back().get(), EPOLLIN, EPOLL_CTL_ADD);
        continue;
      }
      wire& w = *static_cast<wire*>(ready[i].data.ptr);
      const bool alive = w.receive();
      w.take_frames([&](const uint8_t* frame, size_t n) { answer(w.out, frame, n); });
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

void append_request(bytes& out, uint32_t sequence, const bytes& body, uint32_t command = command_ask) {
  const size_t at = out.size();
  out.resize(at + head_size);
  put_number(&out[at], head_size);
  put_number(&out[at + 4], 200);
  put_number(&out[at + 8], command);
  put_number(&out[at + 12], sequence);
  put_number(&out[at + 16], static_cast<uint32_t>(body.size()));
  out.insert(out.end(), body.begin(), body.end());
}

double cpu_nanoseconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

int connected_to(uint16_t port) {
  sockaddr_in where{};
  const int fd = socket_on(port, where);
  if (connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) die("connect");
  return fd;
}

int ask(uint16_t port, size_t count, size_t in_flight, size_t body_size, bool secured) {
  const int fd = connected_to(port), poller = epoll_create1(EPOLL_CLOEXEC);
  wire w(fd, secured ? connected(fd) : nullptr);
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

int pour(uint16_t port, size_t mebibytes) {
  constexpr size_t ahead = 8;  // Pieces that are not confirmed.
  const size_t pieces = mebibytes * (1 << 20) / piece;
  const bytes large(piece, 'x'), small(64, 'x');
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  wire body(connected_to(port), nullptr), tasks(connected_to(port), nullptr);
  std::vector<double> took;
  size_t sent = 0, confirmed = 0;
  watch(poller, tasks.fd, &tasks, EPOLLIN, EPOLL_CTL_ADD);
  watch(poller, body.fd, &body, EPOLLIN, EPOLL_CTL_ADD);
  const auto started = clock_type::now();
  auto asked = started;
  append_request(tasks.out, 1, small);
  while (confirmed < pieces) {
    for (; sent < pieces && sent < confirmed + ahead; ++sent) append_request(body.out, 1, large, command_pour);
    tasks.transmit();
    body.transmit();
    watch(poller, body.fd, &body, body.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    epoll_event ready[4];
    const int count = epoll_wait(poller, ready, 4, -1);
    for (int i = 0; i < count; ++i)
      if ((ready[i].events & EPOLLIN) != 0 && !static_cast<wire*>(ready[i].data.ptr)->receive()) die("the server ended");
    body.take_frames([&](const uint8_t*, size_t) { ++confirmed; });
    tasks.take_frames([&](const uint8_t*, size_t) {
      took.push_back(static_cast<double>((clock_type::now() - asked).count()));
      asked = clock_type::now();
      append_request(tasks.out, 1, small);
    });
  }
  const double seconds = std::chrono::duration<double>(clock_type::now() - started).count();
  std::sort(took.begin(), took.end());
  if (took.empty()) throw std::runtime_error("no small request was answered meanwhile: pour more");
  std::printf("{\"mib_per_second\":%.1f,\"p50_ns\":%.0f,\"p99_ns\":%.0f}\n", static_cast<double>(mebibytes) / seconds, took[took.size() / 2], took[took.size() * 99 / 100]);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    if ((count == 2 || count == 4) && std::string(words[1]) == "serve")
      return serve(count == 4 ? words[2] : nullptr, count == 4 ? words[3] : nullptr);
    if ((count == 6 || (count == 7 && std::string(words[6]) == "tls")) && std::string(words[1]) == "ask")
      return ask(static_cast<uint16_t>(std::atoi(words[2])), std::strtoull(words[3], nullptr, 10),
                 std::strtoull(words[4], nullptr, 10), std::strtoull(words[5], nullptr, 10), count == 7);
    if (count == 4 && std::string(words[1]) == "pour") return pour(static_cast<uint16_t>(std::atoi(words[2])), std::strtoull(words[3], nullptr, 10));
    std::fprintf(stderr, "usage: echo serve [CERTIFICATE KEY] | echo ask PORT COUNT IN_FLIGHT BODY [tls] | echo pour PORT MIB\n");
    return 2;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "echo: %s\n", failure.what());
    return 1;
  }
}
