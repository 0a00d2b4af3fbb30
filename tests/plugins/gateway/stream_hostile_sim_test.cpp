// Goal: whoever brings streams and does not keep to the protocol is answered, or cut off, and costs others nothing; a full disk is
// told. Method: the whole gateway in the simulated world, and peers that say whatever the test likes.
#include <gtest/gtest.h>

#include "plugins/gateway/core/stream_rules.h"
#include "sdk/async/file_reader.h"
#include "sdk/pure/sha256.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/world.h"
#include "tests/plugins/gateway/stage.h"

using namespace tharsis;
using test::peer;
using test::running_gateway;
using streams::message;
using streams::reset_code;

namespace {

class stream_scene {
 public:
  explicit stream_scene(gateway::stream_settings s = {}, bool takes = true) : world(1), server(world.add_machine("server", {"10.0.0.1"})), clients(world.add_machine("clients", {"10.0.0.2"})) {
    gateway::settings g;
    g.listen = "tcp://10.0.0.1:1000";
    g.open = g.plain_allowed = true;
    g.streams = std::move(s);
    if (takes) g.streams.folder = "/files";
    gate.emplace(server.platform(), THARSIS_STRAND_SHARED, "/state/gateway", g);
    EXPECT_TRUE(until([&] { return gate->host.ready; })) << gate->host.failure;
    connect();
  }
  ~stream_scene() {
    client->end();
    gate->stop();
    EXPECT_TRUE(until([&] { return gate->host.stopped; }));
    gate->end();
    EXPECT_TRUE(until([&] { return gate->ended && client->ended; }));
  }
  void connect() {
    tharsis_address to = *parse_ip("10.0.0.1");
    to.port = 1000;
    client.emplace(clients.platform(), THARSIS_STRAND_SHARED, to);
  }
  // On another connection.
  void come_anew() {
    client->end();
    EXPECT_TRUE(until([&] { return client->ended; }));
    world.run_for(200ms);
    connect();
  }
  bool until(const std::function<bool()>& done) { return world.run_until(done, world.now() + 1min); }
  void say(message m) {
    std::vector<uint8_t> body;
    streams::append_message(body, m);
    client->send(mars::frame{streams::stream_command, ++sequence, std::move(body), {}, {}});
  }
  message open_of(uint32_t stream, std::string_view name, uint64_t size = streams::size_unknown) {
    message m;
    m.is = message::kind::open;
    m.stream = stream;
    m.key = as_bytes("key");
    m.name = name;
    m.size = size;
    return m;
  }
  std::optional<message> heard_now(uint32_t stream, std::optional<message::kind> kind) {
    std::optional<message> found;
    for (const mars::frame& f : client->frames) {
      const auto m = f.command == streams::stream_command ? streams::read_message(f.body) : result<message>(error{});
      if (m && m->stream == stream && (!kind || m->is == *kind)) found = *m;
    }
    return found;
  }
  bool heard_any(uint32_t stream) { return heard_now(stream, std::nullopt).has_value(); }
  // The last message of this kind about the stream, once it came.
  std::optional<message> heard(uint32_t stream, message::kind kind) {
    std::optional<message> found;
    until([&] {
      found = heard_now(stream, kind);
      return found.has_value() || client->closed;
    });
    return found;
  }
  void expect_reset(uint32_t stream, reset_code code) {
    const auto m = heard(stream, message::kind::reset);
    ASSERT_TRUE(m) << client->why;
    EXPECT_EQ(m->code, code) << m->text;
    EXPECT_FALSE(m->text.empty());
  }
  // Another stream: of this number, key and content. Whether the server has it then.
  bool bring(uint32_t stream, std::string_view key, std::string_view name, std::string_view all) {
    message m = open_of(stream, name);
    m.key = as_bytes(key);
    say(m);
    const auto opened = heard(stream, message::kind::opened);
    if (!opened) return false;
    if (opened->has < all.size()) say(data(stream, opened->has, all.substr(opened->has)));
    say(end(stream, all));
    return heard(stream, message::kind::done).has_value();
  }
  void leave(uint32_t stream, reset_code code = reset_code::leaves) {
    message m;
    m.is = message::kind::reset;
    m.stream = stream;
    m.code = code;
    say(m);
  }
  std::string file(const std::string& path) {
    const auto bytes = read_beginning(server.platform()->files, path, 1 << 20);
    return bytes ? *bytes : "";
  }
  size_t halves() {
    size_t n = 0;
    const tharsis_files& files = *server.platform()->files;
    files.list(files.self, text_of("/files/.halves"), [](void* c, tharsis_text) { ++*static_cast<size_t*>(c); }, &n, nullptr);
    return n;
  }
  message data(uint32_t stream, uint64_t offset, std::string_view bytes) {
    message m;
    m.is = message::kind::data;
    m.stream = stream;
    m.offset = offset;
    m.bytes = as_bytes(bytes);
    return m;
  }
  message end(uint32_t stream, std::string_view all) {
    message m;
    m.is = message::kind::end;
    m.stream = stream;
    m.size = all.size();
    sha256_sum s;
    s.add(all.data(), all.size());
    m.sum = s.digest();
    return m;
  }

