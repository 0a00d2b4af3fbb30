#include "plugins/stn/core/session.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>
#include "sdk/pure/mars_messages.h"
#include "sdk/pure/views.h"
#include "tests/plugins/stn/requests.h"

using namespace tharsis;
using stn::session;
using test::make_request;
using test::output_of;
using test::receive;

namespace {

using bytes = std::vector<uint8_t>;

constexpr instant t0 = instant(1h);
constexpr size_t room = 64 * 1024;
const std::string id = "0123456789abcdef0123456789abcdef";

stn::link_settings quick(std::string user = "ann") {
  stn::link_settings s;
  s.name = "main";
  s.user = std::move(user);
  s.answer_timeout = 4s;
  s.heartbeat = {.interval_min = 60s, .interval_max = 60s, .step = 0s, .pong_timeout = 10s, .grow_after = 3};
  return s;
}

// A session, what belongs to its link, and the other end's view of its bytes.
struct bench {
  explicit bench(stn::link_settings s = quick())
      : settings(std::move(s)),
        rhythm(settings.heartbeat),
        tasks("main", phases),
        talk(settings, test::frames_of(settings), id, rhythm, tasks, t0 + 15s) {}

  std::vector<mars::frame> sent(instant now = t0) {
    EXPECT_EQ(server.on_bytes(output_of(talk, room, now)), THARSIS_OK);
    std::vector<mars::frame> all;
    while (auto f = server.take_frame()) all.push_back(std::move(*f));
    return all;
  }
  tharsis_status say(const mars::frame& f, instant now = t0) {
    bytes wire;
    mars::append_frame(wire, f, settings.client_version);
    return receive(talk, wire, now);
  }
  tharsis_status greet(int32_t code = 0, std::string words = {}) {
    return say({mars::command_hello,
                mars::sequence_identify,
                mars::encode(mars::hello_response{code, std::move(words), {}}),
                {},
                {}});
  }
  // Up, with nothing to send any more.
  bench& up() {
    sent();
    EXPECT_EQ(greet(), THARSIS_OK);
    EXPECT_TRUE(talk.up());
    return *this;
  }
  void submit(uint64_t task, size_t size = 1, instant deadline = t0 + 1h) {
    tasks.submit(make_request(task, bytes(size, 'b'), {'k'}, deadline), t0);
  }

  stn::link_settings settings;
  stn::heartbeat rhythm;
  stn::phase_clock phases;
  stn::task_queue tasks;
  session talk;
  mars::frame_reader server;
};

// A lane that wants small frames behind a task.
struct company final : stn::side_way {
  bool take(const stn::request&, instant) override { return false; }
  void on_gone(uint32_t, instant) override {}
  int take_companions() override { return std::exchange(wanted, 0); }
  int wanted = 0;
};

const mars::frame noop{mars::command_noop, mars::sequence_noop, {}, {}, {}};

void expect_failure(const bench& b, tharsis_status status, std::string_view part) {
  EXPECT_EQ(b.talk.failure().status, status);
  EXPECT_NE(b.talk.failure().text.find(part), std::string::npos) << b.talk.failure().text;
}

}  // namespace

TEST(Session, ItSaysHelloWithTheUserAndItsClientIdAndNothingElseBeforeTheAnswer) {
  bench b;
  b.submit(1);
  const auto first = b.sent();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].command, mars::command_hello);
  EXPECT_EQ(first[0].sequence, mars::sequence_identify);
  const auto hello = mars::decode<mars::hello_request>(first[0].body);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->user, "ann");
  EXPECT_EQ(hello->text, id);
  EXPECT_FALSE(b.talk.up());
  EXPECT_EQ(b.greet(), THARSIS_OK);
  EXPECT_TRUE(b.talk.up());
  EXPECT_EQ(b.sent().size(), 1u);
}

// On a slow line a packet is read when its last byte is there.
TEST(Session, TheFirstOfWhatWaitedGoesWithThePingAndTheRestBehindThem) {
  bench b(quick(""));
  for (const uint64_t task : {1u, 2u, 3u}) b.submit(task);
  EXPECT_EQ(b.sent().size(), 2u) << "the ping and the first";
  EXPECT_EQ(b.sent().size(), 2u);
  EXPECT_TRUE(b.sent().empty());
}

