// Goal: streams with the real gateway at the other end, over networks that are cut, slow and full: what is written is what is
// there, nothing is lost with a connection or a process, and the link's own tasks do not wait behind it.
#include <gtest/gtest.h>

#include <algorithm>

#include "sdk/pure/mars_messages.h"
#include "tests/plugins/stn/stream_world.h"

using namespace tharsis;
using test::app_stream;
using test::content_of;
using test::link_world;
using test::stream_world;

TEST(StreamSim, AFileGoesUpAndComesDownAgain) {
  stream_world w(1);
  w.start_all();
  app_stream up, down;
  up.up = content_of(3'000'000);
  auto o = w.order(THARSIS_STN_STREAM_UP, "a.bin");
  o.up_size = up.up.size();
  ASSERT_EQ(w.open(up, o), THARSIS_OK) << w.last_error;
  ASSERT_TRUE(w.wait(up));
  EXPECT_EQ(up.status, THARSIS_OK) << up.reason;
  EXPECT_EQ(up.progress.up, up.up.size());
  EXPECT_TRUE(w.file("/files/a.bin") == up.up);
  ASSERT_EQ(w.open(down, w.order(THARSIS_STN_STREAM_DOWN, "a.bin")), THARSIS_OK);
  ASSERT_TRUE(w.wait(down));
  EXPECT_EQ(down.status, THARSIS_OK) << down.reason;
  EXPECT_TRUE(down.down == up.up);
  // The same again: all of it is there.
  app_stream again;
  again.up = up.up;
  ASSERT_EQ(w.open(again, o), THARSIS_OK);
  ASSERT_TRUE(w.wait(again, 10s));
  EXPECT_EQ(again.status, THARSIS_OK) << again.reason;
  EXPECT_EQ(w.gate().count("a.bin is here"), 1u);
}

TEST(StreamSim, BothWaysAtOnce) {
  stream_world w(2);
  w.start_all();
  app_stream a;
  a.up = content_of(2'000'000);
  ASSERT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_BOTH, "both")), THARSIS_OK);
  ASSERT_TRUE(w.wait(a));
  EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
  EXPECT_TRUE(a.down == a.up);
  EXPECT_TRUE(w.file("/files/both") == a.up);
}

// Connections are cut at moments that the seed draws, now and then for a while.
TEST(StreamSim, CutsLoseNothing) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    stream_world w(seed);
    w.path().bytes_per_second = 200'000;
    w.start_all();
    dice chance(seed);
    app_stream up, down, both;
    up.up = content_of(400'000 + chance.below(400'000), seed);
    both.up = content_of(300'000, seed + 7);
    ASSERT_EQ(w.open(up, w.order(THARSIS_STN_STREAM_UP, "up")), THARSIS_OK);
    ASSERT_EQ(w.open(both, w.order(THARSIS_STN_STREAM_BOTH, "both")), THARSIS_OK);
    for (int i = 0; i < 12; ++i) {
      w.world.run_for(std::chrono::milliseconds(50 + chance.below(1500)));
      w.world.reset_connections(w.client_machine, w.server_machine);
      if (chance.below(3) == 0) {
        w.path().black_hole = true;
        w.world.run_for(std::chrono::milliseconds(chance.below(9000)));
        w.path().black_hole = false;
      }
    }
    ASSERT_TRUE(w.wait(up)) << up.trouble;
    ASSERT_TRUE(w.wait(both)) << both.trouble;
    EXPECT_EQ(up.status, THARSIS_OK) << up.reason;
    EXPECT_EQ(both.status, THARSIS_OK) << both.reason;
    EXPECT_TRUE(w.file("/files/up") == up.up);
    EXPECT_TRUE(both.down == both.up);
    ASSERT_EQ(w.open(down, w.order(THARSIS_STN_STREAM_DOWN, "up")), THARSIS_OK);
    ASSERT_TRUE(w.wait(down));
    EXPECT_TRUE(down.down == up.up);
    EXPECT_EQ(up.ends + down.ends + both.ends, 3);
  }
}