  sim::world world;
  sim::machine& server;
  sim::machine& clients;
  std::optional<running_gateway> gate;
  std::optional<peer> client;
  uint32_t sequence = 0;
};

}  // namespace

TEST(StreamHostile, AnHonestOneIsServed) {
  stream_scene s;
  s.say(s.open_of(1, "a"));
  ASSERT_TRUE(s.heard(1, message::kind::opened));
  s.say(s.data(1, 0, "hello"));
  s.say(s.end(1, "hello"));
  const auto done = s.heard(1, message::kind::done);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->size, 5u);
}

TEST(StreamHostile, WhatDoesNotBelongTogetherBreaksTheStreamOff) {
  stream_scene s;
  uint32_t number = 0;
  const auto open = [&](uint64_t size = streams::size_unknown) {
    ++number;
    message m = s.open_of(number, "file" + std::to_string(number));
    const std::string name = "file" + std::to_string(number);
    m.name = name;
    m.size = size;
    s.say(m);
    EXPECT_TRUE(s.heard(number, message::kind::opened));
  };
  open();
  s.say(s.data(number, 5, "gap"));
  s.expect_reset(number, reset_code::violation);
  open();
  s.say(s.data(number, 0, "hello"));
  s.say(s.data(number, 3, "lo again"));
  s.expect_reset(number, reset_code::violation);
  open(4);
  s.say(s.data(number, 0, "more than it had announced"));
  s.expect_reset(number, reset_code::violation);
  open();
  const std::string large(streams::data_max, 'x');
  s.server.like().blocking_slow = 10s;  // The disk frees nothing meanwhile.
  for (int i = 0; i < 40; ++i) s.say(s.data(number, static_cast<uint64_t>(i) * large.size(), large));  // Without looking at its window.
  s.expect_reset(number, reset_code::violation);
  s.server.like().blocking_slow = {};
  open();
  s.say(s.data(number, 0, "hello"));
  message wrong = s.end(number, "hello");
  wrong.sum[0] ^= 1;
  s.say(wrong);
  s.expect_reset(number, reset_code::mismatch);
  open();
  s.say(s.end(number, "hello"));
  s.expect_reset(number, reset_code::violation);
  open();
  message done;
  done.is = message::kind::done;
  done.stream = number;
  done.size = 0;
  s.say(done);
  s.expect_reset(number, reset_code::violation);
  EXPECT_FALSE(s.client->closed) << "the connection goes on";
}

TEST(StreamHostile, WhoMakesNoSenseIsCutOff) {
  const auto closes = [](const std::function<void(stream_scene&)>& talk) {
    stream_scene s;
    talk(s);
    return s.until([&] { return s.client->closed; });
  };
  EXPECT_TRUE(closes([](auto& s) { s.client->send(mars::frame{streams::stream_command, 1, {1, 2, 3}, {}, {}}); }));
  EXPECT_TRUE(closes([](auto& s) { s.say(s.data(1, 0, "never opened")); }));
  EXPECT_TRUE(closes([](auto& s) { s.say(s.open_of(1, "a")), s.say(s.open_of(1, "b")); }));
}

TEST(StreamHostile, AGatewayWithoutAFolderSaysThatItTakesNone) {
  stream_scene s({}, false);
  s.say(s.open_of(1, "a"));
  s.expect_reset(1, reset_code::denied);
}