// What leaves at once is read, answered and lost as one.
TEST(Session, WhatIsToFollowATaskFollowsItFrameByFrame) {
  bench b;
  company lane;
  b.up().tasks.spread_by(&lane);
  b.submit(1);
  EXPECT_EQ(b.sent().size(), 1u);
  b.talk.on_written(t0);
  EXPECT_GT(b.talk.deadline(), t0 + 1s) << "nobody wants any";
  lane.wanted = 2;
  b.talk.on_written(t0);
  bytes wire;
  EXPECT_FALSE(b.talk.take_companion(wire, t0));
  for (const instant due : {t0 + 5ms, t0 + 10ms}) {
    EXPECT_EQ(b.talk.deadline(), due);
    wire.clear();
    EXPECT_TRUE(b.talk.take_companion(wire, due));
    ASSERT_EQ(b.server.on_bytes(wire), THARSIS_OK);
    EXPECT_EQ(b.server.take_frame()->command, mars::command_noop);
    EXPECT_FALSE(b.talk.take_companion(wire, due));
  }
  EXPECT_FALSE(b.talk.take_companion(wire, t0 + 1s));
  b.tasks.spread_by(nullptr);
}

TEST(Session, TasksWithAKeyLeaveBehindThePingAndNoOthers) {
  bench b(quick(""));
  b.submit(1);
  const auto first = b.sent();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].command, mars::command_noop);
  EXPECT_FALSE(b.talk.up());
  bench hello;
  hello.submit(1);
  EXPECT_EQ(hello.sent().size(), 1u) << "who has to say who he is waits";
}

TEST(Session, WithoutAUserAPongIsTheProof) {
  stn::link_settings patient = quick("");
  patient.eager = false;
  bench b(patient);
  b.submit(1);
  const auto first = b.sent();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].command, mars::command_noop);
  EXPECT_FALSE(b.talk.up());
  EXPECT_EQ(b.say(noop), THARSIS_OK);
  EXPECT_TRUE(b.talk.up());
  EXPECT_EQ(b.sent().size(), 1u);
}

TEST(Session, ARefusedHelloEndsItWithTheServersWords) {
  bench b;
  EXPECT_EQ(b.greet(7, "who are you"), THARSIS_E_DENIED);
  expect_failure(b, THARSIS_E_DENIED, "code 7: who are you");
  bench c;
  EXPECT_EQ(c.say({mars::command_hello, mars::sequence_identify, {}, {}, "go away"}), THARSIS_E_DENIED);
  expect_failure(c, THARSIS_E_DENIED, "go away");
  EXPECT_EQ(c.greet(), THARSIS_E_DENIED) << "it stays ended";
}

TEST(Session, AHelloAnswerThatMeansNothingEndsIt) {
  bench b;
  EXPECT_EQ(b.say({mars::command_hello, mars::sequence_identify, {0xFF}, {}, {}}), THARSIS_E_PROTOCOL);
  expect_failure(b, THARSIS_E_PROTOCOL, "hello");
}

TEST(Session, AServerThatNeverAnswersTheHelloIsGivenUp) {
  bench b;
  b.sent();
  EXPECT_EQ(b.talk.deadline(), t0 + 15s);
  EXPECT_EQ(b.talk.on_deadline(t0 + 14s, 0), THARSIS_OK);
  EXPECT_EQ(b.say(noop, t0 + 14s), THARSIS_OK) << "a pong is no hello";
  EXPECT_EQ(b.talk.on_deadline(t0 + 15s, 0), THARSIS_E_TIMEOUT);
  expect_failure(b, THARSIS_E_TIMEOUT, "hello");
}

