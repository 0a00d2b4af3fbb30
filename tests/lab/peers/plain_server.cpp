// The plain peer's server: echoes whole frames, for as many connections as come.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <list>

#include "tests/lab/peers/plain_frame.h"
#include "tests/lab/peers/server_program.h"
#include "tests/lab/peers/tcp_socket.h"

namespace tharsis::lab {
namespace {

constexpr size_t unwritten_max = 32u << 20;  // Whoever does not read its answers is read no further.

class connection {
 public:
  explicit connection(descriptor socket) : socket_(std::move(socket)) {}

  pollfd wanted() const {
    pollfd p{socket_.number(), 0, 0};
    if (unwritten_.size() < unwritten_max) p.events |= POLLIN;
    if (!unwritten_.empty()) p.events |= POLLOUT;
    return p;
  }

  bool is_over() const { return over_; }

  void handle(short events) {
    if ((events & ~POLLOUT) != 0) read();
    if (!over_) write();
  }

 private:
  void read() {
    char buffer[65536];
    const ssize_t n = ::recv(socket_.number(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) reader_.on_bytes({buffer, static_cast<size_t>(n)});
    while (const auto f = reader_.take_frame()) unwritten_ += frame_bytes(f->number, f->body);
    over_ = n <= 0 || reader_.is_broken();
  }

  void write() {
    if (unwritten_.empty()) return;
    const ssize_t n = ::send(socket_.number(), unwritten_.data(), unwritten_.size(), MSG_NOSIGNAL);
    if (n > 0) unwritten_.erase(0, static_cast<size_t>(n));
    over_ = n < 0 && errno != EAGAIN && errno != EINTR;
  }

  descriptor socket_;
  frame_reader reader_;
  std::string unwritten_;
  bool over_ = false;
};

result<bool> serve(const server_arguments& arguments) {
  auto listening = listen_on(arguments.listen);
  if (!listening) return listening.failure();
  print_ready(listening->port);
  std::list<connection> connections;
  for (;;) {
    std::vector<pollfd> wanted{{listening->socket.number(), POLLIN, 0}};
    for (const connection& c : connections) wanted.push_back(c.wanted());
    if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
    auto at = wanted.begin() + 1;
    for (connection& c : connections) {
      if (at->revents != 0) c.handle(at->revents);
      ++at;
    }
    connections.remove_if([](const connection& c) { return c.is_over(); });
    if (wanted[0].revents != 0)
      if (descriptor socket = accept_one(listening->socket); socket.is_open())
        connections.emplace_back(std::move(socket));
  }
}

}  // namespace
}  // namespace tharsis::lab

int main(int argc, char** argv) {
  return tharsis::lab::server_main({"lab_server_plain", false, tharsis::lab::serve}, argc, argv);
}
