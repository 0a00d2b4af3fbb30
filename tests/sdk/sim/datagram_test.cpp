// UDP in the model: datagrams are lost, late, twice, in another order, but never changed.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include "sdk/sim/world.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

struct mailbox {
  explicit mailbox(const tharsis_strand& s, const tharsis_address& on) : net(*s.net) {
    const auto nothing = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
    EXPECT_EQ(net.datagram(net.self, &on, nothing, nullptr, &handle, nullptr), THARSIS_OK);
  }
  void send(const tharsis_address& to, const std::string& text) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    EXPECT_EQ(net.send(net.self, handle, &to, bytes, text.size()), THARSIS_OK);
  }
  std::vector<std::string> take() {
    std::vector<std::string> all;
    uint8_t into[2048];
    size_t count = 0;
    while (net.receive(net.self, handle, into, sizeof into, &count, &from) == THARSIS_OK)
      all.emplace_back(reinterpret_cast<const char*>(into), count);
    return all;
  }
  const tharsis_net& net;
  tharsis_handle handle = 0;
  tharsis_address from{};
};

class SimDatagram : public testing::Test {
 protected:
  std::vector<std::string> exchange(int count) {
    for (int i = 0; i < count; ++i) {
      near.send(at("10.0.0.2", 53), std::to_string(i));
      w.run_for(1ms);
    }
    w.run_for(10s);
    return far.take();
  }
  sim::world w{77};
  sim::machine& client = w.add_machine("client", {"10.0.0.1"});
  sim::machine& server = w.add_machine("server", {"10.0.0.2"});
  sim::path& path = w.between(client, server);
  mailbox near{open_strand(client.platform()), at("0.0.0.0", 0)};
  mailbox far{open_strand(server.platform()), at("10.0.0.2", 53)};
};

}  // namespace

TEST_F(SimDatagram, ACleanPathKeepsNumberAndOrderAndTellsTheSender) {
  const auto got = exchange(50);
  ASSERT_EQ(got.size(), 50u);
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], std::to_string(i));
  EXPECT_EQ(ip_text(far.from), "10.0.0.1");
  far.send(far.from, "answer");
  w.run_for(1s);
  EXPECT_EQ(near.take(), std::vector<std::string>{"answer"});
}

TEST_F(SimDatagram, LossTakesAboutItsShare) {
  path.loss = 0.3;
  const size_t got = exchange(200).size();
  EXPECT_GT(got, 110u);
  EXPECT_LT(got, 170u);
}

TEST_F(SimDatagram, JitterReordersAndDuplicatesRepeatWhatWasSent) {
  path.jitter = 20ms;
  path.duplicate = 0.2;
  const auto got = exchange(100);
  const std::set<std::string> different(got.begin(), got.end());
  EXPECT_EQ(different.size(), 100u);
  EXPECT_GT(got.size(), 105u);
  std::vector<int> numbers;
  for (const auto& g : got) numbers.push_back(std::stoi(g));
  EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST_F(SimDatagram, ABlackHoleTakesAllAndNobodyIsTold) {
  path.black_hole = true;
  EXPECT_TRUE(exchange(20).empty());
}
