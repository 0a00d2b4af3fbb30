// Tasks that go over long links, short links, or whichever is better.
#include "tests/plugins/stn/http_world.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

struct channel_end {
  int ends = 0;
  tharsis_status status = THARSIS_PENDING;
  uint32_t why = 0, http_status = 0;
  std::string body, reason;
};

class channel_world : public link_world {
 public:
  explicit channel_world(uint64_t seed) : link_world(seed), web(*elsewhere.place, *elsewhere.home->net) {
    for (const char* short_name : {"main", "cgi"}) {
      stn::short_link_settings s;
      s.name = short_name;
      s.endpoints = {*parse_url("http://im.tharsis.test/")};
      s.http.plain_allowed = true;
      settings.short_links.push_back(std::move(s));
    }
    elsewhere.on_strand([&] { web.serve("10.0.0.2", 80, [this](http1_exchange& x) { return answer(this, x); }); });
  }
  ~channel_world() {
    elsewhere.on_strand([&] { web.close(); });
  }

  tharsis_status begin(const char* to, uint32_t channels, const char* path, const std::function<void(tharsis_stn_task&)>& more = {}) {
    tharsis_status status = THARSIS_PENDING;
    tharsis_error why = no_error();
    all.emplace_back();
    client.on_strand([&] {
      tharsis_stn_task t{};
      t.size = sizeof t;
      t.command = 3;
      t.link = text_of(to);
      t.channels = channels;
      t.path = text_of(path);
      t.body = bytes_of(as_bytes("hello"));
      t.context = &all.back();
      t.done = on_end;
      if (more) more(t);
      status = dispatcher->submit(t, &last, &why);
    });
    complaint = why.text;
    return status;
  }
  channel_end& over(const char* to, uint32_t channels, const char* path, const std::function<void(tharsis_stn_task&)>& more = {}) {
    EXPECT_EQ(begin(to, channels, path, more), THARSIS_OK) << complaint;
    channel_end& e = all.back();
    EXPECT_TRUE(world.run_until([&] { return e.ends > 0; }, world.now() + 60s));
    return e;
  }

  http_servers web;
  std::map<std::string, int> posts;  // By path.
  std::deque<channel_end> all;
  tharsis_handle last = 0;
  std::string complaint;

 private:
  static task<void> answer(channel_world* self, http1_exchange& x) {
    auto body = co_await x.read_all(1 << 20);
    if (!body) co_return;
    if (x.path() == "/hangs") {
      tharsis::signal nothing(*self->elsewhere.place);
      co_await nothing.wait(never);
    }
    ++self->posts[std::string(x.path())];
    if (x.path() == "/slow") {
      tharsis::signal nothing(*self->elsewhere.place);
      co_await nothing.wait(later(self->elsewhere.place->now(), 1s));
    }
    std::string text = "short " + *body;
    if (const std::string* const key = http1::find(x.request().fields, "X-Own")) text += " " + *key;
    co_await x.answer(x.path() == "/no" ? 403 : 200, text);
  }
  static void on_end(void* context, tharsis_handle, const tharsis_stn_result* r) {
    auto& e = *static_cast<channel_end*>(context);
    ++e.ends;
    e.status = r->status;
    e.why = r->why;
    e.http_status = r->http_status;
    e.body = as_text(view(r->body));
    e.reason = view(r->reason);
  }
};

}  // namespace

TEST(ChannelsSim, ATaskGoesOverTheKindOfLinkThatItNames) {
  channel_world w(1);
  w.start();
  const channel_end& named = w.over("main", THARSIS_STN_SHORT, "/cgi");
  EXPECT_EQ(status_name(named.status), "ok") << named.reason;
  EXPECT_EQ(named.body, "short hello");
  EXPECT_EQ(named.http_status, 200u);
  EXPECT_EQ(w.over("cgi", 0, "/cgi").body, "short hello") << "there is no long link of that name";
  EXPECT_EQ(w.over("main", THARSIS_STN_LONG | THARSIS_STN_SHORT, "/cgi").body, "short hello") << "the long link is not up";
  w.serve();
  ASSERT_TRUE(w.wait_up());
  const channel_end& carried = w.over("main", THARSIS_STN_LONG | THARSIS_STN_SHORT, "/cgi");
  EXPECT_EQ(carried.body, "hello");
  EXPECT_EQ(carried.http_status, 0u);
  EXPECT_EQ(w.over("main", 0, "").body, "hello");
  EXPECT_EQ(w.over("main", THARSIS_STN_SHORT, "/cgi").body, "short hello");
}