// The connection goes while the disk writes, and the stream comes again on another one.
TEST(StreamHostile, WhoComesBackWhileTheDiskWritesIsPutOffAndThenServed) {
  stream_scene s;
  s.say(s.open_of(1, "a"));
  ASSERT_TRUE(s.heard(1, message::kind::opened));
  s.server.like().blocking_slow = 2s;
  s.say(s.data(1, 0, "hello"));
  s.world.run_for(200ms);
  s.come_anew();
  s.say(s.open_of(1, "a"));
  s.expect_reset(1, reset_code::later);
  s.server.like().blocking_slow = {};
  s.world.run_for(3s);
  s.say(s.open_of(2, "a"));
  const auto again = s.heard(2, message::kind::opened);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->has, 5u);
}

TEST(StreamHostile, TooManyStreamsArePutOff) {
  gateway::stream_settings few;
  few.streams = 3;
  stream_scene s(few);
  for (uint32_t n = 1; n <= 5; ++n) {
    const std::string name = "f" + std::to_string(n);
    s.say(s.open_of(n, name));
  }
  s.expect_reset(4, reset_code::later);
  s.expect_reset(5, reset_code::later);
  EXPECT_TRUE(s.heard(3, message::kind::opened));
}

TEST(StreamHostile, AKeyOfAnotherSizeIsAConflict) {
  stream_scene s;
  s.say(s.open_of(1, "a", 100));
  ASSERT_TRUE(s.heard(1, message::kind::opened));
  s.say(s.open_of(2, "a", 200));
  s.expect_reset(1, reset_code::taken);
  s.expect_reset(2, reset_code::conflict);
}

TEST(StreamHostile, AFullDiskIsToldAndWhatCameStays) {
  stream_scene s;
  const std::string large(streams::data_max, 'x');
  s.say(s.open_of(1, "a"));
  ASSERT_TRUE(s.heard(1, message::kind::opened));
  s.say(s.data(1, 0, large));
  const auto came = [&] {
    const auto credit = s.heard(1, message::kind::credit);
    return credit && credit->confirmed == large.size();
  };
  ASSERT_TRUE(s.until(came));
  s.server.storage()->capacity = 0;
  s.say(s.data(1, large.size(), "one more"));
  s.expect_reset(1, reset_code::full);
  s.server.storage()->capacity.reset();
  s.say(s.open_of(2, "a"));
  const auto again = s.heard(2, message::kind::opened);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->has, large.size());
}

TEST(StreamHostile, AHalfForWhichNobodyCameBackGoes) {
  gateway::stream_settings st;
  st.keep_half = 2h;
  stream_scene s(st);
  s.say(s.open_of(1, "a"));
  ASSERT_TRUE(s.heard(1, message::kind::opened));
  s.say(s.data(1, 0, "hello"));
  s.leave(1);
  s.world.run_for(90min);
  EXPECT_EQ(s.halves(), 2u);
  s.world.run_for(3h);
  EXPECT_EQ(s.halves(), 0u);
}

// Each stream that was whole leaves a note for a week, also where all of them bring the same file.
TEST(StreamHostile, WhoBringsOneFileUnderManyKeysFindsAnEnd) {
  gateway::stream_settings st;
  st.files = 5;
  stream_scene s(st);
  uint32_t number = 0;
  const auto bring = [&] {
    const std::string key = "key " + std::to_string(++number);
    message m = s.open_of(number, "a");
    m.key = as_bytes(key);
    s.say(m);
    if (!s.until([&] { return s.heard_any(number); }) || !s.heard_now(number, message::kind::opened)) return false;
    s.say(s.data(number, 0, "hello"));
    s.say(s.end(number, "hello"));
    return s.heard(number, message::kind::done).has_value();
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bring()) << i;
  s.world.run_for(2h);
  s.come_anew();
  EXPECT_FALSE(bring()) << "an hour's sweep does not forget them";
  s.expect_reset(number, reset_code::full);
}

