// A UDP socket: datagrams arrive whole, late, twice, in another order, or not at all.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "sdk/sim/network.h"

namespace tharsis::sim {

class datagram_socket {
 public:
  struct datagram {
    tharsis_address from;
    std::vector<uint8_t> data;
  };
  // That nobody takes a datagram at the port it was sent to.
  struct complaint {
    tharsis_net_error what{};
    std::vector<uint8_t> data;
  };

  datagram_socket(network& n, host& place, const tharsis_address& on, std::function<void()> tell_readable)
      : net_(n), place_(place), address_(on), tell_readable_(std::move(tell_readable)) {
    place_.datagrams.push_back(this);
  }
  datagram_socket(const datagram_socket&) = delete;

  const tharsis_address& address() const { return address_; }
  tharsis_status send(const tharsis_address& to, const uint8_t* data, size_t size);

  // False: none is waiting; tell_readable comes once one is.
  bool receive(datagram& into);
  // As receive().
  bool receive_error(complaint& into);
  // Every path here is one router long, and cuts nothing into pieces.
  tharsis_status set(std::string_view name, int64_t value);
  void close() { std::erase(place_.datagrams, this); }
  // Nobody there takes what was sent.
  void on_refused(const tharsis_address& to, const std::vector<uint8_t>& data);

 private:
  void on_arrival(datagram d);

  network& net_;
  host& place_;
  tharsis_address address_;
  std::function<void()> tell_readable_;
  std::deque<datagram> inbox_;
  std::deque<complaint> complaints_;
  bool hears_errors_ = false;
  bool wanted_ = false;
};

}  // namespace tharsis::sim
