#include "tests/lab/relay/flows.h"

#include <gtest/gtest.h>

#include "tests/lab/relay/sample_packets.h"
#include "tests/lab/relay/settings.h"

using namespace tharsis;
using namespace tharsis::lab;
using namespace tharsis::lab::sample;

namespace {

constexpr direction up = direction::up, down = direction::down;
constexpr uint32_t client_first = 0xfffffff0, server_first = 5000;

// A table, and hands that carry packets to it.
class net {
 public:
  explicit net(duration forgets_after = {}) : forgets_after_(forgets_after) {}

  // Comes, and arrives. False: the NAT did not know it.
  bool carries(direction way, const bytes& whole) {
    if (!comes(way, whole)) return false;
    table.on_arrived(*parse_packet(whole), way);
    return true;
  }
  bool comes(direction way, const bytes& whole) {
    return !table.on_packet(*parse_packet(whole), way, now, forgets_after_).forgotten;
  }
  bool tcp(direction way, uint32_t sequence, uint32_t acknowledged, uint8_t flags, size_t size = 0) {
    return carries(way, segment(way, sequence, acknowledged, flags, size));
  }
  static bytes segment(direction way, uint32_t sequence, uint32_t acknowledged, uint8_t flags, size_t size = 0) {
    return make_tcp(way == up ? client : server, way == up ? server : client, sequence, acknowledged, flags, bytes(size));
  }
  void shakes_hands() {
    EXPECT_TRUE(tcp(up, client_first, 0, tcp_syn));
    EXPECT_TRUE(tcp(down, server_first, client_first + 1, tcp_syn | tcp_ack));
    EXPECT_TRUE(tcp(up, client_first + 1, server_first + 1, tcp_ack));
  }
  flow_table table;
  instant now = instant_from(0);

 private:
  duration forgets_after_;
};

// The numbers of the resets that travel so; each must be one.
std::vector<uint32_t> numbers(const std::vector<injected>& sent, direction way) {
  std::vector<uint32_t> made;
  for (const injected& one : sent) {
    const auto p = parse_packet(one.packet);
    const auto segment = parse_tcp(*p);
    EXPECT_TRUE(segment->has(tcp_rst));
    EXPECT_TRUE(p->target == (one.way == up ? server : client) && p->source == (one.way == up ? client : server));
    if (one.way == way) made.push_back(segment->sequence);
  }
  return made;
}
using list = std::vector<uint32_t>;

}  // namespace

TEST(Flows, AResetHasTheNumberThatItsReceiverExpects) {
  net n;
  n.shakes_hands();
  n.tcp(up, client_first + 1, server_first + 1, tcp_ack, 30);   // Over the border of the numbers.
  n.tcp(down, server_first + 1, client_first + 31, tcp_ack, 500);
  const auto sent = n.table.reset_all();
  EXPECT_EQ(numbers(sent, up), (list{client_first + 31}));
  // The client has not confirmed the 500 yet: if they were lost behind us, it expects the older number.
  EXPECT_EQ(numbers(sent, down), (list{server_first + 501, server_first + 1}));
  EXPECT_TRUE(n.table.reset_all().empty()) << "it is closed now";
}

TEST(Flows, WhatIsOnItsWayOrBehindAGapHasNotArrived) {
  net n;
  n.shakes_hands();
  n.comes(down, net::segment(down, server_first + 1, client_first + 1, tcp_ack, 100));  // Lost.
  n.tcp(down, server_first + 101, client_first + 1, tcp_ack, 100);
  EXPECT_EQ(numbers(n.table.reset_all(), down), (list{server_first + 1}));
}

TEST(Flows, WhoWaitsForAnAnswerToItsSynIsResetByConfirmingIt) {
  net n;
  n.tcp(up, client_first, 0, tcp_syn);
  n.comes(down, net::segment(down, server_first, client_first + 1, tcp_syn | tcp_ack));  // Still on its way.
  const auto sent = n.table.reset_all();
  EXPECT_EQ(numbers(sent, up), (list{client_first + 1}));
  EXPECT_EQ(numbers(sent, down), (list{0}));
  const auto p = parse_packet(sent[1].packet);
  EXPECT_EQ(parse_tcp(*p)->flags, tcp_rst | tcp_ack);
  EXPECT_EQ(parse_tcp(*p)->acknowledged, client_first + 1);
}

TEST(Flows, ACallThatNeverGotThroughIsNotReset) {
  net n;
  n.comes(up, net::segment(up, client_first, 0, tcp_syn));
  n.comes(up, net::segment(up, client_first, 0, tcp_syn));
  EXPECT_TRUE(n.table.reset_all().empty());
}

TEST(Flows, ClosedOnesAreNotReset) {
  net reset, finished;
  reset.shakes_hands();
  reset.tcp(down, server_first + 1, client_first + 1, tcp_rst | tcp_ack);
  EXPECT_TRUE(reset.table.reset_all().empty());
  finished.shakes_hands();
  finished.tcp(up, client_first + 1, server_first + 1, tcp_fin | tcp_ack);
  finished.tcp(down, server_first + 1, client_first + 2, tcp_fin | tcp_ack);
  finished.tcp(up, client_first + 2, server_first + 2, tcp_ack);
  EXPECT_TRUE(finished.table.reset_all().empty());
  EXPECT_EQ(finished.table.size(), 1u);
}