// What is opened and withdrawn again leaves nothing, and takes no place.
TEST(StreamHostile, WhatWasWithdrawnTakesNoPlace) {
  gateway::stream_settings st;
  st.files = 3;
  stream_scene s(st);
  for (uint32_t n = 1; n <= 8; ++n) {
    s.say(s.open_of(n, "a"));
    ASSERT_TRUE(s.heard(n, message::kind::opened)) << n;
    s.leave(n, n % 2 == 0 ? reset_code::cancelled : reset_code::leaves);
    s.world.run_for(2s);
  }
}

// A note of what came whole speaks of that file: who comes again is not told "whole" of one that is gone, or is another.
TEST(StreamHostile, WhatCameWholeAndIsNotThereIsBroughtAnew) {
  gateway::stream_settings st;
  st.keep = 24h;
  stream_scene s(st);
  ASSERT_TRUE(s.bring(1, "key", "a", "hello"));
  ASSERT_TRUE(s.bring(2, "key", "a", "hello"));
  EXPECT_EQ(s.heard(2, message::kind::opened)->has, 5u) << "it is there";
  const tharsis_files& files = *s.server.platform()->files;
  ASSERT_EQ(files.remove(files.self, text_of("/files/a"), nullptr), THARSIS_OK);
  ASSERT_TRUE(s.bring(3, "key", "a", "hello"));
  EXPECT_EQ(s.heard(3, message::kind::opened)->has, 0u);
  EXPECT_EQ(s.file("/files/a"), "hello");
  s.world.run_for(1s);
  ASSERT_TRUE(s.bring(4, "another key", "a", "HELLO"));
  ASSERT_TRUE(s.bring(5, "key", "a", "hello"));
  EXPECT_EQ(s.heard(5, message::kind::opened)->has, 0u) << "the other one has its name";
  EXPECT_EQ(s.file("/files/a"), "hello");
  s.world.run_for(48h);
  ASSERT_EQ(s.file("/files/a"), "") << "streams.keep is over";
  s.come_anew();
  ASSERT_TRUE(s.bring(6, "key", "a", "hello"));
  EXPECT_EQ(s.heard(6, message::kind::opened)->has, 0u);
  EXPECT_EQ(s.file("/files/a"), "hello");
}

TEST(StreamHostile, WhereEveryPlaceIsTakenAHalfStillGoesOn) {
  gateway::stream_settings st;
  st.files = 1;
  stream_scene s(st);
  s.say(s.open_of(1, "a"));
  ASSERT_TRUE(s.heard(1, message::kind::opened));
  s.say(s.data(1, 0, "hel"));
  s.world.run_for(1s);
  s.come_anew();
  s.say(s.open_of(1, "b"));
  s.expect_reset(1, reset_code::full);
  ASSERT_TRUE(s.bring(2, "key", "a", "hello"));
  EXPECT_EQ(s.heard(2, message::kind::opened)->has, 3u);
  s.world.run_for(1s);
  EXPECT_EQ(s.halves(), 1u) << "its note; of what had no place nothing stays";
}

TEST(StreamHostile, WhatHasNoRoomTakesNoPlace) {
  gateway::stream_settings st;
  st.bytes = 1000;
  st.files = 2;
  stream_scene s(st);
  const std::string large(1001, 'x');
  for (uint32_t n = 1; n <= 8; ++n) {
    const std::string name = "f" + std::to_string(n);
    const bool announced = n % 2 == 0;
    s.say(s.open_of(n, name, announced ? large.size() : streams::size_unknown));
    if (!announced) {
      ASSERT_TRUE(s.heard(n, message::kind::opened)) << n;
      s.say(s.data(n, 0, large));
    }
    s.expect_reset(n, reset_code::full);
  }
  s.world.run_for(1s);
  EXPECT_EQ(s.halves(), 0u);
  EXPECT_TRUE(s.bring(9, "key", "small", "hello"));
}

// A client that was cut off says so when it comes again: OPEN, and in the same breath that it is withdrawn.
TEST(StreamHostile, WhatIsWithdrawnBeforeItIsOpenedIsForgotten) {
  for (const bool at_once : {true, false}) {
    stream_scene s;
    s.say(s.open_of(1, "a"));
    ASSERT_TRUE(s.heard(1, message::kind::opened));
    s.say(s.data(1, 0, "hello"));
    s.world.run_for(1s);
    s.come_anew();
    s.server.like().blocking_slow = at_once ? duration::zero() : 200ms;
    s.say(s.open_of(1, "a"));
    if (!at_once) s.world.run_for(100ms);  // What is here is being looked for, and another thread would be quicker.
    s.server.like().blocking_slow = {};
    s.leave(1, reset_code::cancelled);
    s.world.run_for(2s);
    EXPECT_EQ(s.halves(), 0u);
    s.say(s.open_of(2, "a"));
    const auto again = s.heard(2, message::kind::opened);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->has, 0u);
  }
}

