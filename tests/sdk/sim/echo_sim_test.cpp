// The echo pair in thousands of bad networks: every byte comes back exactly, or a failure is told;
// nothing waits for ever, nothing stays open.
#include "tests/sdk/sim/echo.h"

#include <algorithm>
#include <map>
#include <optional>

#include <gtest/gtest.h>
#include "sdk/sim/dice.h"
#include "tests/sdk/sim/seeds.h"
#include "tests/sdk/sim/stage.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

enum class fault { none, reset, black_hole, healed_hole, forgotten, refused, power_loss };
constexpr uint64_t faults = 7;

// What the network is like, and the one thing that happens to it, drawn by the seed.
struct weather {
  explicit weather(sim::dice& d) {
    path.delay = 1ms + d.up_to(300ms);
    path.jitter = d.chance(0.5) ? d.up_to(100ms) : duration{};
    // Not so much that an unlucky segment alone outlasts the ends' patience.
    path.loss = d.chance(0.5) ? 0.001 * static_cast<double>(d.below(50)) : 0;
    path.bytes_per_second = d.chance(0.5) ? 20'000 + d.below(1'000'000) : 0;
    happens = static_cast<fault>(d.below(faults));
    when = d.up_to(d.chance(0.5) ? duration(2s) : duration(10s));
    size = d.chance(0.1) ? d.below(2) : d.below(d.chance(0.2) ? 300'000 : 30'000);
  }
  sim::path path;
  fault happens;
  duration when;
  size_t size;
};

struct outcome {
  fault happened;
  tharsis_status status;
  uint64_t trace;
};

class run {
 public:
  explicit run(uint64_t seed) : d_(seed), weather_(d_), w_(seed) {
    std::generate_n(std::back_inserter(data_), weather_.size, [this] { return static_cast<char>(d_.next()); });
    w_.between(near_, far_) = weather_.path;
    w_.at(w_.now() + weather_.when, [this] { strike(); });
  }

  outcome go() {
    server_strand_ = &stage_.open(far_.platform());
    client_strand_ = &stage_.open(near_.platform());
    stage_.on(*server_strand_, [this] {
      server_.emplace(*server_strand_);
      EXPECT_TRUE(server_->start(at("10.0.0.2", 7)).ok());
    });
    stage_.on(*client_strand_, [this] {
      client_.emplace(*client_strand_, data_);
      client_->start(at("10.0.0.2", 7));
    });
    EXPECT_TRUE(w_.run_until([this] { return client_->done(); }, w_.now() + 1h)) << "the client waits for ever";
    if (client_->status() == THARSIS_OK) {
      EXPECT_TRUE(client_->got() == data_) << client_->got().size() << " of " << data_.size() << " bytes";
    } else {
      EXPECT_TRUE(data_.starts_with(client_->got())) << "what came back is not what was sent";
    }
    const auto quiet = [this] { return !server_ || server_->sessions() == 0; };
    EXPECT_TRUE(w_.run_until(quiet, w_.now() + 1h)) << "a session of the server waits for ever";
    nothing_is_open();
    return {weather_.happens, client_->status(), w_.trace()};
  }

 private:
  void strike() {
    sim::path& path = w_.between(near_, far_);
    switch (weather_.happens) {
      case fault::none: break;
      case fault::reset: w_.reset_connections(near_, far_); break;
      case fault::black_hole: path.black_hole = true; break;
      case fault::healed_hole:
        path.black_hole = true;
        w_.at(w_.now() + d_.up_to(5s), [&path] { path.black_hole = false; });
        break;
      case fault::forgotten: w_.forget_connections(near_, far_); break;
      case fault::refused: path.refuse = true; break;
      case fault::power_loss:
        far_.kill();
        server_.reset();
        break;
    }
  }

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
  for_each_seed(4000, [&](uint64_t seed) {
    const outcome o = run(seed).go();
    ++seen[o.happened][o.status];
    if (o.happened == fault::none || o.happened == fault::healed_hole) {
      EXPECT_EQ(o.status, THARSIS_OK);
    }
  });
  if (!all_seeds()) return;
  // The faults struck, each in its own way.
  EXPECT_GT(seen[fault::reset][THARSIS_E_RESET], 50);
  EXPECT_GT(seen[fault::black_hole][THARSIS_E_TIMEOUT], 50);
  EXPECT_GT(seen[fault::forgotten][THARSIS_E_TIMEOUT], 50);
  EXPECT_GT(seen[fault::refused][THARSIS_E_REFUSED], 10);
  EXPECT_GT(seen[fault::power_loss][THARSIS_E_TIMEOUT], 50);
}

TEST(EchoSim, TheSameSeedIsTheSameRun) {
  std::map<uint64_t, uint64_t> traces;
  for_each_seed(50, [&](uint64_t seed) {
    const uint64_t trace = run(seed).go().trace;
    EXPECT_EQ(trace, run(seed).go().trace);
    EXPECT_TRUE(traces.emplace(trace, seed).second) << "another seed gave the same run: the trace tells nothing";
  });
}
