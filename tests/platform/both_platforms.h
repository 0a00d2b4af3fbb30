// One test, two platforms: the real one on this machine's loopback, and the simulated one. What
// holds for both is what a plugin may rely on.
#pragma once
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include "runtime/real_platform.h"
#include "sdk/pure/views.h"
#include "tests/sdk/sim/stage.h"

namespace tharsis::test {

// All strands are of kind MAIN, so that a test is one thread on both platforms.
class real_main_stage : public stage {
 public:
  const tharsis_platform* platform() const override { return platform_.table(); }
  bool run_until(const std::function<bool()>& done, duration within) override {
    const auto limit = std::chrono::steady_clock::now() + within;
    while (!done()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      platform_.run_main(1ms, 2ms);
    }
    return true;
  }

 private:
  runtime::real_platform platform_;
};

class BothPlatforms : public testing::TestWithParam<const char*> {
 protected:
  BothPlatforms() {
    if (simulated()) {
      stage_ = std::make_unique<simulated_stage>(42);
      folder_ = "/state";
    } else {
      stage_ = std::make_unique<real_main_stage>();
      folder_ = testing::TempDir() + "tharsis_both_" + std::to_string(::getpid());
      std::filesystem::remove_all(folder_);
    }
  }
  ~BothPlatforms() override {
    if (!simulated()) std::filesystem::remove_all(folder_);
  }

  bool simulated() const { return std::string_view(GetParam()) == "simulated"; }
  bool until(const std::function<bool()>& done) { return stage_->run_until(done, 10s); }
  void on(const tharsis_strand& s, std::function<void()> f) { stage_->on(s, std::move(f)); }
  // For "nothing came": long for a loopback, short for a person.
  void settle() { stage_->settle(30ms); }

  std::unique_ptr<stage> stage_;
  std::string folder_;  // Absolute, not made yet.
};

}  // namespace tharsis::test

#define THARSIS_ON_BOTH(suite)                                              \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values("real", "simulated"), \
                           [](const auto& platform) { return std::string(platform.param); })
