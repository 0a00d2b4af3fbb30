// One figure of a benchmark: how it is sampled, and what may be said about the samples.
//
// A figure and its reference are sampled in turns, round by round, so that whatever else the machine
// does meets both alike. Medians are reported, and the spread between the quartiles; where the target
// lies inside that spread, nobody knows whether it was met, and that is what is said.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tharsis::bench {

// Measures once and answers the value in the figure's unit.
using sample = std::function<double()>;

struct target {
  enum class side { at_most, at_least };
  side is;
  double limit;  // Of the ratio where the figure has a reference, else of the value.
};
inline target at_most(double limit) { return {target::side::at_most, limit}; }
inline target at_least(double limit) { return {target::side::at_least, limit}; }

struct figure {
  std::string name;
  std::string unit;
  sample value;
  sample reference;  // Optional: what the value is divided by.
  std::optional<target> wanted;
  std::string absent;  // Why it cannot be measured here; then it has no value.
};

enum class answer { none, yes, no, undecided };

struct result {
  std::string name;
  std::string unit;
  double value = 0;
  std::optional<double> reference;
  std::optional<double> ratio;  // The median of the rounds' ratios.
  double spread = 0;            // Between the quartiles of the ratio, or of the value, as part of its median.
  std::optional<target> wanted;
  answer met = answer::none;
};

struct quartiles {
  double low, median, high;
};
// `values` is not empty.
quartiles quartiles_of(std::vector<double> values);

answer judge(const quartiles& q, const std::optional<target>& wanted);

// Of as many values as references, or no references.
result summary(const figure& f, const std::vector<double>& values, const std::vector<double>& references);

// One round first whose samples are thrown away: memory and caches are cold.
result measure(const figure& f, size_t rounds);

// Sampling by time: `body(n)` does the thing n times, n chosen so that a sample takes `sample_time_ns` or more.
// Answers nanoseconds for one.
sample nanoseconds_each(std::function<void(size_t n)> body);
// As above; answers how many in a second.
sample each_second(std::function<void(size_t n)> body);

// The length of one sample by time; set before the first figure is made.
extern double sample_time_ns;

}  // namespace tharsis::bench
