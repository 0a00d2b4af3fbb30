// A UDP socket used by hand from outside its strand. Lives as long as its stage.
#pragma once
#include <string>
#include <vector>

#include "tests/sdk/sim/wire.h"

namespace tharsis::test {

class mailbox {
 public:
  mailbox(stage& st, const tharsis_strand& s, const tharsis_address& on)
      : net_(*s.net), stage_(st), strand_(s) {
    stage_.on(strand_, [&] {
      EXPECT_EQ(net_.datagram(net_.self, &on, on_event, this, &handle, nullptr), THARSIS_OK);
      EXPECT_EQ(net_.local(net_.self, handle, &address), THARSIS_OK);
    });
  }
  mailbox(const mailbox&) = delete;

  void send(const tharsis_address& to, const std::string& text) {
    stage_.on(strand_, [&] {
      const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
      EXPECT_EQ(net_.send(net_.self, handle, &to, bytes, text.size()), THARSIS_OK);
    });
  }
  // Everything that waits; bytes of a datagram beyond `capacity` are lost.
  std::vector<std::string> take(size_t capacity = 2048) {
    std::vector<std::string> all;
    stage_.on(strand_, [&] {
      std::vector<uint8_t> into(capacity);
      size_t count = 0;
      while (net_.receive(net_.self, handle, into.data(), capacity, &count, &from) == THARSIS_OK)
        all.emplace_back(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(count));
    });
    return all;
  }

  tharsis_handle handle = 0;
  tharsis_address address{};
  tharsis_address from{};  // Of the last one taken.
  int events = 0;

 private:
  static void on_event(void* context, tharsis_handle, uint32_t, tharsis_status) {
    ++static_cast<mailbox*>(context)->events;
  }
  const tharsis_net& net_;
  stage& stage_;
  const tharsis_strand& strand_;
};

}  // namespace tharsis::test
