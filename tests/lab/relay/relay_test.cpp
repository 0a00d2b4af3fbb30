// Goal: what each key of a plan does to packets, when, and that the counters tell it. Method: the pure
// relay with a time that is made up; what it hands out is looked at packet by packet.
#include "tests/lab/relay/relay.h"

#include <gtest/gtest.h>

#include "tests/lab/relay/forge.h"
#include "tests/lab/relay/sample_packets.h"

using namespace tharsis;
using namespace tharsis::lab;
using namespace tharsis::lab::sample;

namespace {

constexpr direction up = direction::up, down = direction::down;

struct arrival {
  duration at;
  direction way;
  bytes packet;
  friend bool operator==(const arrival&, const arrival&) = default;
};

class world {
 public:
  explicit world(const std::string& text, uint64_t seed = 1, bool starts = true) : carries(plan_of(text), seed) {
    if (starts) carries.start(begin);
  }

  void put(direction way, const bytes& packet, duration at = {}) {
    run(at);
    carries.on_packet(way, packet, begin + at);
  }
  // All that arrives until then, at the very times that the relay asks to be called.
  std::vector<arrival>& run(duration until) {
    while (carries.next_due() <= begin + until) {
      now = std::max(now, carries.next_due());
      while (auto due = carries.take_due(now)) arrived.push_back({now - begin, due->way, std::move(due->packet)});
    }
    return arrived;
  }
  uint64_t dropped(direction way, drop_reason why) const { return of(way).dropped[static_cast<size_t>(why)]; }
  const counters& of(direction way) const { return carries.counted()[static_cast<size_t>(way)]; }

  const instant begin = instant_from(1'000'000'007);
  instant now = begin;
  relay carries;
  std::vector<arrival> arrived;

 private:
  static plan plan_of(const std::string& text) {
    runtime::diagnostics problems;
    plan made = parse_plan(std::make_shared<runtime::source>(runtime::source{"plan", text}), problems);
    EXPECT_TRUE(problems.empty()) << runtime::render(problems);
    return made;
  }
};

bytes tcp(direction way, uint32_t sequence, uint32_t acknowledged, uint8_t flags, byte_view data = {}) {
  return make_tcp(way == up ? client : server, way == up ? server : client, sequence, acknowledged, flags, data);
}
void shake_hands(world& w, duration at = {}) {
  w.put(up, tcp(up, 99, 0, tcp_syn), at);
  w.put(down, tcp(down, 499, 100, tcp_syn | tcp_ack), at);
  w.put(up, tcp(up, 100, 500, tcp_ack), at);
  w.run(at);
  w.arrived.clear();
}
int resets_in(const std::vector<arrival>& arrived, direction way) {
  return static_cast<int>(std::count_if(arrived.begin(), arrived.end(), [&](const arrival& a) {
    const auto p = parse_packet(a.packet);
    return a.way == way && parse_tcp(*p) && parse_tcp(*p)->has(tcp_rst);
  }));
}

}  // namespace

TEST(Relay, APerfectNetworkHandsOverWhatCameAtOnce) {
  world w(R"([{"at_us":0}])");
  EXPECT_EQ(w.carries.next_due(), never);
  w.put(up, udp(100), 5ms);
  w.put(down, udp(200, server, client), 5ms);
  const auto& got = w.run(5ms);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], (arrival{5ms, up, udp(100)}));
  EXPECT_EQ(got[1], (arrival{5ms, down, udp(200, server, client)}));
  EXPECT_EQ(w.of(up).in_packets, 1u);
  EXPECT_EQ(w.of(up).in_bytes, 100u);
  EXPECT_EQ(w.of(down).out_packets, 1u);
  EXPECT_EQ(w.of(down).out_bytes, 200u);
  EXPECT_EQ(w.carries.next_due(), never);
}

TEST(Relay, EachDirectionHasItsOwnDelay) {
  world w(R"([{"at_us":0,"up":{"delay_us":50000},"down":{"delay_us":7000}}])");
  w.put(up, udp(100));
  w.put(down, udp(100, server, client));
  EXPECT_EQ(w.carries.next_due(), w.begin + 7ms);
  const auto& got = w.run(1s);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_TRUE(got[0].way == down && got[0].at == 7ms);
  EXPECT_TRUE(got[1].way == up && got[1].at == 50ms);
}