TEST(StreamRules, ARecordIsWhatItWas) {
  gateway::half_record r{"a.bin", 12345, {}};
  auto again = gateway::parse_half_record(record_text(r));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, r);
  r.whole.emplace();
  r.whole->fill(0xa5);
  r.written = 1'700'000'000'000'000'000;
  again = gateway::parse_half_record(record_text(r));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, r);
  const std::string text = record_text(r);
  for (size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(gateway::parse_half_record(text.substr(0, n))) << n;
  for (const char* bad : {"tharsis-stream 1\nname ../x\nsize 1\nwhole -\n", "tharsis-stream 1\nname a\nsize 01\nwhole -\n", "tharsis-stream 1\nname a\nsize -1\nwhole -\n", "tharsis-stream 2\nname a\nsize 1\nwhole -\n",
                          "tharsis-stream 1\nname a\nsize 1\nwhole a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\n"})
    EXPECT_FALSE(gateway::parse_half_record(bad)) << bad;
}

TEST(StreamRules, HalvesOfAnotherNameOrKeyAreOthers) {
  const std::string a = gateway::half_id("a", as_bytes("k"));
  EXPECT_TRUE(gateway::is_half_id(a));
  EXPECT_NE(a, gateway::half_id("b", as_bytes("k")));
  EXPECT_NE(a, gateway::half_id("a", as_bytes("l")));
  EXPECT_FALSE(gateway::is_half_id(a + "x"));
  EXPECT_FALSE(gateway::is_half_id("../../etc/passwd"));
}

// Goal: what is withdrawn while the disk takes it, or while it is being forgotten, takes no room and gives back no more than it took.
TEST(StreamHostile, WhatIsWithdrawnWhileTheDiskIsBusyCountsOnce) {
  gateway::stream_settings st;
  st.bytes = 4 * static_cast<int64_t>(streams::data_max);
  st.files = 2;
  stream_scene s(st);
  const std::string large(streams::data_max, 'x');
  uint32_t n = 0;
  const auto open = [&](const char* name) {
    s.say(s.open_of(++n, name));
    return s.heard(n, message::kind::opened).has_value();
  };
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(open("a")) << n;
    s.server.like().blocking_slow = 200ms;
    s.say(s.data(n, 0, large));
    s.world.run_for(100ms);
    s.leave(n, reset_code::cancelled);
    s.world.run_for(2s);
    s.server.like().blocking_slow = {};
  }
  ASSERT_TRUE(s.bring(++n, "key", "kept", "hello")) << "there is room";
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(open("b")) << n;
    s.say(s.data(n, 0, "hello"));
    s.world.run_for(1s);
    s.server.like().blocking_slow = 200ms;
    s.say(s.end(n, "HELLO"));
    s.world.run_for(100ms);  // It is being forgotten, since it is not what was sent.
    s.leave(n, reset_code::cancelled);
    s.world.run_for(2s);
    s.server.like().blocking_slow = {};
  }
  ASSERT_TRUE(open("c")) << "the second place";
  s.say(s.open_of(++n, "d"));
  s.expect_reset(n, reset_code::full);
}

TEST(StreamHostile, TwoGatewaysDoNotShareAFolder) {
  stream_scene s;
  gateway::settings g;
  g.listen = "tcp://10.0.0.1:1001";
  g.open = g.plain_allowed = true;
  g.streams.folder = "/files";
  running_gateway other(s.server.platform(), THARSIS_STRAND_SHARED, "/state/other", g);
  ASSERT_TRUE(s.until([&] { return other.host.ready || !other.host.failure.empty(); }));
  EXPECT_EQ(other.host.failure, "another gateway takes streams into /files; give each a folder of its own (gateway.streams.folder)");
  other.end();
  EXPECT_TRUE(s.until([&] { return other.ended; }));
}
