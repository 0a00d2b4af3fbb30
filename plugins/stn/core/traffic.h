// What goes over the links, by what it is for and by the kind of network: who pays for bytes wants to know for what.
// Frames as the codec writes and reads them, before TLS, and datagrams as they leave and come.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "sdk/abi/network.h"
#include "sdk/pure/metrics.h"

namespace tharsis::stn {

enum class traffic_class : uint8_t { tasks, repeated, pushes, heartbeats, hello };
inline constexpr size_t traffic_classes = 5;
inline constexpr const char* traffic_class_names[traffic_classes] = {"tasks", "repeated", "pushes", "heartbeats", "hello"};

// Those for which people pay differently.
enum class network_kind : uint8_t { other, wifi, cellular };
inline constexpr size_t network_kinds = 3;
inline constexpr const char* network_kind_names[network_kinds] = {"other", "wifi", "cellular"};

struct traffic_flow {
  uint64_t sent = 0, bytes_sent = 0, received = 0, bytes_received = 0;

  bool operator==(const traffic_flow&) const = default;
};

using traffic_table = std::array<std::array<traffic_flow, traffic_classes>, network_kinds>;

class traffic {
 public:
  struct counters {
    counter bytes_sent, bytes_received;
  };
  struct counts {
    std::array<counters, traffic_classes> by_class;
    std::array<counters, network_kinds> by_network;
  };
  explicit traffic(const counts& c = {}) : counts_(c) {}

  // Of which THARSIS_NETWORK_* the network is now.
  void on_network(uint32_t type) {
    if (type == THARSIS_NETWORK_NONE) return;  // What still arrives came over the one before.
    kind_ = type == THARSIS_NETWORK_WIFI ? network_kind::wifi : type == THARSIS_NETWORK_CELLULAR ? network_kind::cellular : network_kind::other;
  }

  void on_sent(traffic_class of, size_t bytes) {
    traffic_flow& f = flow(of);
    ++f.sent;
    f.bytes_sent += bytes;
    counts_.by_class[static_cast<size_t>(of)].bytes_sent.add(bytes);
    counts_.by_network[static_cast<size_t>(kind_)].bytes_sent.add(bytes);
  }
  void on_received(traffic_class of, size_t bytes) {
    traffic_flow& f = flow(of);
    ++f.received;
    f.bytes_received += bytes;
    counts_.by_class[static_cast<size_t>(of)].bytes_received.add(bytes);
    counts_.by_network[static_cast<size_t>(kind_)].bytes_received.add(bytes);
  }

  const traffic_table& all() const { return table_; }

 private:
  traffic_flow& flow(traffic_class of) { return table_[static_cast<size_t>(kind_)][static_cast<size_t>(of)]; }

  counts counts_;
  network_kind kind_ = network_kind::other;
  traffic_table table_{};
};

}  // namespace tharsis::stn
