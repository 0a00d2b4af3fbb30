// Messages: a question written, an answer checked and read in place, and what it says.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "plugins/dns/core/findings.h"
#include "tests/bench/dns/groups.h"

namespace tharsis::bench {
namespace {

dns::question asked() {
  dns::question q;
  q.name = "service.region.example.com";
  q.secret.id = 4711;
  return q;
}

// Two addresses behind an alias, as many services have them, and OPT.
std::vector<uint8_t> usual_answer() {
  std::array<uint8_t, dns::question_max> room;
  const auto question = write(asked(), room);
  const size_t end = 12 + asked().name.size() + 2 + 4;
  std::vector<uint8_t> m(question.begin(), question.begin() + static_cast<std::ptrdiff_t>(end));
  m[2] = 0x81, m[3] = 0x80;
  m[7] = 3, m[11] = 1;
  const auto add = [&m](std::initializer_list<int> bytes) {
    for (const int b : bytes) m.push_back(static_cast<uint8_t>(b));
  };
  const int alias = static_cast<int>(end) + 12;
  add({0xC0, 12, 0, 5, 0, 1, 0, 0, 1, 44, 0, 7, 4, 'e', 'd', 'g', 'e', 0xC0, 20});
  for (const int last : {1, 2}) add({0xC0, alias, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last});
  add({0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0});
  return m;
}

void check(size_t n) {
  static const auto bytes = usual_answer();
  static const auto q = asked();
  for (size_t i = 0; i < n; ++i) {
    dns::message m;
    if (match(q, bytes, m) != dns::fit::fits) throw std::runtime_error("the answer does not fit");
    benchmark::DoNotOptimize(m);
  }
}

void understand(size_t n) {
  static const auto bytes = usual_answer();
  static const auto q = asked();
  for (size_t i = 0; i < n; ++i) {
    dns::message m;
    if (match(q, bytes, m) != dns::fit::fits) throw std::runtime_error("the answer does not fit");
    const dns::findings f = read_findings(q, m);
    if (f.addresses.size() != 2) throw std::runtime_error("addresses are missing");
    benchmark::DoNotOptimize(f);
  }
}

void ask(size_t n) {
  static const auto q = asked();
  std::array<uint8_t, dns::question_max> room;
  for (size_t i = 0; i < n; ++i) benchmark::DoNotOptimize(write(q, room));
}

}  // namespace

std::vector<figure> wire_figures() {
  return {
      {"a usual answer, checked whole", "ns", nanoseconds_each(check), {}, at_most(250), {}},
      {"a usual answer, checked and understood", "ns", nanoseconds_each(understand), {}, {}, {}},
      {"a question, written", "ns", nanoseconds_each(ask), {}, at_most(100), {}},
  };
}

}  // namespace tharsis::bench
