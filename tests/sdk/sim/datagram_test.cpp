// UDP in the model: datagrams are lost, late, twice, in another order, but never changed.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include "sdk/sim/world.h"
#include "tests/sdk/sim/mailbox.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

class SimDatagram : public testing::Test, public stage {
 protected:
  const tharsis_platform* platform() const override { return client.platform(); }
  bool run_until(const std::function<bool()>& done, duration within) override {
    return w.run_until(done, w.now() + within);
  }
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
  mailbox near{*this, open(), at("0.0.0.0", 0)};
  mailbox far{*this, open(server.platform()), at("10.0.0.2", 53)};
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