TEST(Relay, StatesComeAtTheirTimesAndTouchNothingThatIsUnderWay) {
  world w(R"([{"at_us":0,"up":{"delay_us":300000}},{"at_us":100000,"up":{"loss":1}},{"at_us":200000}])");
  w.put(up, udp(100), 99ms);
  w.put(up, udp(101), 100ms);
  w.put(up, udp(102), 199ms);
  w.put(up, udp(103), 200ms);
  const auto& got = w.run(1s);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].packet.size(), 100u);
  EXPECT_EQ(got[0].at, 399ms);
  EXPECT_EQ(got[1].packet.size(), 103u);
  EXPECT_EQ(got[1].at, 399ms) << "it overtakes nobody";
  EXPECT_EQ(w.dropped(up, drop_reason::loss), 2u);
}

TEST(Relay, BeforeTheStartTheFirstStateHolds) {
  world w(R"([{"at_us":0,"up":{"loss":1},"reset":{"every_us":1000}},{"at_us":10}])", 1, false);
  EXPECT_EQ(w.carries.next_due(), never);
  w.put(up, udp(100), 10s);
  EXPECT_EQ(w.dropped(up, drop_reason::loss), 1u);
  w.carries.start(w.begin + 20s);
  w.carries.start(w.begin + 30s);  // Only the first one counts.
  EXPECT_EQ(w.carries.next_due(), w.begin + 20s + 10us);
  w.put(up, udp(100), 20s + 10us);
  EXPECT_EQ(w.run(21s).size(), 1u);
}

TEST(Relay, WhatIsTooLongIsDroppedAndToldWhereThePlanSaysSo) {
  world silent(R"([{"at_us":0,"up":{"drop_over":1300}}])"), told(R"([{"at_us":0,"up":{"drop_over":1300,"icmp":true}}])");
  for (world* w : {&silent, &told}) {
    w->put(up, udp(1300));
    w->put(up, udp(1301));
    w->put(down, udp(1400, server, client));
    w->run(1s);
    EXPECT_EQ(w->dropped(up, drop_reason::size), 1u);
    EXPECT_EQ(w->of(up).out_packets, 1u);
  }
  EXPECT_EQ(silent.arrived.size(), 2u);
  ASSERT_EQ(told.arrived.size(), 3u);
  EXPECT_EQ(told.of(down).icmp, 1u);
  const auto p = parse_packet(told.arrived[1].packet);
  EXPECT_TRUE(told.arrived[1].way == down && is_icmp_error(*p) && same_ip(p->target, client));
}

TEST(Relay, ARuleBlocksItsDirectionAddressPortAndProtocol) {
  world w(R"([{"at_us":0,"block":[{"direction":"up","address":"198.51.100.0/24","port":443,"protocol":"udp"}]}])");
  w.put(up, udp(100));
  EXPECT_EQ(w.dropped(up, drop_reason::blocked), 1u);
  w.put(down, udp(101, server, client));                    // The other direction.
  w.put(up, udp(102, client, at("198.51.101.1", 443)));     // Another address.
  w.put(up, udp(103, client, at("198.51.100.1", 444)));     // Another port.
  w.put(up, tcp(up, 1, 0, tcp_syn));                        // Another protocol.
  w.put(up, make_udp(client6, server6, {}));                // Another family.
  EXPECT_EQ(w.run(1s).size(), 5u);
}

TEST(Relay, ABlockThatAnswersTellsTheSenderOnly) {
  world w(R"([{"at_us":0,"block":[{"port":443,"answer":"reset"},{"port":80,"answer":"unreachable"}]}])");
  w.put(up, tcp(up, 99, 0, tcp_syn));
  w.put(up, udp(100));
  w.put(down, tcp(down, 1, 2, tcp_ack));
  w.put(up, make_tcp(client, at("198.51.100.1", 80), 1, 0, tcp_syn));
  w.put(up, tcp(up, 99, 0, tcp_rst));
  const auto& got = w.run(1s);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(resets_in(got, down), 1);
  EXPECT_EQ(resets_in(got, up), 1);
  EXPECT_EQ(w.of(down).resets, 1u);
  EXPECT_EQ(w.of(up).resets, 1u);
  EXPECT_EQ(w.of(down).icmp, 2u);
  EXPECT_EQ(parse_packet(got[1].packet)->transport[1], 3) << "a closed UDP port";
  EXPECT_EQ(parse_packet(got[3].packet)->transport[1], 1) << "no such host";
}

TEST(Relay, ANatForgetsByTimeAndByCommand) {
  world w(R"([{"at_us":0,"nat":{"forget_after_us":60000000}}])");
  shake_hands(w);
  w.put(up, tcp(up, 100, 500, tcp_ack), 60s);
  w.put(up, tcp(up, 100, 500, tcp_ack), 121s);
  w.put(down, tcp(down, 500, 100, tcp_ack), 121s);
  EXPECT_EQ(w.run(121s).size(), 1u);
  EXPECT_EQ(w.dropped(up, drop_reason::nat), 1u);
  EXPECT_EQ(w.dropped(down, drop_reason::nat), 1u);
  shake_hands(w, 122s);
  w.carries.forget();
  w.put(up, tcp(up, 100, 500, tcp_ack), 122s);
  EXPECT_EQ(w.dropped(up, drop_reason::nat), 2u);
}

