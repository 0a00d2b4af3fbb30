// Goal: a link whose codec a plugin brings waits for it, says so, uses it, and lets go of it at once when it is taken
// back. Method: codec "odd" is mars, and counts its connections.
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;

namespace {

// Mars' frames; remembers who is open, and that nobody is used after close().
struct odd_codec {
  const tharsis_stn_codec& good = *built_in_codec("mars");
  int open_now = 0, opened = 0;
  bool spoils = false;  // Every answer is said to be of no bytes.
  bool refuses = false;
  uint32_t carries = ~0u;
  tharsis_stn_codec table{sizeof(tharsis_stn_codec), 0, this, "odd", on_open, on_close, on_encode, on_decode, nullptr, nullptr};

  struct connection {
    odd_codec* owner;
    void* inner;
  };
  static tharsis_status on_open(void* self, const tharsis_stn_codec_options* options, void** state, tharsis_stn_codec_facts* facts, tharsis_error* why) {
    auto& c = *static_cast<odd_codec*>(self);
    if (c.refuses) return fail(why, THARSIS_E_INVALID, "it has no setting 'x'");
    void* inner = nullptr;
    const tharsis_status status = c.good.open(c.good.self, options, &inner, facts, why);
    facts->carries &= c.carries;
    *state = new connection{&c, inner};
    ++c.open_now, ++c.opened;
    return status;
  }
  static void on_close(void* self, void* state) {
    auto* const c = static_cast<connection*>(state);
    auto& codec = *static_cast<odd_codec*>(self);
    codec.good.close(codec.good.self, c->inner);
    --codec.open_now;
    delete c;
  }
  static tharsis_status on_encode(void* state, const tharsis_stn_frame* f, const tharsis_stn_sink* out, tharsis_error* why) {
    auto* const c = static_cast<connection*>(state);
    return c->owner->good.encode(c->inner, f, out, why);
  }
  static tharsis_status on_decode(void* state, tharsis_bytes received, tharsis_stn_decoded* found, tharsis_error* why) {
    auto* const c = static_cast<connection*>(state);
    const tharsis_status status = c->owner->good.decode(c->inner, received, found, why);
    if (c->owner->spoils && status == THARSIS_OK && found->frame.kind == THARSIS_STN_FRAME_ANSWER) found->used = 0;
    return status;
  }
};

struct codec_world : link_world {
  explicit codec_world(uint64_t seed, stn::signalling_settings signals = {}) : link_world(seed) {
    link().codec = "odd";
    link().signalling = signals;
    serve();
    start();
  }
  ~codec_world() { provide(nullptr); }
  void provide(const tharsis_stn_codec* table) {
    client.on_strand([&] { host.provide_codec(table); });
  }
  odd_codec codec;
};

}  // namespace

TEST(LinkCodecSim, TheLinkWaitsForTheProviderAndSaysSo) {
  codec_world w(1);
  w.world.run_for(10s);
  ASSERT_EQ(w.host.states.size(), 1u);
  EXPECT_EQ(w.host.states[0].why, uint32_t{THARSIS_STN_WHY_CODEC});
  EXPECT_NE(w.host.states[0].reason.find("waits for codec 'odd': no plugin that runs provides tharsis.stn.codec.odd/1"), std::string::npos) << w.host.states[0].reason;
  EXPECT_EQ(w.server.connections, 0);
  w.submit("early", "k");
  w.world.run_for(1s);
  w.provide(&w.codec.table);
  ASSERT_TRUE(w.wait_up()) << w.reason();
  ASSERT_TRUE(w.world.run_until([&] { return w.answers == 1; }, w.world.now() + 10s));
  EXPECT_EQ(w.outcomes["early"].status, THARSIS_OK) << w.outcomes["early"].reason;
}

TEST(LinkCodecSim, ATaskThatWaitedInVainLearnsWhy) {
  codec_world w(2);
  w.submit("vain", "", 500);
  ASSERT_TRUE(w.world.run_until([&] { return w.answers == 1; }, w.world.now() + 10s));
  EXPECT_EQ(w.outcomes["vain"].status, THARSIS_E_TIMEOUT);
  EXPECT_NE(w.outcomes["vain"].reason.find("waits for codec 'odd'"), std::string::npos) << w.outcomes["vain"].reason;
}

TEST(LinkCodecSim, ACodecThatIsTakenBackIsNotUsedAnyMoreWhenTheProviderHearsSo) {
  codec_world w(3);
  w.provide(&w.codec.table);
  ASSERT_TRUE(w.wait_up()) << w.reason();
  EXPECT_EQ(w.codec.open_now, 1);
  w.client.on_strand([&] {
    w.host.provide_codec(nullptr);
    EXPECT_EQ(w.codec.open_now, 0) << "the connection's state outlived its provider";
  });
  ASSERT_TRUE(w.world.run_until([&] { return !w.up(); }, w.world.now() + 10s));
  w.submit("between", "k");
  w.world.run_for(2s);
  EXPECT_NE(w.host.states.back().reason.find("waits for codec 'odd'"), std::string::npos) << w.host.states.back().reason;
  w.provide(&w.codec.table);
  ASSERT_TRUE(w.wait_up()) << w.reason();
  ASSERT_TRUE(w.world.run_until([&] { return w.answers == 1; }, w.world.now() + 10s));
  EXPECT_EQ(w.outcomes["between"].status, THARSIS_OK);
}

