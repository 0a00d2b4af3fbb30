// A UDP socket whose owner is told when something may have come.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "sdk/abi/net.h"

namespace tharsis {

class udp_socket {
 public:
  // `tell`: call receive() until it has nothing.
  udp_socket(const tharsis_net& net, std::function<void()> tell) : net_(net), tell_(std::move(tell)) {}
  ~udp_socket() { close(); }
  udp_socket(const udp_socket&) = delete;

  // Port 0 lets the system choose; see address().
  tharsis_status open(const tharsis_address& on, tharsis_error* error) {
    const auto wake = [](void* context, tharsis_handle, uint32_t, tharsis_status) { static_cast<udp_socket*>(context)->tell_(); };
    return net_.datagram(net_.self, &on, wake, this, &handle_, error);
  }
  // What the system does not take is lost, as anything may be on the way.
  void send(const tharsis_address& to, std::span<const uint8_t> bytes) {
    if (handle_ != 0) net_.send(net_.self, handle_, &to, bytes.data(), bytes.size());
  }
  // The size of one datagram; what is longer than `into` is cut.
  std::optional<size_t> receive(std::span<uint8_t> into, tharsis_address& from) {
    size_t count = 0;
    if (handle_ == 0 || net_.receive(net_.self, handle_, into.data(), into.size(), &count, &from) != THARSIS_OK) return std::nullopt;
    return count;
  }
  // Where it is bound, asked of the system each time: most users never do.
  tharsis_address address() const {
    tharsis_address at{};
    if (handle_ != 0) net_.local(net_.self, handle_, &at);
    return at;
  }
  bool is_open() const { return handle_ != 0; }
  void close() {
    if (handle_ != 0) net_.close(net_.self, std::exchange(handle_, 0));
  }

 private:
  const tharsis_net& net_;
  std::function<void()> tell_;
  tharsis_handle handle_ = 0;
};

}  // namespace tharsis