TEST(StreamSim, AnotherProcessOnEitherSideGoesOn) {
  stream_world w(3);
  w.path().bytes_per_second = 200'000;
  w.start_all();
  app_stream first, second;
  first.up = second.up = content_of(1'500'000);
  auto o = w.order(THARSIS_STN_STREAM_UP, "big");
  o.up_size = first.up.size();
  ASSERT_EQ(w.open(first, o), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return first.progress.up > 500'000; }, w.world.now() + 1min));
  w.close_gate();
  w.world.run_for(3s);
  EXPECT_EQ(first.ends, 0);
  w.open_gate();
  const uint64_t before = first.progress.up;
  ASSERT_TRUE(w.world.run_until([&] { return first.progress.up > before + 300'000; }, w.world.now() + 5min)) << first.trouble;
  EXPECT_GE(first.progress.opens, 2u);
  w.close_service();
  EXPECT_EQ(first.status, THARSIS_E_CANCELLED);
  w.start_all();
  const instant begin = w.world.now();
  ASSERT_EQ(w.open(second, o), THARSIS_OK);
  ASSERT_TRUE(w.wait(second));
  EXPECT_EQ(second.status, THARSIS_OK) << second.reason;
  EXPECT_LT(w.world.now() - begin, 6s) << "what was there was not sent again";
  EXPECT_TRUE(w.file("/files/big") == second.up);
}

TEST(StreamSim, RefusalsSayWhy) {
  gateway::stream_settings s;
  s.stream_bytes = 500'000;
  s.bytes = 600'000;
  stream_world w(4, s);
  w.start_all();
  const auto ends = [&](tharsis_stn_stream_order o, size_t size) {
    app_stream a;
    a.up = content_of(size);
    EXPECT_EQ(w.open(a, o), THARSIS_OK);
    EXPECT_TRUE(w.wait(a, 1min)) << a.trouble;
    w.last_error = a.reason;
    return a.status;
  };
  EXPECT_EQ(ends(w.order(THARSIS_STN_STREAM_DOWN, "nothing"), 0), THARSIS_E_NOT_FOUND) << w.last_error;
  EXPECT_EQ(ends(w.order(THARSIS_STN_STREAM_UP, "../etc/passwd"), 10), THARSIS_E_DENIED) << w.last_error;
  EXPECT_EQ(ends(w.order(THARSIS_STN_STREAM_UP, ".hidden"), 10), THARSIS_E_DENIED);
  EXPECT_EQ(ends(w.order(THARSIS_STN_STREAM_UP, "too.long"), 500'001), THARSIS_E_DENIED) << w.last_error;
  EXPECT_EQ(ends(w.order(THARSIS_STN_STREAM_UP, "first"), 400'000), THARSIS_OK) << w.last_error;
  auto announced = w.order(THARSIS_STN_STREAM_UP, "second");
  announced.up_size = 300'000;
  EXPECT_EQ(ends(announced, 300'000), THARSIS_E_FULL) << w.last_error;
  EXPECT_NE(w.last_error.find("gateway.streams.bytes"), std::string::npos) << w.last_error;
  auto command = w.order(THARSIS_STN_STREAM_UP, "x");
  command.command = 5;
  EXPECT_EQ(ends(command, 10), THARSIS_E_DENIED);
  app_stream a;
  auto wrong = w.order(7, "x");
  EXPECT_EQ(w.open(a, wrong), THARSIS_E_INVALID);
  wrong = w.order(THARSIS_STN_STREAM_UP, "x");
  wrong.link = text_of("nowhere");
  EXPECT_EQ(w.open(a, wrong), THARSIS_E_NOT_FOUND);
  wrong = w.order(THARSIS_STN_STREAM_UP, "x");
  wrong.on_room = nullptr;
  EXPECT_EQ(w.open(a, wrong), THARSIS_E_INVALID);
  for (const char* no_text : {"a\nb", "a\xff", "\xc3"}) EXPECT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_UP, no_text)), THARSIS_E_INVALID) << no_text;
}

TEST(StreamSim, WithoutAServerItsTimeEndsItAndSaysWhy) {
  stream_world w(5);
  w.close_gate();
  w.start_all();
  app_stream a;
  a.up = "hello";
  auto o = w.order(THARSIS_STN_STREAM_UP, "a");
  o.timeout_ms = 5000;
  ASSERT_EQ(w.open(a, o), THARSIS_OK);
  ASSERT_TRUE(w.wait(a, 1min));
  EXPECT_EQ(a.status, THARSIS_E_TIMEOUT) << a.reason;
  EXPECT_NE(a.reason.find("refused"), std::string::npos) << a.reason;
}

TEST(StreamSim, AServerWhoseMessagesMakeNoSenseIsGivenUpAfterSomeConnections) {
  link_world w(17, "tcp");
  w.server.pushes = {{streams::stream_command, "\xff is no message"}};
  w.serve();
  w.start();
  std::optional<stn::stream_service> service;
  app_stream a;
  a.up = "hello";
  tharsis_stn_stream_order o{};
  o.size = sizeof o;
  o.direction = THARSIS_STN_STREAM_UP;
  o.up_size = a.up.size();
  o.name = text_of("file");
  o.context = &a;
  o.on_room = app_stream::on_room;
  o.on_progress = app_stream::on_progress;
  o.done = app_stream::done;
  w.client.on_strand([&] {
    service.emplace(*w.client.place, w.host.tables(), *w.dispatcher, w.settings.streams);
    a.service = &*service;
    tharsis_error why = no_error();
    EXPECT_EQ(a.table().open(a.table().self, &o, &a.id, &why), THARSIS_OK) << why.text;
  });
  EXPECT_TRUE(w.world.run_until([&] { return a.ends > 0; }, w.world.now() + 10min));
  EXPECT_EQ(a.status, THARSIS_E_PROTOCOL);
  EXPECT_NE(a.reason.find("makes no sense, on 5 connections in a row"), std::string::npos) << a.reason;
  EXPECT_LE(w.server.connections, 6) << "the link's own, and five";
  w.client.on_strand([&] { service->stop(); });
  w.stop();
  w.client.on_strand([&] {
    service.reset();
    w.dispatcher.reset();
  });
}

TEST(StreamSim, WhatTheServerHadAlreadyIsToldBeforeItHasMore) {
  stream_world w(19);
  w.start_all();
  struct first_run : app_stream {
    std::optional<uint64_t> had;
    static void on_first(void* context, tharsis_handle s, const tharsis_stn_stream_progress* p) {
      auto& a = *static_cast<first_run*>(static_cast<app_stream*>(context));
      if (p->state == THARSIS_STN_STREAM_RUNS && !a.had) a.had = p->up;
      on_progress(context, s, p);
    }
  } a;
  a.up = content_of(20'000);
  auto o = w.order(THARSIS_STN_STREAM_UP, "file");
  o.on_progress = first_run::on_first;
  EXPECT_EQ(w.open(a, o), THARSIS_OK);
  ASSERT_TRUE(w.wait(a));
  EXPECT_EQ(a.status, THARSIS_OK) << a.reason;
  EXPECT_EQ(a.had, std::optional<uint64_t>(0)) << "nothing, though all of it was there a moment later";
}

TEST(StreamSim, WhatSomebodyHasToMendIsToldWithItsStatus) {
  stream_world w(18);
  w.authority = *make_authority(*w.client.platform.random, "another authority", w.seconds(), 10);
  w.write_ca();
  w.start_all();
  app_stream a;
  a.up = "hello";
  EXPECT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_UP, "file")), THARSIS_OK);
  w.world.run_for(5s);
  EXPECT_EQ(a.ends, 0) << "it waits";
  EXPECT_EQ(a.progress.trouble, THARSIS_E_UNTRUSTED);
  EXPECT_FALSE(a.trouble.empty());
}

TEST(StreamSim, CancelForgetsAndPauseHolds) {
  stream_world w(6);
  w.path().bytes_per_second = 200'000;
  w.start_all();
  app_stream a, b;
  a.up = b.up = content_of(1'000'000);
  ASSERT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_UP, "a")), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return a.progress.up > 200'000; }, w.world.now() + 1min));
  w.call([&](const tharsis_stn_streams& t) { t.pause(t.self, a.id); });
  w.world.run_for(2s);
  const uint64_t held = a.progress.up;
  EXPECT_EQ(a.progress.state, uint32_t{THARSIS_STN_STREAM_PAUSED});
  w.world.run_for(60s);
  EXPECT_EQ(a.progress.up, held);
  w.call([&](const tharsis_stn_streams& t) { t.resume(t.self, a.id); });
  ASSERT_TRUE(w.world.run_until([&] { return a.progress.up > held + 100'000; }, w.world.now() + 1min)) << a.trouble;
  w.call([&](const tharsis_stn_streams& t) { t.cancel(t.self, a.id); });
  ASSERT_TRUE(w.wait(a, 5s));
  EXPECT_EQ(a.status, THARSIS_E_CANCELLED);
  w.world.run_for(2s);
  size_t left = 0;
  const tharsis_files& files = *w.server_machine.platform()->files;
  files.list(files.self, text_of("/files/.halves"), [](void* n, tharsis_text) { ++*static_cast<size_t*>(n); }, &left, nullptr);
  EXPECT_EQ(left, 0u) << "the server has forgotten it";
}

TEST(StreamSim, WhatIsCancelledWhileThereIsNoConnectionIsForgottenOnTheNext) {
  stream_world w(16);
  w.path().bytes_per_second = 200'000;
  w.start_all();
  app_stream a, b;
  a.up = content_of(1'000'000);
  b.up = content_of(1000, 2);
  ASSERT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_UP, "a")), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return a.progress.up > 200'000; }, w.world.now() + 1min));
  w.close_gate();
  ASSERT_TRUE(w.world.run_until([&] { return a.progress.state == THARSIS_STN_STREAM_WAITS; }, w.world.now() + 1min));
  w.call([&](const tharsis_stn_streams& t) { t.cancel(t.self, a.id); });
  ASSERT_TRUE(w.wait(a, 5s));
  EXPECT_EQ(a.status, THARSIS_E_CANCELLED);
  const auto halves = [&] {
    size_t left = 0;
    const tharsis_files& files = *w.server_machine.platform()->files;
    files.list(files.self, text_of("/files/.halves"), [](void* n, tharsis_text) { ++*static_cast<size_t*>(n); }, &left, nullptr);
    return left;
  };
  EXPECT_EQ(halves(), 2u);
  w.open_gate();
  ASSERT_EQ(w.open(b, w.order(THARSIS_STN_STREAM_UP, "b")), THARSIS_OK);
  ASSERT_TRUE(w.wait(b));
  EXPECT_EQ(b.status, THARSIS_OK) << b.reason;
  w.world.run_for(2s);
  EXPECT_EQ(halves(), 1u) << "of b, which is whole, its note";
}

TEST(StreamSim, AStreamThatIsOpenedAgainElsewhereIsTakenOver) {
  stream_world w(7);
  w.path().bytes_per_second = 200'000;
  w.start_all();
  app_stream a, b;
  a.up = b.up = content_of(1'000'000);
  ASSERT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_UP, "a")), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return a.progress.up > 200'000; }, w.world.now() + 1min));
  ASSERT_EQ(w.open(b, w.order(THARSIS_STN_STREAM_UP, "a")), THARSIS_OK);
  ASSERT_TRUE(w.wait(b));
  EXPECT_EQ(a.status, THARSIS_E_IN_USE) << a.reason;
  EXPECT_EQ(b.status, THARSIS_OK) << b.reason;
  EXPECT_TRUE(w.file("/files/a") == b.up);
}

TEST(StreamSim, WhenNoStreamWantsItTheConnectionIsClosed) {
  stream_world w(8);
  w.start_all();
  app_stream a;
  a.up = "small";
  ASSERT_EQ(w.open(a, w.order(THARSIS_STN_STREAM_UP, "a")), THARSIS_OK);
  ASSERT_TRUE(w.wait(a));
  EXPECT_EQ(w.gate().count(" begins"), 2u) << "the link's, and that of its streams";
  EXPECT_EQ(w.gate().count(" ends after"), 0u);
  w.world.run_for(w.settings.streams.idle_after + 1s);
  EXPECT_EQ(w.gate().count(" ends after"), 1u);
  EXPECT_TRUE(w.up()) << "the link stays";
}

// A request each 300 ms, beside a stream that would fill the line for minutes; as streams are, and as if nothing watched.
TEST(StreamSim, TasksDoNotWaitBehindAStream) {
  const auto tasks_beside = [](bool polite, uint32_t direction) {
    stream_world w(9);
    w.path().delay = 50ms;
    w.path().bytes_per_second = 64'000;
    if (!polite) w.settings.streams.pace.flight_first = w.settings.streams.pace.flight_min = 1 << 20;
    if (direction == THARSIS_STN_STREAM_DOWN) w.put("/files/a", content_of(4'000'000));
    w.start_all();
    EXPECT_TRUE(w.wait_up());
    app_stream a;
    a.up = content_of(4'000'000);
    EXPECT_EQ(w.open(a, w.order(direction, "a")), THARSIS_OK);
    std::vector<duration> took;
    w.world.run_for(8s);
    const auto moved = [&] { return a.progress.up + a.progress.down; };
    const uint64_t begun_at = moved();
    for (int i = 0; i < 60; ++i) {
      const std::string title = "task " + std::to_string(i);
      const auto body = mars::encode(mars::send_message_request{"", "ann", "all", title, "0"});
      tharsis_stn_task t{};
      t.body = bytes_of(body);
      t.timeout_ms = 60'000;
      EXPECT_EQ(w.start_task(title, t), THARSIS_OK);
      w.world.run_for(300ms);
    }
    EXPECT_TRUE(w.wait_answers(60));
    const double rate = static_cast<double>(moved() - begun_at) / 18;
    for (int i = 0; i < 60; ++i) {
      const auto& t = w.outcomes["task " + std::to_string(i)].times;
      took.emplace_back(t.queued + t.first_byte + t.rest + t.lost);
    }
    std::sort(took.begin(), took.end());
    return std::pair(took[30], rate);
  };
  for (const uint32_t direction : {THARSIS_STN_STREAM_UP, THARSIS_STN_STREAM_DOWN}) {
    const auto [polite, rate] = tasks_beside(true, direction);
    const auto [rude, rude_rate] = tasks_beside(false, direction);
    std::printf("[ measured ] direction %u: a task takes %d ms beside a stream of %d bytes/s; %d ms beside one of %d that does not care\n", direction,
                static_cast<int>(milliseconds(polite)), static_cast<int>(rate), static_cast<int>(milliseconds(rude)), static_cast<int>(rude_rate));
    EXPECT_LT(polite, 350ms) << "100 ms of way, 60 ms of queue, and what lies before it in pieces";
    EXPECT_GT(rude, 2 * polite);
    EXPECT_GT(rate, 40'000) << "and it has most of the line";
  }
}
