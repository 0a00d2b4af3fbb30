// tharsis.http/1 over HTTP/2 in bad networks and with servers that go away, from many seeds: every call has one end by
// its deadline, what is given out as an answer is the whole answer to that request, what may not be repeated is carried
// out once at most, and in the end nothing is open.
#include "tests/plugins/stn/http2_world.h"
#include "tests/plugins/stn/http_weather_calls.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/weather.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

constexpr uint32_t time_for_each_ms = 9000;

std::string answer_to(std::string_view path, std::string_view body) {
  return std::string(path) + " " + std::to_string(std::hash<std::string_view>()(body)) + std::string(body.size() % 90'000, 'y');
}

class http2_weather_run {
 public:
  explicit http2_weather_run(uint64_t seed) : d_(seed), weather_(d_, fault::refused), w_(seed) {}

  int go() {
    w_.settings.versions = {false, true};
    w_.settings.pool.idle = d_.up_to(4s);
    w_.site.how.exchanges_max = 1 + static_cast<uint32_t>(d_.below(20));
    w_.site.how.window = 1 + static_cast<uint32_t>(d_.below(100'000));
    w_.site.on_request = [this](http2_site::connection& c, int32_t id) { serve(c, id); };
    w_.serve_http2(80, false);
    w_.start();
    weather_.begin(w_.world, w_.client_machine, w_.server_machine);
    for (size_t i = 1 + d_.below(12); i > 0; --i) {
      ask(i);
      if (d_.chance(0.5)) w_.world.run_for(d_.up_to(2s));
    }
    EXPECT_TRUE(w_.wait(calls_.asked, 60s)) << "a call has no end";
    w_.world.run_for(20s);
    int answered = 0;
    for (size_t i = 0; i < calls_.asked.size(); ++i) answered += judge(w_.of(calls_.asked[i]), calls_.questions[i]);
    for (const auto& [path, times] : carried_out_) EXPECT_LE(times, path.find("once") != std::string::npos ? 1 : 2) << path;
    EXPECT_EQ(w_.open_calls(), 0u);
    EXPECT_LE(w_.service->connections().size(), w_.service->connections().idle());
    return answered;
  }

 private:
  void serve(http2_site::connection& c, int32_t id) {
    const double what = static_cast<double>(d_.below(1000)) / 1000;
    int32_t& highest = c.highest;  // That was carried out.
    if (id > c.last) return;       // It was told that this is not looked at.
    if (what < 0.04 && id > highest) return c.peer.go_away(c.last = highest);
    if (what < 0.08) return c.peer.reset(id, NGHTTP2_REFUSED_STREAM);
    const auto& r = c.peer.requests[id];
    const std::string path(r.field(":path"));
    ++carried_out_[path];
    highest = std::max(highest, id);
    if (what < 0.12) return c.peer.reset(id, NGHTTP2_INTERNAL_ERROR);
    if (what < 0.16) c.peer.go_away(c.last = highest);
    if (what < 0.2) return c.wire->end();
    if (what < 0.22) return;  // Never answered.
    c.peer.answer(id, {{":status", "200"}}, answer_to(path, r.body));
  }

  void ask(size_t number) {
    http_question q;
    const bool once = d_.chance(0.5);
    q.method = once ? "POST" : "PUT";
    q.url = std::string("http://web.test/") + (once ? "once/" : "often/") + std::to_string(number);
    calls_.draw(q);
    calls_.begin(q);
  }

  int judge(const http_ending& e, const http_question& q) {
    calls_.judge_end(e, q);
    if (e.status != THARSIS_OK) return 0;
    EXPECT_EQ(e.http_status, 200u);
    EXPECT_TRUE(e.body == answer_to(q.url.substr(std::string("http://web.test").size()), q.body)) << q.url;
    return 1;
  }

  sim::dice d_;
  weather weather_;
  http2_world w_;
  std::map<std::string, int> carried_out_;  // By path.
  http_weather_calls calls_{d_, w_, time_for_each_ms};
};

}  // namespace

TEST(Http2Weather, EveryCallHasOneEnd) {
  int answered = 0;
  for_each_seed(seeds(500), [&](uint64_t seed) { answered += http2_weather_run(seed).go(); });
  if (all_seeds()) {
    EXPECT_GT(answered, 50);
  }
}
