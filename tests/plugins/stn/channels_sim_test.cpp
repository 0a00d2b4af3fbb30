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
  EXPECT_NE(refused("cgi", 0, "/a", [](tharsis_stn_task& t) { t.order = 1; }).find("order"), std::string::npos) << w.complaint;
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
