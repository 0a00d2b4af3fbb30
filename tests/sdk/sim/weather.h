// What a network is like, and the one thing that happens to it, drawn by a seed.
#pragma once
#include "sdk/sim/dice.h"
#include "sdk/sim/world.h"

namespace tharsis::test {

enum class fault { none, reset, black_hole, healed_hole, forgotten, refused, power_loss };

struct weather {
  explicit weather(sim::dice& d, fault worst = fault::power_loss) {
    path.delay = 1ms + d.up_to(300ms);
    path.jitter = d.chance(0.5) ? d.up_to(100ms) : duration{};
    // Not so much that an unlucky segment alone outlasts the ends' patience.
    path.loss = d.chance(0.5) ? 0.001 * static_cast<double>(d.below(50)) : 0;
    path.bytes_per_second = d.chance(0.5) ? 20'000 + d.below(1'000'000) : 0;
    happens = static_cast<fault>(d.below(static_cast<uint64_t>(worst) + 1));
    when = d.up_to(d.chance(0.5) ? duration(2s) : duration(10s));
    lasts = d.up_to(5s);
    bytes = d.chance(0.1) ? d.below(2) : d.below(d.chance(0.2) ? 300'000 : 30'000);
  }

  // The path is like this from now on, and the fault is on its way.
  void begin(sim::world& w, sim::machine& near, sim::machine& far) const {
    w.between(near, far) = path;
    w.at(w.now() + when, [*this, &w, &near, &far] { strike(w, near, far); });
  }

  sim::path path;
  fault happens;
  duration when, lasts;
  size_t bytes;  // To send in it.

 private:
  void strike(sim::world& w, sim::machine& near, sim::machine& far) const {
    sim::path& now = w.between(near, far);
    switch (happens) {
      case fault::none:
        break;
      case fault::reset:
        w.reset_connections(near, far);
        break;
      case fault::black_hole:
        now.black_hole = true;
        break;
      case fault::healed_hole:
        now.black_hole = true;
        w.at(w.now() + lasts, [&now] { now.black_hole = false; });
        break;
      case fault::forgotten:
        w.forget_connections(near, far);
        break;
      case fault::refused:
        now.refuse = true;
        break;
      case fault::power_loss:
        far.kill();
        break;
    }
  }
};

}  // namespace tharsis::test
