// A listening TCP socket that a coroutine waits on.
#pragma once
#include <memory>

#include "sdk/async/signal.h"
#include "sdk/async/tcp_stream.h"

namespace tharsis {

class tcp_listener {
 public:
  tcp_listener(strand& place, const tharsis_net& net) : place_(place), net_(net), events_(place) {}
  ~tcp_listener() { close(); }
  tcp_listener(const tcp_listener&) = delete;

  // Port 0 lets the system choose; see address().
  tharsis_status listen(const tharsis_address& on, tharsis_error* error) {
    const auto wake = [](void* context, tharsis_handle, uint32_t, tharsis_status) {
      static_cast<tcp_listener*>(context)->events_.raise(stream::readable);
    };
    const tharsis_status status = net_.listen(net_.self, &on, wake, this, &handle_, error);
    if (status == THARSIS_OK) net_.local(net_.self, handle_, &address_);
    return status;
  }

  // The next waiting connection, or null. events() tells when to ask again.
  std::unique_ptr<tcp_stream> accept() {
    auto wire = std::make_unique<tcp_stream>(place_, net_);
    if (handle_ == 0 || wire->accept(handle_) != THARSIS_OK) return nullptr;
    return wire;
  }

  signal& events() { return events_; }
  const tharsis_address& address() const { return address_; }
  bool open() const { return handle_ != 0; }
  void close() {
    if (handle_ != 0) net_.close(net_.self, std::exchange(handle_, 0));
  }

 private:
  strand& place_;
  const tharsis_net& net_;
  signal events_;
  tharsis_handle handle_ = 0;
  tharsis_address address_{};
};

}  // namespace tharsis
