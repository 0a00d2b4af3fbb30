// What a test of a platform stands on: run until something is true, and do things on a strand. The
// same test runs over a simulated world and over the real platform (tests/platform).
#pragma once
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include "sdk/abi/platform.h"
#include "sdk/pure/error.h"
#include "sdk/sim/world.h"

namespace tharsis::test {

class stage {
 public:
  virtual ~stage() = default;
  virtual const tharsis_platform* platform() const = 0;
  virtual bool run_until(const std::function<bool()>& done, duration within) = 0;

  const tharsis_strand& open() { return open(platform()); }
  const tharsis_strand& open(const tharsis_platform* p) {
    const tharsis_strand* strand = nullptr;
    tharsis_error error = no_error();
    EXPECT_EQ(p->strand_open(p->self, "test", THARSIS_STRAND_MAIN, &strand, &error), THARSIS_OK)
        << error.text;
    return *strand;
  }

  // f as a wake of the strand; at once if that is where we are.
  void on(const tharsis_strand& strand, std::function<void()> f) {
    const tharsis_loop& loop = *strand.loop;
    if (loop.current(loop.self) == strand.id) return f();
    struct call {
      std::function<void()> f;
      bool done = false;
    } c{std::move(f)};
    const auto wake = [](void* context, tharsis_handle) {
      auto& self = *static_cast<call*>(context);
      self.f();
      self.done = true;
    };
    ASSERT_EQ(loop.post(loop.self, strand.id, wake, &c, 0), THARSIS_OK);
    ASSERT_TRUE(run_until([&] { return c.done; }, 10s));
  }
  // Lets everything that is under way happen, as far as that can be known: for "nothing came".
  void settle(duration d) {
    run_until([] { return false; }, d);
  }
};

class simulated_stage : public stage {
 public:
  explicit simulated_stage(uint64_t seed) : w(seed), m(w.add_machine("machine", {"10.0.0.1"})) {}
  const tharsis_platform* platform() const override { return m.platform(); }
  bool run_until(const std::function<bool()>& done, duration within) override {
    return w.run_until(done, w.now() + within);
  }

  sim::world w;
  sim::machine& m;
};

}  // namespace tharsis::test
