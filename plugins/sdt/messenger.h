// A UDP socket of one family that also hears what is said of its datagrams.
#pragma once
#include <array>
#include <optional>
#include <span>

#include "plugins/sdt/bench.h"
#include "sdk/async/signal.h"

namespace tharsis::sdt {

class messenger {
 public:
  messenger(bench& b, uint8_t family) : net_(b.net()), events_(b.place) {
    tharsis_address any{};
    any.family = family;
    const auto wake = [](void* context, tharsis_handle, uint32_t, tharsis_status) { static_cast<messenger*>(context)->events_.raise(); };
    if (net_.datagram(net_.self, &any, wake, this, &handle_, nullptr) != THARSIS_OK) return;
    tells_ = THARSIS_HAS(&net_, receive_error) && net_.receive_error != nullptr && net_.set(net_.self, handle_, "errors", 1) == THARSIS_OK;
  }
  messenger(const messenger&) = delete;
  ~messenger() {
    if (handle_ != 0) net_.close(net_.self, handle_);
  }

  bool is_open() const { return handle_ != 0; }
  bool tells() const { return tells_; }
  signal& events() { return events_; }
  tharsis_status set(const char* name, int64_t value) { return net_.set(net_.self, handle_, name, value); }
  tharsis_status send(const tharsis_address& to, std::span<const uint8_t> bytes) {
    return net_.send(net_.self, handle_, &to, bytes.data(), bytes.size());
  }

  struct word {
    bool answer = false;  // Else what somebody says of ours.
    tharsis_net_error said{};
    tharsis_address from{};
    std::array<uint8_t, 2048> bytes{};
    size_t count = 0;
  };
  // Nothing: wait for events().
  std::optional<word> take() {
    word w;
    if (tells_ && net_.receive_error(net_.self, handle_, w.bytes.data(), w.bytes.size(), &w.count, &w.said) == THARSIS_OK) return w;
    // What was said fails the next calls as well, once each.
    for (int tries = 0; tries < 4; ++tries) {
      const tharsis_status status = net_.receive(net_.self, handle_, w.bytes.data(), w.bytes.size(), &w.count, &w.from);
      w.answer = true;
      if (status == THARSIS_OK) return w;
      if (status == THARSIS_PENDING) break;
    }
    return std::nullopt;
  }

 private:
  const tharsis_net& net_;
  signal events_;
  tharsis_handle handle_ = 0;
  bool tells_ = false;
};

}  // namespace tharsis::sdt
