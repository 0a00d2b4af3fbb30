// What a process of `script/bench xlog` is told to do, and how it does it; what came of it it prints, a name and a
// number a line.
//
//   PROGRAM WHAT CORPUS THREADS LINES FOLDER [SETTINGS]     LINES: of each thread
#pragma once
#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/xlog/spoken.h"

namespace tharsis::bench {

struct load {
  std::string what;
  kind corpus = kind::messenger;
  uint32_t threads = 1;
  uint64_t lines = 0;
  std::string folder;
  std::string settings;
};

inline load load_of(int count, char** words) {
  if (count < 6) {
    std::fprintf(stderr, "WHAT CORPUS THREADS LINES FOLDER [SETTINGS]\n");
    std::exit(2);
  }
  return {words[1], kinds[std::atoi(words[2])].first, static_cast<uint32_t>(std::atoi(words[3])),
          static_cast<uint64_t>(std::atoll(words[4])), words[5], count > 6 ? words[6] : ""};
}

inline void print(const char* name, double value) { std::printf("%s %.9g\n", name, value); }

inline double cpu_ns_of(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Threads that all begin at once: turn(thread).
inline void together(uint32_t count, const std::function<void()>& begun, const std::function<void(uint32_t)>& turn) {
  std::atomic<uint32_t> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < count; ++t)
    threads.emplace_back([&, t] {
      ++ready;
      ready.notify_all();
      go.wait(false);
      turn(t);
    });
  for (uint32_t seen; (seen = ready) < count;) ready.wait(seen);
  begun();
  go = true;
  go.notify_all();
  for (std::thread& t : threads) t.join();
}

// All lines of all threads as fast as it goes, until written() comes back: they are in the file then.
template <class Log>
void write_all(const load& l, const Log& log, const std::function<void()>& written) {
  const log_corpus corpus = make_corpus(l.corpus);
  std::chrono::steady_clock::time_point begin;
  double cpu = 0;
  const auto begun = [&] {
    begin = std::chrono::steady_clock::now();
    cpu = cpu_ns_of(CLOCK_PROCESS_CPUTIME_ID);
  };
  std::atomic<uint64_t> callers{0};
  together(l.threads, begun, [&](uint32_t) {
    const double mine = cpu_ns_of(CLOCK_THREAD_CPUTIME_ID);
    size_t at = 0;
    say_lines(log, l.corpus, corpus, at, l.lines);
    callers += static_cast<uint64_t>(cpu_ns_of(CLOCK_THREAD_CPUTIME_ID) - mine);
  });
  written();
  const double lines = static_cast<double>(l.lines) * l.threads;
  print("wall", std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / lines);
  print("cpu", (cpu_ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) / lines);
  print("callers", static_cast<double>(callers) / lines);
}

}  // namespace tharsis::bench
