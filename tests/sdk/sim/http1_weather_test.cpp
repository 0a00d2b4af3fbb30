// HTTP/1.1 in thousands of bad networks. Each exchange has one outcome by its deadline; what is given out as an
// answer is the whole answer to that request; what may not be repeated is carried out once at most; and in the
// end neither side has anything open.
#include <gtest/gtest.h>

#include <map>

#include "sdk/pure/views.h"
#include "sdk/sim/dice.h"
#include "tests/sdk/sim/http1_stage.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/weather.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

constexpr duration within = 8s;

struct question {
  http1_request request;
  std::string expected;  // Where the answer is 200.
  instant deadline{};
  http_outcome outcome;
  instant told{};
};

struct counts {
  std::map<std::string, int> carried_out;  // By target.
};

// What a body became on its way: its size and a sum, so that the answer proves that all of it came.
std::string digest_of(std::string_view body) {
  uint64_t sum = 14695981039346656037u;
  for (const char c : body) sum = (sum ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return std::to_string(body.size()) + ":" + std::to_string(sum) + ";" + std::string(body.size() % 70'000, 'y');
}

task<void> carry_out(counts* seen, http1_exchange& x) {
  const std::string_view path = x.path();
  if (path.starts_with("/early")) {
    co_await x.answer(413, "no");
    co_return;
  }
  if (path.starts_with("/gives_up")) {
    http1::response_head head;
    co_await x.begin(std::move(head));
    const std::vector<uint8_t> some(1000, 'z');
    co_await x.write(some);
    co_return;
  }
  auto body = co_await x.read_all(1 << 20);
  if (!body) co_return;
  ++seen->carried_out[std::string(path)];
  const std::string digest = digest_of(*body);
  if (path.starts_with("/whole")) {
    co_await x.answer(200, digest);
    co_return;
  }
  http1::response_head head;
  if (path.starts_with("/last")) head.fields = {{"Connection", "close"}};
  error e = co_await x.begin(std::move(head));
  for (std::string_view rest = digest; !rest.empty() && e.status == THARSIS_OK;) {
    const size_t n = std::min<size_t>(rest.size(), 7000);
    e = co_await x.write(as_bytes(rest.substr(0, n)));
    rest.remove_prefix(n);
  }
  if (e.status == THARSIS_OK) co_await x.finish();
}

class run {
 public:
  explicit run(uint64_t seed) : d_(seed), weather_(d_), w_(seed) { weather_.begin(w_, near_, far_); }

  struct tally {
    int answered = 0, failed = 0, repeated = 0;
  };

  tally go() {
    http1_server_settings how;
    how.head_timeout = 5s;
    how.idle_timeout = 3s;
    how.body.quiet = how.answer.quiet = 6s;
    how.requests = 3;
    stage_.on(there_, [&] { service_.emplace(there_, [this](http1_exchange& x) { return carry_out(&seen_, x); }, how); });
    stage_.on(here_, [&] { user_.emplace(here_, "http://10.0.0.2"); });
    std::vector<std::unique_ptr<question>> all;
    const size_t many = 1 + d_.below(6);
    for (size_t i = 0; i < many; ++i) all.push_back(make(i));
    stage_.on(here_, [&] {
      if (d_.chance(0.3)) {
        for (auto& q : all) user_->work.spawn(ask(this, q.get()));
      } else {
        user_->work.spawn(ask_one_by_one(this, &all));
      }
    });
    EXPECT_TRUE(w_.run_until([&] { return user_->work.empty(); }, w_.now() + 2min)) << "somebody waits for ever";
    tally t;
    for (const auto& q : all) judge(*q, t);
    for (const auto& [path, times] : seen_.carried_out) {
      t.repeated += times - 1;
      EXPECT_LE(times, path.find("once") != std::string::npos ? 1 : 2) << path;
    }
    nothing_is_open();
    return t;
  }

 private:
  std::unique_ptr<question> make(size_t i) {
    constexpr const char* kinds[] = {"/whole", "/pieces", "/last", "/early", "/gives_up"};
    const std::string kind = kinds[d_.chance(0.8) ? d_.below(3) : d_.below(5)];
    const bool once = d_.chance(0.5);
    auto q = std::make_unique<question>();
    std::string body(d_.chance(0.3) ? 0 : d_.below(d_.chance(0.2) ? 400'000 : 20'000), '\0');
    for (char& c : body) c = static_cast<char>(d_.next());
    q->expected = digest_of(body);
    q->request = request_of(once ? "POST" : "PUT", kind + (once ? "/once/" : "/often/") + std::to_string(i), std::move(body));
    q->request.expect_continue = d_.chance(0.2);
    return q;
  }

  static task<void> ask(run* self, question* q) {
    strand& place = self->user_->place;
    q->deadline = later(place.now(), within);
    q->outcome = co_await self->user_->endpoint.exchange(std::move(q->request), 1 << 20, q->deadline);
    q->told = place.now();
  }
  static task<void> ask_one_by_one(run* self, std::vector<std::unique_ptr<question>>* all) {
    for (auto& q : *all) co_await ask(self, q.get());
  }

  void judge(const question& q, tally& t) {
    if (!q.outcome) {
      ADD_FAILURE() << "an exchange has no outcome";
      return;
    }
    EXPECT_LE(q.told, q.deadline + 1ms);
    if (!*q.outcome) {
      ++t.failed;
      EXPECT_NE(q.outcome->failure().text.find("10.0.0.2:80"), std::string::npos) << q.outcome->failure().text;
      return;
    }
    ++t.answered;
    const http1_answer& a = **q.outcome;
    if (a.head.status == 200) {
      EXPECT_TRUE(a.body == q.expected) << a.body.size() << " of " << q.expected.size();
    } else if (a.head.status != 408) {  // The server lost patience with the network.
      EXPECT_EQ(a.head.status, 413);
      EXPECT_EQ(a.body, "no");
    }
  }

  void nothing_is_open() {
    stage_.on(here_, [this] { user_.reset(); });
    tharsis_strand_audit audit{};
    audit.size = sizeof audit;
    stage_.on(here_, [&] { here_.audit(here_.self, &audit); });
    EXPECT_EQ(audit.sockets, 0u);
    EXPECT_EQ(audit.timers, 0u);
    if (weather_.happens == fault::power_loss) {
      service_.reset();
      return;
    }
    EXPECT_TRUE(w_.run_until([this] { return service_->connections() == 0; }, w_.now() + 2min)) << "a connection is kept for ever";
    stage_.on(there_, [this] { service_.reset(); });
    stage_.on(there_, [&] { there_.audit(there_.self, &audit); });
    EXPECT_EQ(audit.sockets, 0u);
    EXPECT_EQ(audit.timers, 0u);
  }

  struct world_stage : stage {
    explicit world_stage(sim::world& world) : w(world) {}
    const tharsis_platform* platform() const override { return nullptr; }
    bool run_until(const std::function<bool()>& done, duration d) override { return w.run_until(done, w.now() + d); }
    sim::world& w;
  };

  sim::dice d_;
  weather weather_;
  sim::world w_;
  sim::machine& near_ = w_.add_machine("near", {"10.0.0.1"});
  sim::machine& far_ = w_.add_machine("far", {"10.0.0.2"});
  world_stage stage_{w_};
  const tharsis_strand& here_ = stage_.open(near_.platform());
  const tharsis_strand& there_ = stage_.open(far_.platform());
  counts seen_;
  std::optional<http_service> service_;
  std::optional<http_user> user_;
};

}  // namespace

TEST(Http1Weather, EveryExchangeHasOneTrueOutcomeInTime) {
  int answered = 0, failed = 0, repeated = 0;
  const uint64_t count = seeds(1500);
  for_each_seed(count, [&](uint64_t seed) {
    const auto t = run(seed).go();
    answered += t.answered;
    failed += t.failed;
    repeated += t.repeated;
  });
  std::printf("%d answered, %d failed, %d carried out twice\n", answered, failed, repeated);
  if (!all_seeds()) return;
  EXPECT_GT(answered, static_cast<int>(count));
  EXPECT_GT(failed, static_cast<int>(count) / 5) << "the weather was too good to prove anything";
}
