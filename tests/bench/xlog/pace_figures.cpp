// Lines now and then, as most programs log, while the log is written: does one wait for another's work?
#include "tests/bench/xlog/groups.h"
#include "tests/bench/xlog/runs.h"
#include "tests/bench/xlog/spoken.h"

namespace tharsis::bench {
namespace {

constexpr uint64_t paced_lines = 250'000, a_second = 500'000;

}  // namespace

std::vector<figure> pace_figures() {
  std::vector<figure> all;
  const std::string program = THARSIS_BENCH_PROCESS;
  for (const auto& [name, settings] : {std::pair{"plain", "encrypt: {}"}, std::pair{"sealed", "encrypt: { to: [KEY] }"}}) {
    const std::string s = name;
    for (const size_t corpus : {2u, 0u}) {
      // Of a messenger's lines the program itself does not know which comes next: no ring is to blame for that.
      const bool judged = kinds[corpus].first == kind::predictable;
      const auto paced = std::make_shared<runs>(run_words{program, "pace", corpus, 1, paced_lines, settings});
      const auto more = [value = runs::number(paced, "mean"), raw = runs::number(paced, "raw_mean")] { return value() - raw(); };
      const std::string what = std::string("paced 2 us: ") + kinds[corpus].second + ", " + s;
      all.push_back({what + ", mean over raw ring", "ns", more, {}, judged ? std::optional(at_most(5)) : std::nullopt, {}});
      all.push_back({what + ", p99.9 / raw ring", "ns", runs::number(paced, "tail"), runs::number(paced, "raw_tail"), at_most(3), {}});
    }
    for (const unsigned threads : {1u, 4u}) {
      const auto rate = std::make_shared<runs>(run_words{program, "rate", 0, threads, a_second, settings});
      const std::string what = "500,000/s: " + s + ", " + std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ");
      all.push_back({what + "blocked calls", "a second", runs::number(rate, "blocked"), {}, {}, {}});
      all.push_back({what + "of them unexcused", "a second", runs::number(rate, "unexcused"), {}, at_most(0), {}});
      all.push_back({what + "CPU lost by the drain", "ms", runs::number(rate, "lost_ms"), {}, {}, {}});
    }
  }
  return all;
}

}  // namespace tharsis::bench