TEST(Session, APushIsHandedOverWhole) {
  bench b;
  b.up();
  EXPECT_EQ(b.say({10001, mars::sequence_push, {1, 2, 3}, {}, {}}), THARSIS_OK);
  const auto pushes = b.talk.take_pushes();
  ASSERT_EQ(pushes.size(), 1u);
  EXPECT_EQ(pushes[0].command, 10001u);
  EXPECT_EQ(pushes[0].body, (bytes{1, 2, 3}));
  EXPECT_TRUE(b.talk.take_pushes().empty());
}

TEST(Session, GarbageEndsItAndSaysWhatWasWrong) {
  bench b;
  b.up();
  const bytes garbage(40, 'x');
  EXPECT_EQ(receive(b.talk, garbage, t0), THARSIS_E_PROTOCOL);
  expect_failure(b, THARSIS_E_PROTOCOL, "no frames of codec 'mars'");
}

TEST(Session, WhatCameBeforeTheDamageStillCounts) {
  bench b;
  b.up().submit(1);
  const uint32_t sequence = b.sent()[0].sequence;
  bytes wire;
  mars::append_frame(wire, {3, sequence, {'r'}, {}, {}});
  wire.insert(wire.end(), 40, 'x');
  EXPECT_EQ(receive(b.talk, wire, t0), THARSIS_E_PROTOCOL);
  ASSERT_EQ(b.tasks.take_answers().size(), 1u);
}

TEST(Session, RequestsStayInTheQueueWhileTheWireIsFull) {
  bench b;
  b.up();
  for (uint64_t task = 1; task <= 10; ++task) b.submit(task, 1000);
  (void)output_of(b.talk, 2500, t0);
  EXPECT_EQ(b.tasks.sent(), 3u);
  EXPECT_TRUE(output_of(b.talk, 0, t0).empty());
}

TEST(Session, APingLeavesEvenWhenTheWireIsFull) {
  bench b;
  b.up();
  EXPECT_EQ(b.talk.on_deadline(t0 + 60s, 0), THARSIS_OK);
  EXPECT_EQ(output_of(b.talk, 0, t0 + 60s).size(), mars::head_size);
}

TEST(Session, AnIdleLinkPingsAndIsGivenUpWithoutAPong) {
  bench b;
  b.up();
  EXPECT_EQ(b.talk.deadline(), t0 + 60s);
  EXPECT_EQ(b.talk.on_deadline(t0 + 60s, 0), THARSIS_OK);
  const auto ping = b.sent();
  ASSERT_EQ(ping.size(), 1u);
  EXPECT_EQ(ping[0].command, mars::command_noop);
  EXPECT_EQ(ping[0].sequence, mars::sequence_noop);
  EXPECT_EQ(b.say({10001, mars::sequence_push, {}, {}, {}}, t0 + 65s), THARSIS_OK) << "a push is no pong";
  EXPECT_EQ(b.talk.on_deadline(t0 + 70s, 0), THARSIS_E_TIMEOUT);
  expect_failure(b, THARSIS_E_TIMEOUT, "10000 ms");
}

TEST(Session, AnyNoopIsAPong) {
  bench b;
  b.up();
  EXPECT_EQ(b.talk.on_deadline(t0 + 60s, 0), THARSIS_OK);
  EXPECT_EQ(b.say({mars::command_noop, 0, {}, {}, {}}, t0 + 61s), THARSIS_OK);
  EXPECT_EQ(b.talk.deadline(), t0 + 121s);
  EXPECT_TRUE(b.talk.take_pushes().empty());
}

TEST(Session, APathThatSwallowsRequestsIsProbedAndGivenUp) {
  bench b;
  b.up().submit(1);
  EXPECT_EQ(b.sent().size(), 1u);
  EXPECT_EQ(b.talk.deadline(), t0 + 2s);
  EXPECT_EQ(b.talk.on_deadline(t0 + 2s, 0), THARSIS_OK);
  const auto probe = b.sent(t0 + 2s);
  ASSERT_EQ(probe.size(), 1u);
  EXPECT_EQ(probe[0].command, mars::command_noop);
  EXPECT_EQ(b.talk.on_deadline(t0 + 4s, 0), THARSIS_E_TIMEOUT);
  expect_failure(b, THARSIS_E_TIMEOUT, "nothing came back for 4000 ms");
}

