// What a line costs its caller while its ring has room: lines through sdk/pure/logger.h into xlog's rings, beside a raw
// ring that takes records of the same sizes. In bursts that fit into the ring; room is made between them.
#include <chrono>
#include <memory>

#include "tests/bench/xlog/groups.h"
#include "tests/bench/xlog/rings.h"
#include "tests/bench/xlog/spoken.h"

namespace tharsis::bench {
namespace {

constexpr size_t burst = 4'000, bursts = 50;

// What the figures share; made when the first of them is measured.
struct call_stage {
  log_rings plain{false}, sealed{true};
  raw_ring raw;
  log_corpus messenger = make_corpus(kind::messenger);
  size_t at = 0, raw_at = 0;
};
call_stage& stage() {
  static call_stage made;
  return made;
}

// Nanoseconds for one line: the median of the bursts, since another program may have had the processor in some.
template <class Burst, class Between>
double each_of(const Burst& say, const Between& between) {
  std::vector<double> each;
  for (size_t b = 0; b < bursts; ++b) {
    const auto begin = std::chrono::steady_clock::now();
    say();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - begin;
    each.push_back(spent.count() / burst);
    between();
  }
  return quartiles_of(each).median;
}

double predictable(log_rings& rings) {
  const auto say = [&log = rings.log()] {
    for (uint32_t i = 0; i < burst; ++i) log.info("turn {} took {} ns, queue {}", i, 800, 3);
  };
  return each_of(say, [&] { rings.make_room(); });
}

double raw_predictable() {
  const auto say = [&raw = stage().raw] {
    struct {
      uint64_t head[2];
      uint32_t numbers[4];
    } record{{}, {0, 800, 3, 0}};
    for (uint32_t i = 0; i < burst; ++i) {
      record.numbers[0] = i;
      raw.write(reinterpret_cast<const uint8_t*>(&record), sizeof record);
    }
  };
  return each_of(say, [] {});
}

double im(log_rings& rings) {
  const auto say = [&] { say_lines(rings.log(), kind::messenger, stage().messenger, stage().at, burst); };
  return each_of(say, [&] { rings.make_room(); });
}

double raw_im() {
  const auto say = [&s = stage()] {
    for (size_t i = 0; i < burst; ++i) s.raw_at = write_raw(s.raw, s.messenger, s.raw_at);
  };
  return each_of(say, [] {});
}

sample disabled() {
  return nanoseconds_each([](size_t n) {
    const logger& log = stage().plain.log();
    stage().plain.set_level(THARSIS_LOG_INFO);
    for (size_t i = 0; i < n; ++i) {
      log.debug("turn {} took {} ns, queue {}", i, 800, 3);
      asm volatile("" ::: "memory");
    }
    stage().plain.set_level(THARSIS_LOG_VERBOSE);
  });
}

sample empty_loop() {
  return nanoseconds_each([](size_t n) {
    for (size_t i = 0; i < n; ++i) asm volatile("" ::: "memory");
  });
}

}  // namespace

std::vector<figure> call_figures() {
  const sample off = disabled(), nothing = empty_loop();
  const sample plain = [] { return predictable(stage().plain); }, sealed = [] { return predictable(stage().sealed); };
  const sample plain_im = [] { return im(stage().plain); }, sealed_im = [] { return im(stage().sealed); };
  return {
      {"call: predictable", "ns", plain, {}, at_most(15), {}},
      {"call: predictable / raw ring", "ns", plain, raw_predictable, at_most(1.3), {}},
      {"call: predictable, sealed", "ns", sealed, {}, at_most(18), {}},
      {"call: predictable, sealing adds", "ns", [=] { return sealed() - plain(); }, {}, at_most(3), {}},
      {"call: IM", "ns", plain_im, {}, at_most(30), {}},
      {"call: IM / raw ring", "ns", plain_im, raw_im, {}, {}},
      {"call: IM, sealed", "ns", sealed_im, {}, at_most(33), {}},
      {"call: IM, sealing adds", "ns", [=] { return sealed_im() - plain_im(); }, {}, at_most(3), {}},
      {"call: disabled, over an empty loop", "ns", [=] { return off() - nothing(); }, {}, at_most(1), {}},
      {"call: empty loop", "ns", nothing, {}, {}, {}},
  };
}

}  // namespace tharsis::bench
