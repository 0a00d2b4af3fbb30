// An echo server and its client, written once with sdk/async, run over any platform.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sdk/abi/platform.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/pure/views.h"

namespace tharsis::test {

// Both ends give a connection up when nothing has moved for so long.
inline constexpr duration echo_patience = 60s;

class echo_server {
 public:
  explicit echo_server(const tharsis_strand& s) : net_(*s.net), place_(s.loop), listener_(place_, net_), work_(place_) {}

  // The address it listens on, or why it does not. Port 0: any.
  result<tharsis_address> start(const tharsis_address& on) {
    tharsis_error reason = no_error();
    if (const auto s = listener_.listen(on, &reason); s != THARSIS_OK) return error_from(s, reason);
    work_.spawn(serve());
    return listener_.address();
  }
  size_t sessions() const { return work_.size() - 1; }

 private:
  task<void> serve() {
    for (;;) {
      while (auto wire = listener_.accept()) work_.spawn(answer(std::move(wire)));
      co_await listener_.events().wait();
    }
  }

  task<void> answer(std::unique_ptr<tcp_stream> wire) {
    std::array<uint8_t, 4096> buffer;
    bool ended = false;
    while (!ended || wire->unsent() > 0) {
      size_t count = 0;
      tharsis_status status = THARSIS_PENDING;
      // What the client does not take is not read from it either.
      while (!ended && wire->unsent() == 0 && (status = wire->read(buffer, count)) == THARSIS_OK) {
        ended = count == 0;
        if (wire->write({buffer.data(), count}) != THARSIS_OK) co_return;
      }
      if (status < 0) co_return;
      if (ended) wire->end();
      if (ended && wire->unsent() == 0) break;
      if (co_await wire->events().wait(later(place_.now(), echo_patience)) == 0) {
        wire->reset_on_close();  // The client must not take this for the end of its bytes.
        co_return;
      }
    }
  }

  const tharsis_net& net_;
  strand place_;
  tcp_listener listener_;
  task_set work_;
};

// Sends `data`, ends, and reads until the end.
class echo_client {
 public:
  echo_client(const tharsis_strand& s, std::string data)
      : net_(*s.net), place_(s.loop), work_(place_), data_(std::move(data)) {}

  void start(const tharsis_address& to) { work_.spawn(run(to)); }

  bool done() const { return done_; }
  tharsis_status status() const { return status_; }  // OK: the server has ended, too.
  const std::string& got() const { return got_; }

 private:
  task<void> run(tharsis_address to) {
    status_ = co_await talk(to);
    done_ = true;
  }

  task<tharsis_status> talk(tharsis_address to) {
    auto dialled = co_await dial_tcp(place_, net_, to, later(place_.now(), echo_patience));
    if (!dialled) co_return dialled.status();
    const std::unique_ptr<tcp_stream> wire = std::move(*dialled);
    if (const auto s = wire->write(as_bytes(data_)); s != THARSIS_OK) co_return s;
    wire->end();
    std::array<uint8_t, 4096> buffer;
    for (;;) {
      size_t count = 0;
      const tharsis_status status = wire->read(buffer, count);
      if (status == THARSIS_OK && count == 0) co_return THARSIS_OK;
      if (status == THARSIS_OK) got_ += as_text({buffer.data(), count});
      else if (status != THARSIS_PENDING) co_return status;
      else if (co_await wire->events().wait(later(place_.now(), echo_patience)) == 0) co_return THARSIS_E_TIMEOUT;
    }
  }

  const tharsis_net& net_;
  strand place_;
  task_set work_;
  const std::string data_;
  std::string got_;
  tharsis_status status_ = THARSIS_PENDING;
  bool done_ = false;
};

}  // namespace tharsis::test