TEST(LinkCodecSim, SettingsThatTheCodecRefusesAreTheLinksReasonAndTheServerIsLeftAlone) {
  codec_world w(4);
  w.codec.refuses = true;
  w.provide(&w.codec.table);
  w.world.run_for(10s);
  EXPECT_NE(w.host.states.back().reason.find("codec 'odd': it has no setting 'x'"), std::string::npos) << w.host.states.back().reason;
  EXPECT_EQ(w.server.connections, 0);
}

TEST(LinkCodecSim, AUserNeedsACodecWithHello) {
  codec_world w(5);
  w.codec.carries = ~uint32_t{THARSIS_STN_CARRIES_HELLO};
  w.provide(&w.codec.table);
  w.world.run_for(5s);
  EXPECT_NE(w.host.states.back().reason.find("has no hello"), std::string::npos) << w.host.states.back().reason;
}

TEST(LinkCodecSim, ACodecThatBreaksItsContractEndsTheConnectionAndNothingElse) {
  codec_world w(6);
  w.codec.spoils = true;
  w.provide(&w.codec.table);
  ASSERT_TRUE(w.wait_up()) << w.reason();
  w.submit("spoilt", "", 3'000);
  ASSERT_TRUE(w.world.run_until([&] { return w.answers == 1; }, w.world.now() + 10s));
  EXPECT_EQ(w.outcomes["spoilt"].status, THARSIS_E_NETWORK);
  EXPECT_NE(w.outcomes["spoilt"].reason.find("a defect of the codec"), std::string::npos) << w.outcomes["spoilt"].reason;
  w.codec.spoils = false;
  w.submit("after", "k", 20'000);
  ASSERT_TRUE(w.world.run_until([&] { return w.answers == 2; }, w.world.now() + 30s));
  EXPECT_EQ(w.outcomes["after"].status, THARSIS_OK);
}

TEST(LinkCodecSim, WithoutKeysOnTheWireATaskIsSentOnceAtMost) {
  codec_world w(7);
  w.codec.carries = ~uint32_t{THARSIS_STN_CARRIES_KEYS};
  w.provide(&w.codec.table);
  ASSERT_TRUE(w.wait_up()) << w.reason();
  w.server.how = test::scripted_server::manner::hang_up;
  w.submit("once", "k", 5'000);
  ASSERT_TRUE(w.world.run_until([&] { return w.answers == 1; }, w.world.now() + 10s));
  EXPECT_EQ(w.outcomes["once"].status, THARSIS_E_NETWORK);
  EXPECT_EQ(w.outcomes["once"].sends, 1u);
}

TEST(LinkCodecSim, ProvidersComeAndGoAndEveryTaskHasOneAnswer) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    codec_world w(seed);
    for (int i = 0; i < 20; ++i) {
      w.provide(w.world.random() % 3 == 0 ? nullptr : &w.codec.table);
      w.submit(std::to_string(i), i % 2 == 0 ? "k" + std::to_string(i) : "", 20'000);
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 300));
    }
    w.provide(&w.codec.table);
    ASSERT_TRUE(w.world.run_until([&] { return w.answers == 20; }, w.world.now() + 30s)) << "seed " << seed;
    for (const auto& [body, o] : w.outcomes) EXPECT_EQ(o.answers, 1) << "seed " << seed << " task " << body;
    w.provide(nullptr);
    EXPECT_EQ(w.codec.open_now, 0) << "seed " << seed;
  }
}

TEST(LinkCodecSim, ACodecThatCannotKeepTheRadioAwakeIsNamedOnce) {
  codec_world w(20, {stn::signalling_settings::way::link, 5s, 20s});
  w.codec.carries = ~uint32_t{THARSIS_STN_CARRIES_KEEP};
  w.provide(&w.codec.table);
  ASSERT_TRUE(w.wait_up()) << w.reason();
  for (int i = 0; i < 3; ++i) {
    w.client.on_strand([&] { w.dispatcher->links().named("main")->keep_signalling(); });
    w.world.run_for(30s);
  }
  EXPECT_EQ(w.server.kept_awake, 0);
  EXPECT_EQ(w.server.connections, 1) << "the link goes on";
  size_t said = 0;
  for (const std::string& line : w.host.lines) said += line.find("codec 'odd' has nothing to say that keeps a radio awake; use by: udp") != std::string::npos;
  EXPECT_EQ(said, 1u);
}