TEST(Flows, WhoGoesOnAfterAResetIsResetAgain) {
  net n;
  n.shakes_hands();
  EXPECT_FALSE(n.table.reset_all().empty());
  n.tcp(up, client_first + 1, server_first + 1, tcp_ack, 10);
  EXPECT_EQ(numbers(n.table.reset_all(), up).front(), client_first + 11);
}

TEST(Flows, DatagramsAreNeverReset) {
  net n;
  EXPECT_TRUE(n.carries(up, udp(100)));
  EXPECT_TRUE(n.table.reset_all().empty());
  EXPECT_EQ(n.table.size(), 1u);
}

TEST(Flows, ANatForgetsTheSilentAndOnlyASynIsNewToIt) {
  net n(60s);
  n.shakes_hands();
  n.now += 60s;
  EXPECT_TRUE(n.tcp(down, server_first + 1, client_first + 1, tcp_ack, 5)) << "just in time, and it counts as life";
  n.now += 60s;
  EXPECT_TRUE(n.tcp(up, client_first + 1, server_first + 6, tcp_ack, 5));
  n.now += 60s + 1ns;
  EXPECT_FALSE(n.tcp(up, client_first + 6, server_first + 6, tcp_ack, 5));
  EXPECT_FALSE(n.tcp(down, server_first + 6, client_first + 6, tcp_ack, 5));
  EXPECT_TRUE(n.table.reset_all().empty()) << "what is forgotten cannot be reset";
  EXPECT_TRUE(n.tcp(up, client_first + 1000, 0, tcp_syn));
  EXPECT_TRUE(n.tcp(down, server_first, client_first + 1001, tcp_syn | tcp_ack));
  EXPECT_EQ(n.table.size(), 1u);
}

TEST(Flows, ThroughANatOnlyTheInsideBegins) {
  net n(60s);
  EXPECT_FALSE(n.tcp(up, 1, 1, tcp_ack, 5)) << "its SYN was not seen";
  EXPECT_FALSE(n.tcp(down, 1, 0, tcp_syn));
  EXPECT_FALSE(n.carries(down, udp(100, server, client)));
  EXPECT_EQ(n.table.size(), 0u);
  EXPECT_TRUE(n.carries(up, udp(100)));
  EXPECT_TRUE(n.carries(down, udp(100, server, client)));
  n.now += 61s;
  EXPECT_FALSE(n.carries(down, udp(100, server, client)));
  EXPECT_FALSE(n.carries(up, udp(100))) << "for ever";
}

TEST(Flows, WithoutANatAllMayBeginAndSilenceIsNoHarm) {
  net n;
  EXPECT_TRUE(n.tcp(up, 1, 1, tcp_ack, 5));
  EXPECT_TRUE(n.carries(down, udp(100, server, client)));
  n.now += 24h;
  EXPECT_TRUE(n.tcp(up, 6, 1, tcp_ack, 5));
}

TEST(Flows, ForgettingByCommandNeedsNoNat) {
  net n;
  n.shakes_hands();
  n.carries(up, udp(100));
  n.table.forget_all();
  EXPECT_FALSE(n.tcp(up, client_first + 1, server_first + 1, tcp_ack, 5));
  EXPECT_FALSE(n.carries(up, udp(100)));
  EXPECT_TRUE(n.tcp(up, client_first, 0, tcp_syn)) << "a SYN makes it new, the same one too";
  EXPECT_TRUE(n.carries(up, udp(100, at("10.77.0.2", 40001))));
}

TEST(Flows, ASynThatIsSentAgainChangesNothing) {
  net n;
  n.shakes_hands();
  n.tcp(up, client_first, 0, tcp_syn);
  EXPECT_EQ(numbers(n.table.reset_all(), down), (list{server_first + 1}));
}

TEST(Flows, OtherProtocolsAreNoFlows) {
  net n(1s);
  const bytes echo = *icmp_answer(*parse_packet(udp(100)), icmp_error::host_unreachable);
  EXPECT_TRUE(n.carries(down, echo));
  EXPECT_EQ(n.table.size(), 0u);
}

TEST(Flows, TheTableHasABorderAndTheSilentMakeRoom) {
  net n;
  n.shakes_hands();
  for (size_t i = 0; i < settings::flows_most; ++i) {
    if (i == settings::flows_most / 2) n.tcp(up, client_first + 1, server_first + 1, tcp_ack);
    n.carries(up, udp(40, at("10.77.0.3", static_cast<uint16_t>(i)), at("198.51.100.1", static_cast<uint16_t>(1 + (i >> 16)))));
  }
  EXPECT_EQ(n.table.size(), settings::flows_most);
  EXPECT_FALSE(n.table.reset_all().empty()) << "it spoke in between";
}

TEST(Flows, AConnectionCountsOnceHoweverOftenItsSynIsSent) {
  net n;
  n.tcp(up, client_first, 0, tcp_syn);
  n.tcp(up, client_first, 0, tcp_syn);
  EXPECT_EQ(n.table.connections(), 1u);
  n.tcp(down, server_first, client_first + 1, tcp_syn | tcp_ack);
  n.tcp(up, client_first + 1, server_first + 1, tcp_ack, 10);
  EXPECT_EQ(n.table.connections(), 1u);
  n.tcp(up, client_first + 1000, 0, tcp_syn);  // Another one from the same port.
  EXPECT_EQ(n.table.connections(), 2u);
}