TEST(Relay, FlowsAreResetAgainAndAgain) {
  world w(R"([{"at_us":0,"reset":{"every_us":3000000}}, {"at_us":4000000,"reset":{"every_us":3000000},"block":[{"port":1}]},
              {"at_us":7000000}])");
  shake_hands(w, 1s);
  auto& first = w.run(3s);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_TRUE(first[0].at == 3s && first[1].at == 3s);
  EXPECT_EQ(resets_in(first, up) + resets_in(first, down), 2);
  shake_hands(w, 3500ms);
  auto& second = w.run(6s);
  ASSERT_EQ(second.size(), 2u) << "a new state with the same period leaves it alone";
  EXPECT_EQ(second[0].at, 6s);
  shake_hands(w, 6500ms);
  EXPECT_TRUE(w.run(20s).empty()) << "the last state has no resets";
  w.carries.reset(w.begin + 20s);
  EXPECT_EQ(w.run(20s).size(), 2u) << "by command";
}

TEST(Relay, ResetsThatWereMissedAreNotMadeUpFor) {
  world w(R"([{"at_us":0,"reset":{"every_us":1000}}])");
  shake_hands(w);
  EXPECT_TRUE(w.carries.take_due(w.begin + 1h));
  EXPECT_GT(w.carries.next_due(), w.begin);
  while (w.carries.take_due(w.begin + 1h)) {
  }
  EXPECT_EQ(w.carries.next_due(), w.begin + 1h + 1ms);
}

TEST(Relay, AForgedAnswerIsThereBeforeTheQueryHasArrived) {
  world w(R"([{"at_us":0,"up":{"delay_us":20000},"forge":[{"name":"im.test","address":"203.0.113.66"}]},
              {"at_us":1000000,"forge":[{"name":"im.test","address":"203.0.113.66","only":true}]}])");
  const bytes query = make_udp(asker, resolver, dns_query("im.test", 1));
  w.put(up, query);
  const auto& got = w.run(500ms);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_TRUE(got[0].way == down && got[0].at == 0ms && parse_packet(got[0].packet)->source == resolver);
  EXPECT_EQ(got[1], (arrival{20ms, up, query}));
  w.put(up, query, 1s);
  EXPECT_EQ(w.run(2s).size(), 3u);
  EXPECT_EQ(w.of(down).forged, 2u);
  EXPECT_EQ(w.dropped(up, drop_reason::forged), 1u);
  w.put(down, make_udp(at("198.51.100.7", 1000), at("10.77.0.2", 53), dns_query("im.test", 1)), 2s);
  EXPECT_EQ(w.of(up).forged, 0u) << "only the inside's questions are heard";
}

TEST(Relay, AFlowIsCutFromItsClientHelloOn) {
  const bytes hello = client_hello("a.blocked.test");
  const byte_view start = byte_view(hello).first(40), end = byte_view(hello).subspan(40);
  for (const bool reset : {false, true}) {
    const std::string action = reset ? "reset" : "drop";
    world w(R"([{"at_us":0,"client_hello":[{"name":"blocked.test","action":")" + action + "\"}]}]");
    shake_hands(w);
    w.put(up, tcp(up, 100, 500, tcp_ack, start));
    w.put(down, tcp(down, 500, 140, tcp_ack));
    w.put(up, tcp(up, 140, 500, tcp_ack, end));
    w.put(up, tcp(up, 140, 500, tcp_ack, end));
    w.put(down, tcp(down, 500, 140, tcp_ack));
    const auto& got = w.run(1s);
    EXPECT_EQ(got.size(), reset ? 4u : 2u);
    EXPECT_EQ(resets_in(got, up), reset ? 1 : 0);
    EXPECT_EQ(resets_in(got, down), reset ? 1 : 0);
    EXPECT_EQ(w.dropped(up, drop_reason::client_hello), 2u);
    EXPECT_EQ(w.dropped(down, drop_reason::client_hello), 1u);
    w.put(up, tcp(up, 9000, 0, tcp_syn), 2s);
    EXPECT_EQ(w.run(2s).size(), reset ? 5u : 3u) << "a new flow between the same ends is a new chance";
  }
}

