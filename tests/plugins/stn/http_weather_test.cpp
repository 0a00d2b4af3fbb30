// tharsis.http/1 in bad networks, from many seeds: every call has one end by its deadline, what is given out as an
// answer is the whole answer to that request, what may not be repeated is carried out once at most, and in the end
// nothing is open.
#include "tests/plugins/stn/http_weather_calls.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/weather.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

constexpr uint32_t within_ms = 9000;

struct carried_out {
  std::map<std::string, int> times;  // By target.
};

std::string digest(std::string_view target, std::string_view body) {
  uint64_t sum = 14695981039346656037u;
  for (const char c : body) sum = (sum ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return std::string(target) + " " + std::to_string(body.size()) + ":" + std::to_string(sum) + std::string(body.size() % 60'000, 'y');
}

task<void> carry_out(carried_out* seen, http1_exchange& x) {
  const std::string target = x.request().target;
  if (target.starts_with("/early")) {
    co_await x.answer(413, "no");
    co_return;
  }
  auto body = co_await x.read_all(4 << 20);
  if (!body) co_return;
  if (target.starts_with("/moved")) {
    http1::response_head moved;
    moved.status = 307;
    moved.fields = {{"Location", "/plain" + target.substr(6)}};
    co_await x.answer(std::move(moved), "over there");
    co_return;
  }
  ++seen->times[target];
  const std::string text = digest(target, *body);
  http1::response_head head;
  if (target.starts_with("/last")) head.fields = {{"Connection", "close"}};
  error e = co_await x.begin(std::move(head));
  for (std::string_view rest = text; !rest.empty() && e.status == THARSIS_OK;) {
    const size_t n = std::min<size_t>(rest.size(), 9000);
    e = co_await x.write(as_bytes(rest.substr(0, n)));
    rest.remove_prefix(n);
  }
  if (e.status == THARSIS_OK && !target.starts_with("/cut")) co_await x.finish();
}

class weather_run {
 public:
  explicit weather_run(uint64_t seed) : d_(seed), weather_(d_, fault::refused), w_(seed) {}

  int go() {
    w_.settings.pool.per_origin = 1 + static_cast<int64_t>(d_.below(3));
    w_.settings.pool.idle = d_.up_to(4s);
    w_.servers.settings.idle_timeout = 100ms + d_.up_to(3s);
    w_.servers.settings.requests = 1 + d_.below(4);
    w_.serve([this](http1_exchange& x) { return carry_out(&seen_, x); });
    w_.start();
    weather_.begin(w_.world, w_.client_machine, w_.server_machine);
    for (size_t i = 1 + d_.below(8); i > 0; --i) {
      ask(i);
      if (d_.chance(0.6)) w_.world.run_for(d_.up_to(3s));
    }
    EXPECT_TRUE(w_.wait(calls_.asked, 60s)) << "a call has no end";
    w_.world.run_for(20s);
    int answered = 0;
    for (size_t i = 0; i < calls_.asked.size(); ++i) answered += judge(w_.of(calls_.asked[i]), calls_.questions[i]);
    for (const auto& [target, times] : seen_.times) EXPECT_LE(times, target.find("once") != std::string::npos ? 1 : 2) << target;
    EXPECT_EQ(w_.open_calls(), 0u);
    EXPECT_LE(w_.service->connections().size(), w_.service->connections().idle());
    return answered;
  }

 private:
  void ask(size_t number) {
    constexpr const char* kinds[] = {"/plain", "/last", "/moved", "/early", "/cut"};
    http_question q;
    const bool once = d_.chance(0.5);
    q.method = once ? "POST" : "PUT";
    q.url = "http://web.test" + std::string(kinds[d_.chance(0.7) ? d_.below(3) : d_.below(5)]) + (once ? "/once/" : "/often/") + std::to_string(number);
    calls_.draw(q);
    calls_.begin(q);
  }

  int judge(const http_ending& e, const http_question& q) {
    calls_.judge_end(e, q);
    if (e.status != THARSIS_OK) return 0;
    const bool moved = q.url.find("/moved") != std::string::npos;
    std::string target = q.url.substr(std::string("http://web.test").size());
    if (e.http_status == 200) {
      if (moved) target.replace(0, 6, "/plain");
      EXPECT_EQ(e.body, digest(target, q.body));
    } else if (e.http_status == 413) {
      EXPECT_EQ(e.body, "no");
    } else {
      EXPECT_TRUE(e.http_status == 408 || (e.http_status == 307 && q.streams_body)) << e.http_status;
    }
    return 1;
  }

  sim::dice d_;
  weather weather_;
  http_world w_;
  carried_out seen_;
  http_weather_calls calls_{d_, w_, within_ms};
};

}  // namespace

TEST(HttpWeather, EveryCallHasOneEnd) {
  int answered = 0;
  for_each_seed(seeds(500), [&](uint64_t seed) { answered += weather_run(seed).go(); });
  if (all_seeds()) {
    EXPECT_GT(answered, 50);
  }
}
