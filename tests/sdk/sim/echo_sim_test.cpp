// The echo pair in thousands of bad networks: every byte comes back exactly, or a failure is told;
// nothing waits for ever, nothing stays open.
#include "tests/fixtures/echo/echo.h"

#include <algorithm>
#include <map>
#include <optional>

#include <gtest/gtest.h>
#include "sdk/sim/dice.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/stage.h"
#include "tests/sdk/sim/weather.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

struct outcome {
  fault happened;
  tharsis_status status;
  uint64_t trace;
};

class run {
 public:
  explicit run(uint64_t seed) : d_(seed), weather_(d_), w_(seed) {
    std::generate_n(std::back_inserter(data_), weather_.bytes,
                    [this] { return static_cast<char>(d_.next()); });
    weather_.begin(w_, near_, far_);
  }

  outcome go() {
    server_strand_ = &stage_.open(far_.platform());
    client_strand_ = &stage_.open(near_.platform());
    stage_.on(*server_strand_, [this] {
      server_.emplace(server_strand_->loop, *server_strand_->net);
      EXPECT_TRUE(server_->start(at("10.0.0.2", 7)).ok());
    });
    stage_.on(*client_strand_, [this] {
      client_.emplace(client_strand_->loop, *client_strand_->net, data_);
      client_->start(at("10.0.0.2", 7));
    });
    EXPECT_TRUE(w_.run_until([this] { return client_->done(); }, w_.now() + 1h))
        << "the client waits for ever";
    if (client_->status() == THARSIS_OK) {
      EXPECT_TRUE(client_->got() == data_) << client_->got().size() << " of " << data_.size() << " bytes";
    } else {
      EXPECT_TRUE(data_.starts_with(client_->got())) << "what came back is not what was sent";
    }
    const auto quiet = [this] { return server_->sessions() == 0; };
    if (weather_.happens != fault::power_loss) {
      EXPECT_TRUE(w_.run_until(quiet, w_.now() + 1h)) << "a session of the server waits for ever";
    }
    nothing_is_open();
    return {weather_.happens, client_->status(), w_.trace()};
  }

 private:
  void nothing_is_open() {
    tharsis_strand_audit audit{};
    audit.size = sizeof audit;
    stage_.on(*client_strand_, [&] { client_strand_->audit(client_strand_->self, &audit); });
    EXPECT_EQ(audit.sockets, 0u);
    EXPECT_EQ(audit.timers, 0u);
  }

  struct world_stage : stage {
    explicit world_stage(sim::world& world) : w(world) {}
    const tharsis_platform* platform() const override { return nullptr; }
    bool run_until(const std::function<bool()>& done, duration within) override {
      return w.run_until(done, w.now() + within);
    }
    sim::world& w;
  };

  sim::dice d_;
  weather weather_;
  sim::world w_;
  sim::machine& near_ = w_.add_machine("near", {"10.0.0.1"});
  sim::machine& far_ = w_.add_machine("far", {"10.0.0.2"});
  world_stage stage_{w_};
  std::string data_;
  const tharsis_strand* server_strand_ = nullptr;
  const tharsis_strand* client_strand_ = nullptr;
  std::optional<echo_server> server_;
  std::optional<echo_client> client_;
};

}  // namespace

TEST(EchoSim, EveryByteComesBackOrAFailureIsToldInAnyWeather) {
  std::map<fault, std::map<tharsis_status, int>> seen;
  const int count = seeds(4000);
  for_each_seed(count, [&](uint64_t seed) {
    const outcome o = run(seed).go();
    ++seen[o.happened][o.status];
    if (o.happened == fault::none || o.happened == fault::healed_hole) {
      EXPECT_EQ(o.status, THARSIS_OK);
    }
  });
  if (!all_seeds()) return;
  // The faults struck, each in its own way; of a sanitizer's few seeds only that they did.
  const int often = count == 4000 ? count / 80 : 0, seldom = often / 5;
  EXPECT_GT(seen[fault::reset][THARSIS_E_RESET], often);
  EXPECT_GT(seen[fault::black_hole][THARSIS_E_TIMEOUT], often);
  EXPECT_GT(seen[fault::forgotten][THARSIS_E_TIMEOUT], often);
  EXPECT_GT(seen[fault::refused][THARSIS_E_REFUSED], seldom);
  EXPECT_GT(seen[fault::power_loss][THARSIS_E_TIMEOUT], often);
}

TEST(EchoSim, TheSameSeedIsTheSameRun) {
  std::map<uint64_t, uint64_t> traces;
  for_each_seed(50, [&](uint64_t seed) {
    const uint64_t trace = run(seed).go().trace;
    EXPECT_EQ(trace, run(seed).go().trace);
    EXPECT_TRUE(traces.emplace(trace, seed).second)
        << "another seed gave the same run: the trace tells nothing";
  });
}