TEST(ChannelsSim, HeadersAndStatusComeThrough) {
  channel_world w(2);
  w.start();
  const tharsis_stn_header own{text_of("X-Own"), text_of("1")};
  const channel_end& e = w.over("cgi", THARSIS_STN_SHORT, "/cgi", [&](tharsis_stn_task& t) {
    t.headers = &own;
    t.header_count = 1;
  });
  EXPECT_EQ(e.body, "short hello 1");
  const channel_end& no = w.over("cgi", 0, "/no");
  EXPECT_EQ(no.status, THARSIS_E_DENIED);
  EXPECT_EQ(no.why, static_cast<uint32_t>(THARSIS_STN_HTTP_STATUS));
  EXPECT_EQ(no.http_status, 403u);
  EXPECT_EQ(no.body, "short hello");
  EXPECT_NE(no.reason.find("403"), std::string::npos) << no.reason;
}

TEST(ChannelsSim, WhatCannotGoSoIsRefused) {
  channel_world w(3);
  w.start();
  const auto refused = [&](const char* to, uint32_t channels, const char* path, const std::function<void(tharsis_stn_task&)>& more = {}) {
    EXPECT_NE(w.begin(to, channels, path, more), THARSIS_OK);
    return w.complaint;
  };
  EXPECT_NE(refused("cgi", 0, "").find("needs a path"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("cgi", 0, "/a b").find("target"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("cgi", 8, "/a").find("channels"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("cgi", THARSIS_STN_LONG, "/a").find("no link 'cgi'"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("side", THARSIS_STN_SHORT, "/a").find("no link 'side'"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("cgi", 0, "/a", [](tharsis_stn_task& t) { t.flags = THARSIS_STN_SEND_ONLY; }).find("waiting for it"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("cgi", 0, "/a", [](tharsis_stn_task& t) { t.connection = 1; }).find("no connection"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("main", THARSIS_STN_LONG | THARSIS_STN_SHORT, "/a", [](tharsis_stn_task& t) { t.order = 1; }).find("one kind of link"), std::string::npos) << w.complaint;
  EXPECT_NE(refused("cgi", 0, "/a", [](tharsis_stn_task& t) { t.flags = 1u << 31; }).find("flags"), std::string::npos) << w.complaint;
  const tharsis_stn_header length{text_of("content-length"), text_of("1")};
  EXPECT_NE(refused("cgi", 0, "/a", [&](tharsis_stn_task& t) {
              t.headers = &length;
              t.header_count = 1;
            }).find("leave it out"), std::string::npos) << w.complaint;
}

TEST(ChannelsSim, ShortTasksAreCancelledClearedAndJudgedAsAll) {
  channel_world w(4);
  w.start();
  EXPECT_EQ(w.begin("cgi", 0, "/hangs"), THARSIS_OK);
  channel_end& cancelled = w.all.back();
  w.world.run_for(1s);
  w.client.on_strand([&] { w.dispatcher->cancel(w.last); });
  w.world.run_for(1s);
  EXPECT_EQ(cancelled.ends, 1);
  EXPECT_EQ(cancelled.why, static_cast<uint32_t>(THARSIS_STN_CANCELLED));
  EXPECT_EQ(w.begin("cgi", 0, "/hangs"), THARSIS_OK);
  channel_end& cleared = w.all.back();
  w.world.run_for(1s);
  w.client.on_strand([&] { w.dispatcher->clear(text_of("cgi"), {}); });
  w.world.run_for(1s);
  EXPECT_EQ(cleared.ends, 1);
  EXPECT_EQ(cleared.why, static_cast<uint32_t>(THARSIS_STN_CLEARED));
  static int judged = 0;
  judged = 0;
  const channel_end& twice = w.over("cgi", 0, "/cgi", [](tharsis_stn_task& t) {
    t.decode = [](void*, tharsis_handle, tharsis_bytes, int32_t*) -> uint32_t { return ++judged < 2 ? THARSIS_STN_RETRY : THARSIS_STN_ACCEPT; };
  });
  EXPECT_EQ(judged, 2);
  EXPECT_EQ(twice.status, THARSIS_OK);
  EXPECT_EQ(twice.body, "short hello");
}

namespace {

// Writes "made N", N: how often it was called for this task's context before.
int made = 0;
int64_t make_body(void*, tharsis_handle, const tharsis_stn_turn* turn, uint8_t* into, size_t room) {
  const std::string text = "made " + std::to_string(++made) + " for " + std::string(view(turn->link)) + " after " + std::to_string(turn->sends);
  if (text.size() <= room) std::copy(text.begin(), text.end(), into);
  return static_cast<int64_t>(text.size());
}
int64_t make_same(void*, tharsis_handle, const tharsis_stn_turn*, uint8_t* into, size_t) {
  *into = 's';
  return 1;
}
int64_t make_nothing(void*, tharsis_handle, const tharsis_stn_turn*, uint8_t*, size_t) { return THARSIS_E_DENIED; }

}  // namespace

TEST(ChannelsSim, AShortTasksBodyIsMadeWhenItsTurnComes) {
  channel_world w(10);
  w.start();
  made = 0;
  const auto encoded = [](tharsis_stn_task& t) {
    t.body = {};
    t.encode = make_body;
  };
  EXPECT_EQ(w.over("cgi", 0, "/cgi", encoded).body, "short made 1 for cgi after 0");
  const channel_end& failed = w.over("cgi", 0, "/cgi", [](tharsis_stn_task& t) {
    t.body = {};
    t.encode = make_nothing;
  });
  EXPECT_EQ(failed.status, THARSIS_E_DENIED);
  EXPECT_EQ(failed.why, static_cast<uint32_t>(THARSIS_STN_NOT_ENCODED));
  EXPECT_EQ(w.posts["/cgi"], 1);
}

TEST(ChannelsSim, TheLimitsCountABodyThatIsMadeLikeAnyOther) {
  for (const uint32_t channels : {THARSIS_STN_LONG, THARSIS_STN_SHORT}) {
    channel_world w(11);
    w.settings.tasks.repeats.most = 2;
    w.serve();
    w.start();
    ASSERT_TRUE(w.wait_up());
    const auto same = [](tharsis_stn_task& t) {
      t.body = {};
      t.encode = make_same;
    };
    for (int i = 0; i < 2; ++i) EXPECT_EQ(w.over("main", channels, "/cgi", same).status, THARSIS_OK);
    const channel_end& third = w.over("main", channels, "/cgi", same);
    EXPECT_EQ(third.status, THARSIS_E_BUSY);
    EXPECT_EQ(third.why, static_cast<uint32_t>(THARSIS_STN_REPEATED_TOO_OFTEN));
    made = 0;
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(w.over("main", channels, "/cgi", [](tharsis_stn_task& t) {
                   t.body = {};
                   t.encode = make_body;
                 }).status, THARSIS_OK) << "these differ";
  }
}

TEST(ChannelsSim, ShortTasksOfOneOrderGoOneAfterTheOther) {
  channel_world w(12);
  w.start();
  const auto ordered = [](tharsis_stn_task& t) { t.order = 7; };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(w.begin("cgi", 0, "/slow", ordered), THARSIS_OK);
  EXPECT_EQ(w.begin("cgi", 0, "/cgi"), THARSIS_OK);
  w.world.run_for(900ms);
  EXPECT_EQ(w.posts["/slow"], 1);
  EXPECT_EQ(w.posts["/cgi"], 1) << "who has no order waits for nobody";
  ASSERT_TRUE(w.world.run_until([&] { return w.all[2].ends > 0; }, w.world.now() + 30s));
  EXPECT_EQ(w.all[0].ends + w.all[1].ends + w.all[2].ends, 3);
  EXPECT_EQ(w.posts["/slow"], 3);
  // One that is judged holds the others up until its verdict.
  static int seen = 0;
  seen = 0;
  const auto judged = [](tharsis_stn_task& t) {
    t.order = 7;
    t.decode = [](void*, tharsis_handle, tharsis_bytes, int32_t*) -> uint32_t { return ++seen < 3 ? THARSIS_STN_RETRY : THARSIS_STN_ACCEPT; };
  };
  EXPECT_EQ(w.begin("cgi", 0, "/slow", judged), THARSIS_OK);
  const channel_end& last = w.over("cgi", 0, "/cgi", ordered);
  EXPECT_EQ(last.status, THARSIS_OK) << last.reason;
  EXPECT_EQ(seen, 3) << "it went before the one that was sent again";
}

TEST(ChannelsSim, FastTasksLeaveABusyLongLinkAlone) {
  channel_world w(13);
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  const uint32_t both = THARSIS_STN_LONG | THARSIS_STN_SHORT;
  const auto fast = [](tharsis_stn_task& t) { t.flags = THARSIS_STN_FAST; };
  EXPECT_EQ(w.over("main", both, "/cgi", fast).body, "hello");
  w.world.between(w.client_machine, w.server_machine).delay = 300ms;
  EXPECT_EQ(w.begin("main", THARSIS_STN_LONG, ""), THARSIS_OK);
  EXPECT_EQ(w.begin("main", both, "/cgi", fast), THARSIS_OK);
  EXPECT_EQ(w.begin("main", both, "/cgi"), THARSIS_OK);
  ASSERT_TRUE(w.world.run_until([&] { return w.all[1].ends + w.all[2].ends + w.all[3].ends == 3; }, w.world.now() + 30s));
  EXPECT_EQ(w.all[2].body, "short hello");
  EXPECT_EQ(w.all[3].body, "hello") << "it does not mind to wait";
}

TEST(ChannelsSim, ClearingAShortLinkWithdrawsWhatIsBeingJudgedToo) {
  channel_world w(14);
  w.start();
  static channel_world* here = nullptr;
  here = &w;
  const channel_end& e = w.over("cgi", 0, "/cgi", [](tharsis_stn_task& t) {
    t.decode = [](void*, tharsis_handle, tharsis_bytes, int32_t*) -> uint32_t {
      here->dispatcher->clear(text_of("cgi"), {});
      return THARSIS_STN_RETRY;
    };
  });
  EXPECT_EQ(e.status, THARSIS_E_CANCELLED);
  EXPECT_EQ(w.posts["/cgi"], 1);
}

TEST(ChannelsSim, AParkedShortTaskIsTriedAgainWhenSomethingLooksBetter) {
  channel_world w(15);
  w.start();
  w.world.between(w.client_machine, w.server_machine).black_hole = true;
  const auto parked = [](tharsis_stn_task& t) {
    t.flags = THARSIS_STN_PARK;
    t.key = bytes_of(as_bytes("key"));
    t.timeout_ms = 600'000;
  };
  EXPECT_EQ(w.begin("cgi", 0, "/cgi", parked), THARSIS_OK);
  channel_end& e = w.all.back();
  w.world.run_for(50s);
  EXPECT_EQ(e.ends, 0) << "all its tries have failed, and its time is not over: " << e.reason;
  w.world.between(w.client_machine, w.server_machine).black_hole = false;
  w.client.on_strand([&] { w.dispatcher->touch(text_of("cgi")); });
  w.world.run_for(5s);
  EXPECT_EQ(e.ends, 1);
  EXPECT_EQ(status_name(e.status), "ok") << e.reason;
  EXPECT_EQ(w.posts["/cgi"], 1);
}

// Without long links Mars has parts that nobody made, which its end deletes and touch() calls.
TEST(ChannelsSim, MarsDefect19WithoutALongLinkShortLinksCarryAll) {
  channel_world w(16);
  w.settings.links.clear();
  w.start();
  EXPECT_EQ(w.over("main", 0, "/cgi").body, "short hello") << "the link of this name is a short one";
  EXPECT_EQ(w.over("main", THARSIS_STN_LONG | THARSIS_STN_SHORT, "/cgi").body, "short hello");
  EXPECT_EQ(w.begin("main", THARSIS_STN_LONG, "/cgi"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(w.begin("side", 0, "/cgi"), THARSIS_E_NOT_FOUND);
  static int judged = 0;
  judged = 0;
  const channel_end& again = w.over("cgi", 0, "/cgi", [](tharsis_stn_task& t) {
    t.order = 1;
    t.key = bytes_of(as_bytes("key"));
    t.decode = [](void*, tharsis_handle, tharsis_bytes, int32_t*) -> uint32_t { return ++judged < 2 ? THARSIS_STN_SESSION_OVER : THARSIS_STN_ACCEPT; };
  });
  EXPECT_EQ(status_name(again.status), "ok") << again.reason;
  EXPECT_EQ(judged, 2);
  w.client.on_strand([&] {
    for (const auto say : {&stn::dispatcher::redo, &stn::dispatcher::touch, &stn::dispatcher::reset}) (*w.dispatcher.*say)({});
    w.dispatcher->clear({}, {});
    w.dispatcher->cancel(12345);
    EXPECT_TRUE(w.dispatcher->report().links.empty());
  });
  w.world.run_for(1s);
}

TEST(ChannelsSim, ATaskThatGoesOverTheShortLinkWakesALongOneOnDemand) {
  channel_world w(20);
  w.link().on_demand = true;
  w.link().idle_after = 10s;
  w.serve();
  w.start();
  w.world.run_for(1min);
  EXPECT_EQ(w.over("main", THARSIS_STN_SHORT, "/cgi").body, "short hello");
  w.world.run_for(1s);
  EXPECT_FALSE(w.up()) << "that one could not have gone over it";
  EXPECT_EQ(w.over("main", THARSIS_STN_LONG | THARSIS_STN_SHORT, "/cgi").body, "short hello");
  ASSERT_TRUE(w.wait_up(1s));
  EXPECT_EQ(w.over("main", THARSIS_STN_LONG | THARSIS_STN_SHORT, "/cgi").body, "hello");
  w.world.run_for(11s);
  EXPECT_FALSE(w.up());
}

// Mars' "normal": over a minor link if one is available, else over the short one; and "all".
TEST(ChannelsSim, OverAMinorLinkIfOneIsAvailableElseAsTheTaskAllows) {
  channel_world w(21);
  stn::minor_settings m;
  m.name = m.like = "main";
  m.hosts = {w.name};
  w.settings.minor_links = {m};
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_up());
  EXPECT_EQ(w.over("main", THARSIS_STN_MINOR | THARSIS_STN_SHORT, "/cgi").body, "hello");
  EXPECT_EQ(w.server.connections, 2);
  w.server.unanswered = 1;
  EXPECT_EQ(w.begin("main", THARSIS_STN_MINOR, ""), THARSIS_OK) << w.complaint;
  const tharsis_handle held = w.last;
  w.world.run_for(100ms);
  EXPECT_EQ(w.over("main", THARSIS_STN_MINOR | THARSIS_STN_SHORT, "/cgi").body, "short hello");
  EXPECT_EQ(w.over("main", THARSIS_STN_MINOR | THARSIS_STN_LONG | THARSIS_STN_SHORT, "/cgi").body, "hello") << "the long link is up";
  EXPECT_EQ(w.server.connections, 2);
  w.client.on_strand([&] { w.dispatcher->cancel(held); });
  w.world.run_for(1s);
}