TEST(Session, ASlowServerThatAnswersPingsIsKept) {
  bench b;
  b.up().submit(1);
  b.sent();
  for (instant now = t0; now < t0 + 10min;) {
    now = b.talk.deadline();
    ASSERT_EQ(b.talk.on_deadline(now, 0), THARSIS_OK);
    if (b.sent(now).empty()) continue;
    ASSERT_EQ(b.say(noop, now + 100ms), THARSIS_OK);
  }
}

TEST(Session, ASlowUploadIsKeptAsLongAsItMoves) {
  bench b;
  b.up().submit(1, 500'000);
  size_t left = output_of(b.talk, room, t0).size();
  instant now = t0;
  for (; left > 20'000; left -= 20'000) {
    now = b.talk.deadline();
    ASSERT_EQ(b.talk.on_deadline(now, left), THARSIS_OK) << left;
    left += output_of(b.talk, 0, now).size();
  }
  EXPECT_GT(now, t0 + 30s);
  for (int turns = 0; b.talk.on_deadline(b.talk.deadline(), left) == THARSIS_OK; ++turns) ASSERT_LT(turns, 5);
}

TEST(Session, OnceAllTasksAreAnsweredOrGoneSilenceIsNoMatter) {
  bench b;
  b.up().submit(1);
  b.sent();
  b.tasks.cancel(1, t0);
  EXPECT_EQ(b.talk.on_deadline(t0 + 2s, 0), THARSIS_OK);
  EXPECT_TRUE(b.sent(t0 + 2s).empty());
  EXPECT_EQ(b.talk.deadline(), t0 + 60s);
}

// Goal: an honest server's answers reach exactly their tasks, however the bytes are cut and whatever
// else happens. Method: a server that answers in random order, late, twice or never, over many
// connections; the seed cuts, cancels, drips and loses.
TEST(Session, EveryTaskHasExactlyOneAnswerOverManyConnections) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const stn::link_settings settings = quick(random() % 2 ? "ann" : "");
    stn::heartbeat rhythm(settings.heartbeat);
    const stn::phase_clock phases;
    stn::task_queue tasks("main", phases);
    std::map<uint64_t, int> answers;
    uint64_t last = 0;
    instant now = t0;
    const auto collect = [&] {
      for (const stn::answer& a : tasks.take_answers()) {
        const uint64_t task = a.of->id;
        ASSERT_EQ(++answers[task], 1) << task;
        if (a.status != THARSIS_OK) continue;
        ASSERT_EQ(bytes(a.body.begin(), a.body.end()), bytes(3, static_cast<uint8_t>(task))) << "another task's answer";
      }
    };
    for (int connection = 0; connection < 6; ++connection) {
      session talk(settings, test::frames_of(settings), id, rhythm, tasks, now + 15s);
      mars::frame_reader server;
      std::vector<mars::frame> owed;
      bytes wire;
      for (int step = 0; step < 60; ++step) {
        now += random() % 400 * 1ms;
        if (random() % 3 == 0) {
          answers[++last] = 0;
          tasks.submit(make_request(last, bytes(3, static_cast<uint8_t>(last)), random() % 3 ? bytes{'k'} : bytes{},
                                    now + random() % 20'000 * 1ms),
                       now);
        }
        if (random() % 20 == 0 && last > 0) tasks.cancel(random() % last + 1, now);
        ASSERT_EQ(server.on_bytes(output_of(talk, random() % 300, now)), THARSIS_OK);
        while (auto f = server.take_frame()) owed.push_back(std::move(*f));
        for (uint64_t n = random() % 3; n > 0 && !owed.empty(); --n) {
          const size_t which = random() % owed.size();
          mars::frame f = owed[which];
          f.key.clear();
          if (f.command == mars::command_hello) f.body = mars::encode(mars::hello_response{});
          mars::append_frame(wire, f);
          if (random() % 8) owed.erase(owed.begin() + static_cast<std::ptrdiff_t>(which));
        }
        const size_t piece = std::min<size_t>(wire.size(), random() % 60);
        ASSERT_EQ(receive(talk, std::span(wire).first(piece), now), THARSIS_OK);
        wire.erase(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(piece));
        tasks.on_deadline(now);
        collect();
        if (talk.on_deadline(now, 0) != THARSIS_OK) break;
      }
      tasks.on_loss({THARSIS_E_RESET, "cut"}, now);
      collect();
    }
    tasks.end({THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stop"}, now);
    collect();
    for (const auto& [task, count] : answers) ASSERT_EQ(count, 1) << task;
  }
}

// Mars reads when it last sent a ping before anybody has written it: by chance a fresh connection says nothing of who
// it is, nor asks for a pong, until the first task.
TEST(Session, MarsDefect2AFreshConnectionProvesItselfWithoutATask) {
  for (const char* user : {"ann", ""}) {
    bench b(quick(user));
    const auto first = b.sent();
    ASSERT_EQ(first.size(), 1u) << "user '" << user << "'";
    EXPECT_EQ(first[0].sequence, *user == 0 ? mars::sequence_noop : mars::sequence_identify);
    EXPECT_EQ(b.talk.deadline(), t0 + 15s) << "and the proof has a deadline";
  }
  // Whatever the connections before have left behind.
  bench again;
  again.rhythm.on_connected(0);
  again.rhythm.on_up(t0 - 5s);
  EXPECT_TRUE(again.rhythm.on_doubt(t0 - 1s));
  again.rhythm.on_down();
  EXPECT_EQ(again.rhythm.deadline(), never);
  EXPECT_EQ(again.sent().size(), 1u);
}

// Mars gives every link the global encoder, whatever its own is.
TEST(Session, MarsDefect7EachLinkSpeaksItsOwnCodec) {
  stn::link_settings other = quick("");
  other.codec = "length-prefixed";
  other.codec_settings = {{"prefix", "2"}};
  bench b(other);
  EXPECT_EQ(output_of(b.talk, room, t0), (bytes{0, 9, 5, 0, 0, 0, 0, 0, 0, 0, 0}));
  const bytes pong{0, 9, 6, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(receive(b.talk, pong, t0), THARSIS_OK);
  EXPECT_TRUE(b.talk.up());
  bench mars(quick(""));
  EXPECT_EQ(receive(mars.talk, pong, t0), THARSIS_OK);  // The begin of a head of 9 MiB,
  EXPECT_EQ(receive(mars.talk, pong, t0), THARSIS_E_PROTOCOL);
}

// Mars keeps the body of every noop's answer, and one for each sequence that it does not know.
TEST(Session, MarsDefect8PongsAndStrangersPiecesAreNotKept) {
  stn::link_settings s = quick("");
  s.codec = "length-prefixed";
  bench b(s);
  framing server = std::move(*framing::open(*built_in_codec("length-prefixed"), THARSIS_STN_SERVER, 200, {}));
  const bytes body(1 << 19, 'x');
  for (int i = 0; i < 100; ++i)
    for (const uint32_t kind : {THARSIS_STN_FRAME_PONG, THARSIS_STN_FRAME_PIECE}) {
      tharsis_stn_frame f = frame_of(kind);
      f.sequence = static_cast<uint32_t>(i + 1000);
      f.body = bytes_of(body);
      bytes wire;
      error why;
      ASSERT_EQ(server.append(wire, f, why), THARSIS_OK);
      ASSERT_EQ(receive(b.talk, wire, t0), THARSIS_OK) << "50 MiB were kept: " << b.talk.failure().text;
    }
  EXPECT_TRUE(b.talk.up());
}

TEST(Session, AnAnswerInPiecesIsWholeWithItsLastOne) {
  stn::link_settings s = quick("");
  s.codec = "length-prefixed";
  bench b(s);
  framing server = std::move(*framing::open(*built_in_codec("length-prefixed"), THARSIS_STN_SERVER, 200, {}));
  const auto say = [&](uint32_t kind, uint32_t sequence, std::string_view text) {
    tharsis_stn_frame f = frame_of(kind);
    f.sequence = sequence;
    f.body = bytes_of(as_bytes(text));
    bytes wire;
    error why;
    EXPECT_EQ(server.append(wire, f, why), THARSIS_OK);
    return receive(b.talk, wire, t0);
  };
  EXPECT_EQ(say(THARSIS_STN_FRAME_PONG, 0, ""), THARSIS_OK);
  b.submit(1);
  b.submit(2);
  output_of(b.talk, room, t0);
  EXPECT_EQ(say(THARSIS_STN_FRAME_PIECE, 1, "on"), THARSIS_OK);
  EXPECT_EQ(say(THARSIS_STN_FRAME_PIECE, 2, "tw"), THARSIS_OK);
  EXPECT_EQ(say(THARSIS_STN_FRAME_PIECE, 1, "e and "), THARSIS_OK);
  EXPECT_TRUE(b.tasks.take_answers().empty());
  EXPECT_EQ(say(THARSIS_STN_FRAME_ANSWER, 1, "all"), THARSIS_OK);
  auto first = b.tasks.take_answers();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(as_text(first[0].body), "one and all");
  EXPECT_EQ(say(THARSIS_STN_FRAME_ANSWER, 2, "o"), THARSIS_OK);
  auto second = b.tasks.take_answers();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(as_text(second[0].body), "two");
}

TEST(Session, AnswersInPiecesThatNeverEndAreGivenUpWithTheConnection) {
  stn::link_settings s = quick("");
  s.codec = "length-prefixed";
  bench b(s);
  framing server = std::move(*framing::open(*built_in_codec("length-prefixed"), THARSIS_STN_SERVER, 200, {}));
  const bytes body(1 << 19, 'x');
  const auto say = [&](uint32_t kind) {
    tharsis_stn_frame f = frame_of(kind);
    f.sequence = 1;
    f.body = bytes_of(body);
    bytes wire;
    error why;
    EXPECT_EQ(server.append(wire, f, why), THARSIS_OK);
    return receive(b.talk, wire, t0);
  };
  EXPECT_EQ(say(THARSIS_STN_FRAME_PONG), THARSIS_OK);
  b.submit(1);
  output_of(b.talk, room, t0);
  size_t taken = 0;
  while (taken < 1000 && say(THARSIS_STN_FRAME_PIECE) == THARSIS_OK) ++taken;
  EXPECT_EQ(taken, stn::pieces_max / body.size());
  expect_failure(b, THARSIS_E_PROTOCOL, "none of them ends");
}

TEST(Session, ACodecThatIsTakenBackEndsTheConnectionAtOnce) {
  bench b;
  b.up();
  b.submit(1);
  b.talk.on_codec_gone("it went");
  EXPECT_TRUE(output_of(b.talk, room, t0).empty());
  EXPECT_EQ(b.talk.on_received(0, t0), THARSIS_E_GONE);
  EXPECT_EQ(b.talk.on_deadline(t0 + 1h, 0), THARSIS_E_GONE);
  expect_failure(b, THARSIS_E_GONE, "it went");
}

TEST(Session, ATaskThatTheCodecCannotCarryFailsAloneWithASentence) {
  stn::link_settings s = quick("");
  s.codec = "length-prefixed";
  s.codec_settings = {{"prefix", "1"}};
  bench b(s);
  output_of(b.talk, room, t0);
  const bytes pong{9, 6, 0, 0, 0, 0, 0, 0, 0, 0};
  ASSERT_EQ(receive(b.talk, pong, t0), THARSIS_OK);
  b.submit(1, 1000);
  b.submit(2, 3);
  EXPECT_FALSE(output_of(b.talk, room, t0).empty());
  auto over = b.tasks.take_answers();
  ASSERT_EQ(over.size(), 1u);
  EXPECT_EQ(over[0].of->id, 1u);
  EXPECT_EQ(over[0].status, THARSIS_E_INVALID);
  EXPECT_EQ(over[0].of->sends, 0u);
  EXPECT_NE(over[0].reason.find("codec 'length-prefixed' does not carry this"), std::string::npos) << over[0].reason;
  EXPECT_EQ(b.tasks.sent(), 1u);
}
