// From the calls to the file (the system's memory of it), the whole way: rings, drain, blocks, seal. Each sample is a
// process of its own; its CPU is that of all its threads.
#include "tests/bench/xlog/groups.h"
#include "tests/bench/xlog/runs.h"
#include "tests/bench/xlog/spoken.h"

namespace tharsis::bench {
namespace {

constexpr uint64_t lines_in_all = 4'000'000;
constexpr const char *process = THARSIS_BENCH_PROCESS, *sealed = "full_wait: 1m, encrypt: { to: [KEY] }",
                     *plain = "full_wait: 1m";  // As fast as it goes: a full ring is waited for, none is dropped.

struct wanted {
  std::optional<target> speed, cpu, bytes;
};

void add(std::vector<figure>& all, const std::string& name, const run_words& words, const wanted& w) {
  const auto shared = std::make_shared<runs>(words);
  all.push_back({name, "M lines/s", runs::number(shared, "speed"), {}, w.speed, {}});
  all.push_back({name, "ns CPU/line", runs::number(shared, "cpu"), {}, w.cpu, {}});
  all.push_back({name + ", of that the callers", "ns CPU/line", runs::number(shared, "callers"), {}, {}, {}});
  all.push_back({name, "bytes/line", runs::number(shared, "bytes"), {}, w.bytes, {}});
}

void add_peer(std::vector<figure>& all, unsigned threads, const std::string& name) {
#ifdef THARSIS_BENCH_SPDLOG
  add(all, name, {THARSIS_BENCH_SPDLOG, "write", 0, threads, 500'000 / threads, ""}, {});
#else
  (void)threads;
  all.push_back({name, "M lines/s", {}, {}, {}, "spdlog is not installed"});
#endif
}

// Of a process with one thread that logs, over another one.
sample more_memory(const std::string& settings, const std::string& than) {
  const run_words with{process, "memory", 0, 1, 1'000'000, settings}, without{process, "memory", 0, 1, 1, than};
  return [value = runs::number(std::make_shared<runs>(with), "resident"), base = runs::number(std::make_shared<runs>(without), "resident")] {
    return value() - base();
  };
}

}  // namespace

std::vector<figure> disk_figures() {
  std::vector<figure> all;
  for (size_t corpus = 0; corpus < std::size(kinds); ++corpus) {
    const bool free_text = kinds[corpus].first == kind::free_text;
    const wanted one = free_text ? wanted{at_least(7), at_most(190), at_most(18)} : wanted{at_least(15), at_most(120), at_most(12)};
    const wanted four = free_text ? wanted{{}, {}, at_most(18)} : wanted{at_least(10), {}, at_most(12)};
    for (const bool key : {true, false})
      for (const unsigned threads : {1u, 4u}) {
        const std::string name = std::string("file: ") + kinds[corpus].second + (key ? ", sealed, " : ", plain, ") + std::to_string(threads) +
                                 (threads == 1 ? " thread" : " threads");
        add(all, name, {process, "write", corpus, threads, lines_in_all / threads, key ? sealed : plain}, threads == 1 ? one : four);
      }
  }
  for (const unsigned threads : {1u, 4u}) add_peer(all, threads, "spdlog async: IM, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"));
  all.push_back({"memory: xlog, over its runtime", "MB", more_memory(plain, "without"), {}, at_most(3), {}});
  all.push_back({"memory: xlog sealed, over its runtime", "MB", more_memory(sealed, "without"), {}, at_most(3), {}});
  all.push_back({"memory: xlog, over an empty process", "MB", more_memory(plain, "nothing"), {}, {}, {}});
  return all;
}

}  // namespace tharsis::bench
