// The plain peer: what an engineer writes in an afternoon. One TCP connection, numbered frames, a poll loop;
// a lost connection is opened again, a dead address gives way to the next. No heartbeat, no race, no retry.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <deque>
#include <set>

#include "tests/lab/peers/client_program.h"
#include "tests/lab/peers/plain_frame.h"
#include "tests/lab/peers/tcp_socket.h"

namespace tharsis::lab {
namespace {

constexpr duration connect_timeout = 10s;  // What libraries have as their default; the kernel's own is minutes.
constexpr duration attempt_interval = 1s;  // From the start of one attempt to the next.

class plain_client {
 public:
  plain_client(std::vector<tharsis_address> servers, load_run& run) : servers_(std::move(servers)), run_(run) {}

  void work() {
    while (!run_.loop().done()) {
      const instant now = clock_now();
      while (const auto request = run_.loop().take_due(now)) unsent_.push_back(*request);
      while (const auto request = run_.loop().take_expired(now)) forget(*request);
      if (!socket_.is_open() && now >= attempt_at_) connect(now);
      if (socket_.is_open() && !stands_ && now >= connect_deadline()) connect_failed();
      if (stands_) write_unsent();
      if (!run_.loop().done()) wait_and_handle();  // The last deadline may just have passed.
    }
  }

 private:
  instant connect_deadline() const { return last_attempt_ + connect_timeout; }

  void connect(instant now) {
    last_attempt_ = now;
    attempt_at_ = now + attempt_interval;
    auto socket = start_connect(servers_[server_]);
    if (!socket) return connect_failed();
    socket_ = std::move(*socket);
  }

  void connect_failed() {
    socket_ = descriptor();
    server_ = (server_ + 1) % servers_.size();
  }

  // What was written, even in part, is not sent twice: the server may have done it.
  void lose() {
    socket_ = descriptor();
    stands_ = false;
    reader_ = frame_reader();
    if (written_ > 0) {
      in_flight_.insert(unsent_.front());
      unsent_.pop_front();
      written_ = 0;
    }
    for (const uint32_t request : in_flight_) run_.loop().on_failure(request, "connection lost");
    in_flight_.clear();
  }

  void forget(uint32_t request) {
    in_flight_.erase(request);
    // A frame that was begun has to be ended: the stream would be broken.
    for (auto at = unsent_.begin(); at != unsent_.end(); ++at)
      if (*at == request && !(at == unsent_.begin() && written_ > 0)) {
        unsent_.erase(at);
        return;
      }
  }

  void write_unsent() {
    while (!unsent_.empty()) {
      if (written_ == 0) frame_ = frame_bytes(unsent_.front(), run_.body());
      const ssize_t n = ::send(socket_.number(), frame_.data() + written_, frame_.size() - written_, MSG_NOSIGNAL);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (n < 0) return lose();
      run_.moved.bytes_sent += static_cast<uint64_t>(n);
      written_ += static_cast<size_t>(n);
      if (written_ < frame_.size()) return;
      in_flight_.insert(unsent_.front());
      unsent_.pop_front();
      written_ = 0;
    }
  }

  void read_answers() {
    char buffer[65536];
    const ssize_t n = ::recv(socket_.number(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return lose();
    run_.moved.bytes_received += static_cast<uint64_t>(n);
    reader_.on_bytes({buffer, static_cast<size_t>(n)});
    while (const auto answer = reader_.take_frame())
      if (in_flight_.erase(answer->number) > 0) run_.on_answer(answer->number, answer->body);
    if (reader_.is_broken()) lose();
  }

  void wait_and_handle() {
    instant until = run_.loop().deadline();
    if (!socket_.is_open()) until = std::min(until, attempt_at_);
    if (socket_.is_open() && !stands_) until = std::min(until, connect_deadline());
    const duration wait = std::max(duration::zero(), until - clock_now());
    const timespec timeout{wait / 1s, (wait % 1s).count()};

    pollfd wanted{socket_.number(), POLLIN, 0};  // A negative number is skipped.
    if (!stands_ || !unsent_.empty()) wanted.events |= POLLOUT;
    if (ppoll(&wanted, 1, &timeout, nullptr) <= 0 || wanted.revents == 0) return;
    if (stands_) {
      if ((wanted.revents & ~POLLOUT) != 0) read_answers();
    } else if (socket_failure(socket_) != 0) {
      connect_failed();
    } else {
      stands_ = true;
      ++run_.moved.connects;
    }
  }

  const std::vector<tharsis_address> servers_;
  load_run& run_;
  size_t server_ = 0;
  descriptor socket_;
  bool stands_ = false;  // The socket is connected.
  instant last_attempt_{}, attempt_at_{};
  std::deque<uint32_t> unsent_;
  std::set<uint32_t> in_flight_;  // Written, and not answered.
  std::string frame_;             // The first of unsent_, when some of it is written.
  size_t written_ = 0;
  frame_reader reader_;
};

result<bool> work(load_run& run) {
  if (run.arguments().tls) return error{THARSIS_E_UNSUPPORTED, "the plain client has no TLS: use tcp://"};
  std::vector<tharsis_address> servers;
  for (const endpoint& e : run.arguments().endpoints) {
    auto found = addresses_of(e);
    if (!found) return found.failure();
    servers.insert(servers.end(), found->begin(), found->end());
  }
  plain_client(std::move(servers), run).work();
  return true;
}

}  // namespace
}  // namespace tharsis::lab

int main(int argc, char** argv) {
  return tharsis::lab::client_main(
      {"lab_client_plain", {}, "Sends frames over one plain TCP connection to lab_server_plain.\n", tharsis::lab::work},
      argc, argv);
}
