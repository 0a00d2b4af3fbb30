// The calls that the weather tests of HTTP make, over either version: drawn, held, cancelled, and while networks change.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "sdk/sim/dice.h"
#include "tests/plugins/stn/http_world.h"

namespace tharsis::test {

class http_weather_calls {
 public:
  // Both outlive it. `within_ms`: what each call has.
  http_weather_calls(sim::dice& d, http_world& w, uint32_t within_ms) : d_(d), w_(w), within_ms_(within_ms) {}

  // All of it but its method and where it goes.
  void draw(http_question& q) {
    q.body = std::string(d_.chance(0.3) ? 0 : d_.below(d_.chance(0.2) ? 300'000 : 20'000), static_cast<char>('a' + d_.below(26)));
    q.total_ms = within_ms_;
    q.streams_answer = d_.chance(0.5);
    q.streams_body = !q.body.empty() && d_.chance(0.3);
    q.piece = 1 + d_.below(70'000);
    if (d_.chance(0.5)) q.body_size = static_cast<int64_t>(q.body.size());
    if (q.streams_answer && d_.chance(0.3)) q.hold_after = 1;
  }

  void begin(const http_question& q) {
    const size_t i = w_.ask(q);
    EXPECT_EQ(w_.refused, THARSIS_OK) << w_.complaint;
    asked.push_back(i);
    questions.push_back(q);
    if (q.hold_after > 0) {
      w_.world.run_for(d_.up_to(2s));
      w_.resume(i);
    }
    if (d_.chance(0.1)) {
      w_.world.run_for(d_.up_to(1s));
      w_.cancel(i);
    }
    if (d_.chance(0.1)) w_.client.on_strand([&] { w_.host.network.move("sim" + std::to_string(d_.below(3))); });
  }

  // What holds for each end, whatever it is.
  void judge_end(const http_ending& e, const http_question& q) const {
    EXPECT_EQ(e.ends, 1);
    EXPECT_LE(e.at - e.since, std::chrono::milliseconds(within_ms_) + 1ms) << q.url;
    EXPECT_LE(e.times.queued + e.times.connect + e.times.first_byte + e.times.rest, (e.at - e.since).count());
  }

  std::vector<size_t> asked;
  std::vector<http_question> questions;

 private:
  sim::dice& d_;
  http_world& w_;
  const uint32_t within_ms_;
};

}  // namespace tharsis::test
