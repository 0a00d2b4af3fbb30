// Where datagrams' answers may go, and how many requests are taken.
#include "plugins/gateway/core/udp_peer.h"

#include <gtest/gtest.h>

#include <random>

#include "plugins/gateway/core/listen.h"

using namespace tharsis;
using gateway::udp_peer;

namespace {

tharsis_address at(const char* ip, uint16_t port) {
  tharsis_address a = *parse_ip(ip);
  a.port = port;
  return a;
}
const tharsis_address home = at("10.0.0.1", 1000), away = at("10.0.0.9", 1000);

}  // namespace

TEST(UdpPeer, NothingGoesWhereNothingCameFrom) {
  udp_peer p({});
  EXPECT_FALSE(p.may_send(1, 1));
}

TEST(UdpPeer, AnAddressThatHasNotProvedItselfGetsThreeTimesWhatCameFromIt) {
  udp_peer p({});
  p.on_datagram(home, 100, true, 0);
  EXPECT_TRUE(p.may_send(200, 1));
  EXPECT_FALSE(p.may_send(101, 2));
  EXPECT_TRUE(p.may_send(100, 2));
  EXPECT_FALSE(p.may_send(1, 3));
  p.on_datagram(home, 10, true, 0);
  EXPECT_TRUE(p.may_send(30, 3));
  EXPECT_FALSE(p.may_send(1, 4));
  p.on_datagram(home, 10, true, 2);  // It has had our second.
  EXPECT_TRUE(p.proven());
  EXPECT_TRUE(p.may_send(100'000, 4));
}

TEST(UdpPeer, AnotherAddressHasToProveItselfAnewAndOldNewsDoNotCount) {
  udp_peer p({});
  p.on_datagram(home, 100, true, 0);
  EXPECT_TRUE(p.may_send(10, 1));
  p.on_datagram(home, 100, true, 1);
  ASSERT_TRUE(p.proven());
  p.on_datagram(away, 100, true, 1);  // Recorded by somebody, who plays it from elsewhere first.
  EXPECT_TRUE(p.address() == away);
  EXPECT_FALSE(p.proven());
  EXPECT_TRUE(p.may_send(300, 2));
  EXPECT_FALSE(p.may_send(1, 3));
  p.on_datagram(away, 0, true, 1);
  EXPECT_FALSE(p.proven()) << "an echo of what went to another address";
  p.on_datagram(home, 50, true, 2);
  EXPECT_TRUE(p.address() == home);
  EXPECT_FALSE(p.proven()) << "the echo is of what went to the other address";
}

TEST(UdpPeer, AnOlderDatagramDoesNotMoveTheAddress) {
  udp_peer p({});
  p.on_datagram(home, 100, true, 0);
  p.on_datagram(away, 1000, false, 0);
  EXPECT_TRUE(p.address() == home);
  EXPECT_FALSE(p.may_send(301, 1)) << "nor does it count for the other";
}

TEST(UdpPeer, OverSeedsAFalseAddressNeverGetsMoreThanThreeTimesItsOwn) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    udp_peer p({});
    uint32_t number = 0, arrived = 0;  // The true client is at home and echoes what arrives there.
    size_t to_away = 0, from_away = 0;
    for (int i = 0; i < 300; ++i) {
      const bool played = random() % 2 == 0;  // The same datagram, caught and played from a false address before it arrives.
      const size_t size = 40 + random() % 100;
      if (played) from_away += size;
      p.on_datagram(played ? away : home, size, true, arrived);
      for (int copies = static_cast<int>(random() % 4); copies > 0; --copies) {
        const size_t answer = 40 + random() % 1160;
        if (!p.may_send(answer, number + 1)) continue;
        ++number;
        if (p.address() == away) to_away += answer;
        else arrived = number;
      }
    }
    ASSERT_LE(to_away, 3 * from_away);
  }
}

TEST(UdpPeer, RequestsComeAtTheConnectionsPace) {
  gateway::limits slow;
  slow.requests_per_second = 10;
  udp_peer p(slow);
  instant now{1h};
  int taken = 0;
  for (int i = 0; i < 1000; ++i, now += 1ms) taken += p.may_ask(now);
  EXPECT_GE(taken, 10);
  EXPECT_LE(taken, 13);
}

TEST(UdpPeer, ALargeAnswerGoesByTheConnectionOnce) {
  udp_peer p({});
  EXPECT_TRUE(p.needs_stream(5));
  EXPECT_FALSE(p.needs_stream(5));
  EXPECT_TRUE(p.needs_stream(6));
}

TEST(UdpPlace, SaysWhatIsWrong) {
  gateway::settings s;
  const auto why = [&](const char* text, bool tls = true) {
    s.udp = text;
    const auto place = gateway::place_for_datagrams(s, tls);
    return place ? std::string() : place.failure().text;
  };
  EXPECT_EQ(why("udp://127.0.0.1:17443"), "");
  EXPECT_EQ(why("udp://localhost:0"), "");
  EXPECT_EQ(why("tcp://127.0.0.1:1"), "gateway.udp: 'tcp://127.0.0.1:1' must begin with udp://");
  EXPECT_EQ(why("udp://im.example.com:1"), "gateway.udp: 'im.example.com' is no address of this machine, such as 127.0.0.1");
  EXPECT_EQ(why("udp://127.0.0.1:1", false), "gateway.udp: datagrams are sealed with keys of TLS connections; set gateway.listen to a tcps:// address");
  EXPECT_EQ(why("udp://0.0.0.0:1"), "gateway.udp: udp://0.0.0.0:1 can be reached by other machines; set gateway.open: true if that is wanted");
  s.open = true;
  EXPECT_EQ(why("udp://0.0.0.0:1"), "");
}
