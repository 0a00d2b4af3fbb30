#include "tests/bench/figure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

namespace tharsis::bench {
namespace {

// Between the two values beside it, so that few samples still make sensible quartiles.
double value_at(const std::vector<double>& sorted, double part) {
  const double place = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

double elapsed_ns(const std::function<void(size_t)>& body, size_t n) {
  const auto begin = std::chrono::steady_clock::now();
  body(n);
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

// The best of three: one trial in whose middle the system lets others run would make n far too small.
double least_ns(const std::function<void(size_t)>& body, size_t n) {
  return std::min({elapsed_ns(body, n), elapsed_ns(body, n), elapsed_ns(body, n)});
}

}  // namespace

double sample_time_ns = 20e6;

quartiles quartiles_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {value_at(values, 0.25), value_at(values, 0.5), value_at(values, 0.75)};
}

answer judge(const quartiles& q, const std::optional<target>& wanted) {
  if (!wanted) return answer::none;
  const bool most = wanted->is == target::side::at_most;
  const double worst = most ? q.high : q.low, best = most ? q.low : q.high;
  const auto good = [&](double value) { return most ? value <= wanted->limit : value >= wanted->limit; };
  return good(worst) ? answer::yes : good(best) ? answer::undecided : answer::no;
}

result summary(const figure& f, const std::vector<double>& values, const std::vector<double>& references) {
  quartiles q = quartiles_of(values);
  result r{f.name, f.unit, q.median, {}, {}, 0, f.wanted, answer::none};
  if (!references.empty()) {
    std::vector<double> ratios;
    for (size_t i = 0; i < values.size(); ++i) ratios.push_back(values[i] / references[i]);
    q = quartiles_of(ratios);
    r.reference = quartiles_of(references).median;
    r.ratio = q.median;
  }
  r.spread = q.median == 0 ? 0 : (q.high - q.low) / q.median;
  r.met = judge(q, f.wanted);
  return r;
}

result measure(const figure& f, size_t rounds) {
  std::vector<double> values, references;
  for (size_t round = 0; round <= rounds; ++round) {
    // Who comes second finds the caches as the first left them: they take turns in that too.
    const bool reference_first = round % 2 == 1;
    double reference = 0;
    if (f.reference && reference_first) reference = f.reference();
    const double value = f.value();
    if (f.reference && !reference_first) reference = f.reference();
    if (round == 0) continue;
    values.push_back(value);
    if (f.reference) references.push_back(reference);
  }
  return summary(f, values, references);
}

sample nanoseconds_each(std::function<void(size_t)> body) {
  auto count = std::make_shared<size_t>(0);
  return [body = std::move(body), count] {
    if (*count == 0) {  // Found once, by doubling. Never guessed from less: a trial may be put off by the system.
      size_t n = 1;
      while (least_ns(body, n) < sample_time_ns) n *= 2;
      *count = n;
    }
    return elapsed_ns(body, *count) / static_cast<double>(*count);
  };
}

sample each_second(std::function<void(size_t)> body) {
  return [nanoseconds = nanoseconds_each(std::move(body))] { return 1e9 / nanoseconds(); };
}

}  // namespace tharsis::bench
