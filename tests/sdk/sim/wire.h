// One end of a TCP connection, or a listener, used by hand from outside its strand: what was told,
// what was read. Lives as long as its stage.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include "sdk/pure/address.h"
#include "tests/sdk/sim/stage.h"

namespace tharsis::test {

inline tharsis_address at(const std::string& ip, uint16_t port) {
  tharsis_address a = *parse_ip(ip);
  a.port = port;
  return a;
}

class wire {
 public:
  wire(stage& st, const tharsis_strand& s) : net(*s.net), stage_(st), strand_(s) {}
  wire(const wire&) = delete;

  tharsis_status dial(const tharsis_address& to) {
    return here([&] { return net.dial(net.self, &to, on_event, this, &handle, nullptr); });
  }
  // No segment is larger than that, either way.
  tharsis_status dial(const tharsis_address& to, uint32_t mss) {
    const tharsis_dial_options options{sizeof options, mss};
    return here([&] { return net.dial_with(net.self, &to, &options, on_event, this, &handle, nullptr); });
  }
  tharsis_status listen(const tharsis_address& on) {
    return here([&] {
      const tharsis_status status = net.listen(net.self, &on, on_event, this, &handle, nullptr);
      if (status == THARSIS_OK) net.local(net.self, handle, &address);
      return status;
    });
  }
  tharsis_status accept(wire& from) {
    return here([&] { return net.accept(net.self, from.handle, on_event, this, &handle, &address); });
  }
  // Reads until it must wait, the end, or the failure; answers which (end: OK).
  tharsis_status read_all() {
    return here([&] {
      for (;;) {
        uint8_t some[4096];
        size_t count = 0;
        const tharsis_status status = net.read(net.self, handle, some, sizeof some, &count);
        if (status != THARSIS_OK || count == 0) return status;
        got.append(reinterpret_cast<const char*>(some), count);
      }
    });
  }
  // Writes what fits; answers PENDING when something is left, which `data` then holds.
  tharsis_status write_some(std::string_view& data) {
    return here([&] {
      for (;;) {
        size_t count = 0;
        const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
        const tharsis_status status = net.write(net.self, handle, bytes, data.size(), &count);
        data.remove_prefix(count);
        if (status != THARSIS_OK || data.empty()) return status;
      }
    });
  }
  int64_t fact(const char* name) {
    int64_t value = -1;
    EXPECT_EQ(here([&] { return net.get(net.self, handle, name, &value); }), THARSIS_OK) << name;
    return value;
  }
  tharsis_address local() {
    tharsis_address own{};
    EXPECT_EQ(here([&] { return net.local(net.self, handle, &own); }), THARSIS_OK);
    return own;
  }
  tharsis_status set(const char* name, int64_t value) {
    return here([&] { return net.set(net.self, handle, name, value); });
  }
  tharsis_status shutdown() {
    return here([&] { return net.shutdown(net.self, handle); });
  }
  tharsis_status close() {
    return here([&] { return net.close(net.self, handle); });
  }
  bool saw(uint32_t bits) const { return (seen & bits) != 0; }

  const tharsis_net& net;
  tharsis_handle handle = 0;
  tharsis_address address{};  // Of a listener its own, of an accepted connection the peer's.
  uint32_t seen = 0;          // All events so far.
  int events = 0;
  tharsis_status failure = THARSIS_OK;
  std::string got;
  std::function<void()> also;  // Called inside each event.

 private:
  static void on_event(void* context, tharsis_handle, uint32_t bits, tharsis_status status) {
    auto& self = *static_cast<wire*>(context);
    self.seen |= bits;
    ++self.events;
    if (bits & THARSIS_NET_FAILED) self.failure = status;
    if (self.also) self.also();
  }
  tharsis_status here(const std::function<tharsis_status()>& f) {
    tharsis_status status = THARSIS_E_INTERNAL;
    stage_.on(strand_, [&] { status = f(); });
    return status;
  }
  stage& stage_;
  const tharsis_strand& strand_;
};

}  // namespace tharsis::test
