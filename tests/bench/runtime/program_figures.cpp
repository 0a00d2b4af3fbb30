// The program as a person starts it, in a process of its own: how long until all plugins run, how much
// memory it then has, how long a check takes. A sample begins before the process is made.
#include <chrono>
#include <fstream>
#include <stdexcept>

#include "tests/bench/child.h"
#include "tests/bench/runtime/groups.h"

namespace tharsis::bench {
namespace {

using clock = std::chrono::steady_clock;

const std::string program = THARSIS_PROGRAM;
const std::string state = THARSIS_BENCH_STATE;
const std::vector<std::string> with_state = {"--state", state, "--plugins", THARSIS_PLUGINS};

double milliseconds_since(clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(clock::now() - begin).count();
}

std::vector<std::string> words(std::vector<std::string> first) {
  first.insert(first.begin(), program);
  first.insert(first.end(), with_state.begin(), with_state.end());
  return first;
}

// The four plugins of a client. The link finds nobody: what is measured does not wait for a network.
constexpr const char* four_plugins =
    "tharsis: 1\n"
    "plugins:\n"
    "  xlog:\n"
    "    directory: ${data}/log\n"
    "  sdt: {}\n"
    "  stn:\n"
    "    links:\n"
    "      main:\n"
    "        endpoints: [\"tcps://im.tharsis.test:9\"]\n"
    "        user: bench\n"
    "  dns:\n"
    "    pins:\n"
    "      im.tharsis.test: [127.0.0.1]\n";

std::string write_profile(const std::string& name, size_t lines) {
  const std::string path = state + "/" + name;
  std::ofstream out(path);
  out << four_plugins;
  for (size_t line = 15; line <= lines; ++line)
    out << "      host" << line << ".tharsis.test: [192.0.2." << line % 250 << ", \"2001:db8::" << line << "\"]\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
  return path;
}

void expect(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

double started_ms(const std::string& profile) {
  const auto begin = clock::now();
  child c(words({"run", profile}));
  expect(c.await(" run; "), "the profile of the benchmark does not start");
  return milliseconds_since(begin);
}

double memory(const std::string& profile, double (child::*which)() const) {
  child c(words({"run", profile}));
  expect(c.await(" run; "), "the profile of the benchmark does not start");
  return (c.*which)();
}

double ended_ms(const std::vector<std::string>& line) {
  const auto begin = clock::now();
  child c(line);
  expect(c.await_end() == 0, line[0] + " failed");
  return milliseconds_since(begin);
}

// A process that does nothing: the C library and a wait.
double idle_memory() {
  child c({"/bin/cat"});
  c.say("up");
  expect(c.await("up"), "/bin/cat does not answer");
  return c.resident_megabytes();
}

}  // namespace

std::vector<figure> program_figures() {
  const std::string small = write_profile("four.yaml", 0), large = write_profile("thousand.yaml", 1000);
  const sample nothing = [] { return ended_ms({"/bin/true"}); };
  return {
      {"start of four plugins", "ms", [small] { return started_ms(small); }, {}, at_most(25), {}},
      {"memory of four plugins", "MB", [small] { return memory(small, &child::resident_megabytes); }, {}, at_most(12), {}},
      {"  of that, private", "MB", [small] { return memory(small, &child::private_megabytes); }, {}, {}, {}},
      {"memory of an idle process (cat)", "MB", idle_memory, {}, {}, {}},
      {"check of 1,000 lines", "ms", [large] { return ended_ms(words({"check", large})); }, {}, at_most(20), {}},
      {"an empty process (true)", "ms", nothing, {}, {}, {}},
  };
}

}  // namespace tharsis::bench
