// One end of a TCP connection, or a listener, used by hand: what was told, what was read.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include "sdk/abi/platform.h"
#include "sdk/pure/address.h"

namespace tharsis::test {

inline tharsis_address at(const std::string& ip, uint16_t port) {
  tharsis_address a = *parse_ip(ip);
  a.port = port;
  return a;
}

inline const tharsis_strand& open_strand(const tharsis_platform* p, uint32_t kind = THARSIS_STRAND_SHARED) {
  const tharsis_strand* strand = nullptr;
  tharsis_error error{};
  error.size = sizeof error;
  EXPECT_EQ(p->strand_open(p->self, "test", kind, &strand, &error), THARSIS_OK) << error.text;
  return *strand;
}

class wire {
 public:
  explicit wire(const tharsis_strand& s) : net(*s.net) {}
  wire(const wire&) = delete;
  ~wire() { close(); }

  tharsis_status dial(const tharsis_address& to) {
    return net.dial(net.self, &to, on_event, this, &handle, nullptr);
  }
  tharsis_status listen(const tharsis_address& on) {
    const tharsis_status status = net.listen(net.self, &on, on_event, this, &handle, nullptr);
    if (status == THARSIS_OK) net.local(net.self, handle, &address);
    return status;
  }
  tharsis_status accept(wire& from) {
    return net.accept(net.self, from.handle, on_event, this, &handle, &address);
  }
  // Reads until it must wait, the end, or the failure; answers which (END: OK).
  tharsis_status read_all() {
    for (;;) {
      uint8_t some[4096];
      size_t count = 0;
      const tharsis_status status = net.read(net.self, handle, some, sizeof some, &count);
      if (status != THARSIS_OK || count == 0) return status;
      got.append(reinterpret_cast<const char*>(some), count);
    }
  }
  // Writes what fits; answers PENDING when something is left, which `data` then holds.
  tharsis_status write_some(std::string_view& data) {
    for (;;) {
      size_t count = 0;
      const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
      const tharsis_status status = net.write(net.self, handle, bytes, data.size(), &count);
      data.remove_prefix(count);
      if (status != THARSIS_OK || data.empty()) return status;
    }
  }
  int64_t fact(const char* name) const {
    int64_t value = -1;
    EXPECT_EQ(net.get(net.self, handle, name, &value), THARSIS_OK) << name;
    return value;
  }
  tharsis_status shutdown() { return net.shutdown(net.self, handle); }
  void close() {
    if (handle != 0) net.close(net.self, std::exchange(handle, 0));
  }
  bool saw(uint32_t bits) const { return (seen & bits) != 0; }

  const tharsis_net& net;
  tharsis_handle handle = 0;
  tharsis_address address{};  // Of a listener its own, of an accepted connection the peer's.
  uint32_t seen = 0;          // All events so far.
  int events = 0;
  tharsis_status failure = THARSIS_OK;
  std::string got;

 private:
  static void on_event(void* context, tharsis_handle, uint32_t bits, tharsis_status status) {
    auto& self = *static_cast<wire*>(context);
    self.seen |= bits;
    ++self.events;
    if (bits & THARSIS_NET_FAILED) self.failure = status;
  }
};

}  // namespace tharsis::test