TEST(Relay, CopiesAndTurnedBitsAreWhatTheySay) {
  world w(R"([{"at_us":0,"up":{"duplicate":1,"corrupt":1}}])");
  for (int i = 0; i < 200; ++i) {
    w.put(up, udp(100));
    w.run(0ms);
    ASSERT_EQ(w.arrived.size(), 2u);
    EXPECT_EQ(w.arrived[0], w.arrived[1]);
    const bytes sent = udp(100), &got = w.arrived[0].packet;
    int turned = 0;
    for (size_t at = 0; at < sent.size(); ++at) {
      turned += __builtin_popcount(static_cast<unsigned>(sent[at] ^ got[at]));
      if (at < 20) {
        EXPECT_EQ(sent[at], got[at]) << "the IP header is left alone";
      }
    }
    EXPECT_EQ(turned, 1);
    w.arrived.clear();
  }
  EXPECT_EQ(w.of(up).duplicated, 200u);
  EXPECT_EQ(w.of(up).corrupted, 200u);
  EXPECT_EQ(w.of(up).out_packets, 400u);
}

TEST(Relay, NeighboursTalkIsNeitherCarriedNorCountedAndGarbageIsCounted) {
  world w(R"([{"at_us":0}])");
  w.put(up, make_udp(at("fe80::1", 1), at("ff02::2", 2), {}));
  EXPECT_EQ(w.of(up).in_packets, 0u);
  w.put(up, bytes{1, 2, 3});
  w.put(up, {});
  EXPECT_EQ(w.of(up).in_packets, 2u);
  EXPECT_EQ(w.dropped(up, drop_reason::malformed), 2u);
  EXPECT_TRUE(w.run(1s).empty());
}

TEST(Relay, WhatTheDeviceRefusesHasNotGoneOut) {
  world w(R"([{"at_us":0}])");
  w.put(up, udp(100));
  w.carries.on_refused(*w.carries.take_due(w.begin));
  EXPECT_EQ(w.of(up).out_packets + w.of(up).out_bytes, 0u);
  EXPECT_EQ(w.dropped(up, drop_reason::refused), 1u);
}

TEST(Relay, AFloodIsBounded) {
  world w(R"([{"at_us":0,"up":{"delay_us":60000000}}])");
  const bytes small = udp(28);
  for (size_t i = 0; i < settings::in_flight_most + 10; ++i) w.carries.on_packet(up, small, w.begin);
  EXPECT_EQ(w.dropped(up, drop_reason::queue), 10u);
}

TEST(Relay, TheSameSeedIsTheSameNetwork) {
  const auto run = [](uint64_t seed) {
    world w(R"([{"at_us":0,"up":{"delay_us":5000,"jitter_us":9000,"loss":0.1,"duplicate":0.1,"corrupt":0.1,"reorder":0.1},
                 "down":{"delay_us":5000,"burst":{"enter":0.05,"leave":0.3}}},{"at_us":500000,"down":{"loss":0.5}}])", seed);
    for (int i = 0; i < 1000; ++i) {
      const direction way = i % 3 == 0 ? down : up;
      w.put(way, way == up ? udp(100 + static_cast<size_t>(i)) : udp(100 + static_cast<size_t>(i), server, client), i * 1ms);
    }
    w.run(10s);
    return w.arrived;
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

TEST(Relay, InAndOutAddUp) {
  world w(R"([{"at_us":0,"up":{"delay_us":5000,"loss":0.1,"burst":{"enter":0.1,"leave":0.3},"duplicate":0.1,"rate_bps":1000000,
               "queue_packets":5,"drop_over":1000}}])", 9);
  for (int i = 0; i < 3000; ++i) w.put(up, udp(50 + static_cast<size_t>(i % 1200)), i * 3ms);
  w.run(1h);
  const counters& c = w.of(up);
  uint64_t dropped = 0;
  for (const uint64_t each : c.dropped) dropped += each;
  EXPECT_EQ(c.in_packets, 3000u);
  EXPECT_EQ(c.out_packets, c.in_packets - dropped + c.duplicated);
  for (const drop_reason why : {drop_reason::loss, drop_reason::burst, drop_reason::queue, drop_reason::size})
    EXPECT_GT(w.dropped(up, why), 0u) << static_cast<int>(why);
}

TEST(Relay, TheCountersAreTwoObjectsOfJsonAndTheConnections) {
  std::array<counters, 2> both;
  both[0].in_packets = 3;
  both[1].dropped[static_cast<size_t>(drop_reason::client_hello)] = 4;
  const std::string text = json_of(both, 7);
  EXPECT_TRUE(text.starts_with(R"({"up":{"in_packets":3,"in_bytes":0,"out_packets":0,)")) << text;
  EXPECT_NE(text.find(R"("down":{"in_packets":0)"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(R"("connections":7})")) << text;
  EXPECT_NE(text.find(R"("client_hello":4,"forged":0,"malformed":0,"refused":0},"duplicated":0)"), std::string::npos) << text;
}
