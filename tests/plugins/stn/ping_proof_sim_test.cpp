// Goal: a ping proves a server of either codec that stn has inside, and what comes behind its answer is left to who gets
// the stream.
#include "plugins/stn/ping_proof.h"
#include "sdk/async/tcp_stream.h"
#include "tests/plugins/stn/http_world.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

framing frames_of(const char* codec, uint32_t side, const codec_settings& settings) {
  return std::move(*framing::open(*built_in_codec(codec), side, mars::client_version_default, settings));
}

struct ping_world : http_world {
  ping_world(uint64_t seed, const char* c, codec_settings with = {}) : http_world(seed), codec(c), of_codec(std::move(with)), work(*client.place) {}
  ~ping_world() {
    client.on_strand([&] { work.clear(); });
  }
  // `answer`: what the server sends once it has a whole frame.
  void prove_against(std::vector<uint8_t> answer) {
    elsewhere.on_strand([&] {
      servers.listen(ip, 443, {}, [this, answer](http_servers& s, std::unique_ptr<stream> wire) { return serve(this, &s.place, std::move(wire), answer); });
    });
    client.on_strand([&] { work.spawn(prove(this)); });
    EXPECT_TRUE(world.run_until([&] { return proved.has_value(); }, world.now() + 60s));
  }
  static task<void> serve(ping_world* w, strand* place, std::unique_ptr<stream> wire, std::vector<uint8_t> answer) {
    framing frames = frames_of(w->codec, THARSIS_STN_SERVER, w->of_codec);
    for (tharsis_stn_frame f{};;) {
      uint8_t piece[512];
      size_t count = 0;
      const tharsis_status s = wire->read(piece, count);
      if (s < 0 || (s == THARSIS_OK && count == 0)) co_return;
      if (s == THARSIS_PENDING) {
        co_await wire->events().wait();
        continue;
      }
      frames.on_bytes({piece, count});
      if (frames.take(f) != THARSIS_OK) continue;
      w->asked = f.kind;
      wire->write(answer);
      tharsis::signal nothing(*place);
      co_await nothing.wait(later(place->now(), 100s));
    }
  }
  static task<void> prove(ping_world* w) {
    tharsis_address to = *parse_ip(ip);
    to.port = 443;
    const instant deadline = later(w->client.place->now(), 10s);
    auto wire = co_await dial_tcp(*w->client.place, *w->client.home->net, to, deadline);
    if (!wire) co_return;
    framing own = frames_of(w->codec, THARSIS_STN_CLIENT, w->of_codec);
    std::unique_ptr<stream> bytes = std::move(*wire);
    auto proof = co_await stn::prove_by_ping(*w->client.place, std::move(bytes), std::move(own), deadline);
    const instant patience = later(w->client.place->now(), 1s);
    while (proof && w->client.place->now() < patience) {
      uint8_t piece[512];
      size_t count = 0;
      const tharsis_status s = (*proof)->read(piece, count);
      if (s != THARSIS_OK && s != THARSIS_PENDING) break;
      w->rest.insert(w->rest.end(), piece, piece + count);
      co_await (*proof)->events().wait(patience);
    }
    w->proved = proof ? fine() : proof.failure();
  }

  const char* codec;
  const codec_settings of_codec;
  uint32_t asked = 0;
  std::vector<uint8_t> rest;
  std::optional<error> proved;
  task_set work;
};

std::vector<uint8_t> pong_and_push(const char* codec, const codec_settings& settings, size_t& push_size) {
  framing server = frames_of(codec, THARSIS_STN_SERVER, settings);
  std::vector<uint8_t> out;
  error why;
  tharsis_stn_frame pong = frame_of(THARSIS_STN_FRAME_PONG);
  pong.sequence = mars::sequence_noop;
  EXPECT_EQ(server.append(out, pong, why), THARSIS_OK) << why.text;
  const size_t before = out.size();
  tharsis_stn_frame push = frame_of(THARSIS_STN_FRAME_PUSH);
  push.command = 10001;
  push.body = bytes_of(as_bytes("hello"));
  EXPECT_EQ(server.append(out, push, why), THARSIS_OK) << why.text;
  push_size = out.size() - before;
  return out;
}

}  // namespace

TEST(PingProofSim, APongProvesAndNoByteBehindItIsTaken) {
  uint64_t seed = 0;
  for (const auto& [codec, settings] : std::vector<std::pair<const char*, codec_settings>>{
           {"mars", {}}, {"length-prefixed", {}}, {"length-prefixed", {{"prefix", "8"}}}, {"length-prefixed", {{"order", "little"}, {"includes_itself", "true"}}}}) {
    SCOPED_TRACE(codec);
    ping_world w(++seed, codec, settings);
    size_t push_size = 0;
    const auto answer = pong_and_push(codec, settings, push_size);
    w.prove_against(answer);
    EXPECT_EQ(w.proved->status, THARSIS_OK) << w.proved->text;
    EXPECT_EQ(w.asked, uint32_t{THARSIS_STN_FRAME_PING});
    EXPECT_EQ(w.rest.size(), push_size);
  }
}

TEST(PingProofSim, WhatIsNoFrameAndWhoSaysNothingProveNothing) {
  for (const char* codec : {"mars", "length-prefixed"}) {
    SCOPED_TRACE(codec);
    ping_world babbling(10, codec);
    babbling.prove_against(std::vector<uint8_t>(64, 0xff));
    EXPECT_EQ(babbling.proved->status, THARSIS_E_PROTOCOL) << babbling.proved->text;
    ping_world mute(11, codec);
    mute.prove_against({});
    EXPECT_EQ(mute.proved->status, THARSIS_E_TIMEOUT) << mute.proved->text;
    EXPECT_NE(mute.proved->text.find("did not answer a ping in time"), std::string::npos) << mute.proved->text;
  }
}
