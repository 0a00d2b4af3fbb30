// What a request costs: `tharsis stn send` against a raw epoll client of the same frames, in turns, both with
// the same raw server. Where there are two processors the server has one and the clients the other.
#include <sched.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/stn/peers.h"

namespace tharsis::bench {
namespace {

using clock = std::chrono::steady_clock;
const std::string state = THARSIS_BENCH_STATE;

// Children inherit it.
void run_on(unsigned processor) {
  if (std::thread::hardware_concurrency() < 2) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  sched_setaffinity(0, sizeof one, &one);
}

double number_in(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\":");
  if (at == std::string::npos) throw std::runtime_error("no '" + name + "' in: " + json);
  return std::stod(json.substr(at + name.size() + 3));
}

struct outcome {
  std::string json;
  double cpu_ns;
};

outcome run(const std::vector<std::string>& words) {
  run_on(0);
  child c(words);
  outcome o{c.rest(), 0};
  if (c.await_end() != 0) throw std::runtime_error(words[0] + " failed: " + o.json);
  o.cpu_ns = c.cpu_nanoseconds();
  return o;
}

// A certificate for 127.0.0.1 that signs itself, and its key, in the bench's folder.
void make_certificate(const std::string& certificate, const std::string& key) {
  child c({"/usr/bin/env", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=bench",
           "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate});
  c.rest();
  if (c.await_end() != 0) throw std::runtime_error("openssl makes no certificate");
}

class server {
 public:
  explicit server(bool secured = false) : certificate_(secured ? state + "/server.pem" : "") {
    std::vector<std::string> words = {THARSIS_BENCH_ECHO, "serve"};
    if (secured) {
      make_certificate(certificate_, state + "/server.key");
      words.insert(words.end(), {certificate_, state + "/server.key"});
    }
    run_on(1);
    process_ = std::make_unique<child>(words);
    port_ = process_->line();
  }
  const std::string& port() const { return port_; }
  const std::string& certificate() const { return certificate_; }  // Empty: plain TCP.

 private:
  std::string certificate_;
  std::unique_ptr<child> process_;
  std::string port_;
};

// One kind of load, and both clients under it.
class load {
 public:
  load(std::shared_ptr<server> s, size_t body, size_t count, size_t in_flight)
      : server_(std::move(s)), body_(body), count_(count), in_flight_(std::to_string(in_flight)) {
    file_ = state + "/body_" + std::to_string(body);
    std::ofstream(file_) << std::string(body, 'x');
  }
  std::string raw() const {
    std::vector<std::string> words = {THARSIS_BENCH_ECHO, "ask", server_->port(), std::to_string(count_), in_flight_, std::to_string(body_)};
    if (!server_->certificate().empty()) words.push_back("tls");
    return run(words).json;
  }
  std::string other_thread() const {
    return run({THARSIS_BENCH_OTHER_THREAD, server_->port(), std::to_string(count_), in_flight_, std::to_string(body_)}).json;
  }
  outcome link(size_t count) const {
    const bool secured = !server_->certificate().empty();
    std::vector<std::string> words = {THARSIS_PROGRAM, "stn", "send", (secured ? "tcps://127.0.0.1:" : "tcp://127.0.0.1:") + server_->port(),
                                      "--command", "100", "--body-file", file_, "--count", std::to_string(count), "--in-flight", in_flight_,
                                      "--json", "--plugins", THARSIS_PLUGINS, "--state", state + "/stn"};
    if (secured) words.insert(words.end(), {"--ca", server_->certificate()});
    return run(words);
  }
  double link_time(const char* percentile) const { return number_in(link(count_).json, percentile); }
  double raw_time(const char* percentile) const { return number_in(raw(), percentile) / 1e3; }
  double link_rate() const {
    const std::string json = link(count_).json;
    return number_in(json, "ok") / number_in(json, "elapsed_us") * 1e6;
  }
  double raw_rate() const { return number_in(raw(), "requests_per_second"); }
  double other_time(const char* percentile) const { return number_in(other_thread(), percentile) / 1e3; }
  double other_rate() const { return number_in(other_thread(), "requests_per_second"); }
  // Without what starting the program, connecting and stopping takes.
  double link_cpu() const { return (link(count_).cpu_ns - link(1).cpu_ns) / static_cast<double>(count_); }
  double raw_cpu() const { return number_in(raw(), "cpu_ns"); }

 private:
  std::shared_ptr<server> server_;
  size_t body_, count_;
  std::string in_flight_, file_;
};

std::vector<figure> figures_of(size_t body, const std::string& name, size_t sequential, size_t parallel) {
  const auto s = std::make_shared<server>();
  const load one(s, body, sequential, 1), many(s, body, parallel, 64);
  return {
      {name + ", one at a time, p50", "us", [=] { return one.link_time("p50_us"); }, [=] { return one.raw_time("p50_ns"); },
       at_most(1.05), {}},
      {name + ", one at a time, p99", "us", [=] { return one.link_time("p99_us"); }, [=] { return one.raw_time("p99_ns"); },
       at_most(1.1), {}},
      {name + ", 64 in flight", "requests/s", [=] { return many.link_rate(); }, [=] { return many.raw_rate(); }, at_least(0.9), {}},
      {name + ", 64 in flight, CPU", "ns", [=] { return many.link_cpu(); }, [=] { return many.raw_cpu(); }, at_most(1.1), {}},
  };
}

std::vector<figure> small_figures() { return figures_of(64, "64 B", 8'000, 150'000); }
std::vector<figure> large_figures() { return figures_of(64 * 1024, "64 KiB", 4'000, 12'000); }

// Small requests over TLS beside raw TCP, large ones beside a raw client of TLS: what costs there is the cipher.
std::vector<figure> secured_figures() {
  const auto plain = std::make_shared<server>(), secured = std::make_shared<server>(true);
  const load small(secured, 64, 8'000, 1), small_raw(plain, 64, 8'000, 1), smalls(secured, 64, 100'000, 64), smalls_raw(plain, 64, 100'000, 64);
  const load large(secured, 64 * 1024, 3'000, 1), larges(secured, 64 * 1024, 8'000, 64);
  return {
      {"64 B over TLS 1.3, one at a time, p50", "us", [=] { return small.link_time("p50_us"); }, [=] { return small_raw.raw_time("p50_ns"); },
       at_most(1.15), {}},
      {"64 B over TLS 1.3, 64 in flight", "requests/s", [=] { return smalls.link_rate(); }, [=] { return smalls_raw.raw_rate(); }, at_least(0.8), {}},
      {"64 KiB over TLS 1.3, one at a time, p50", "us", [=] { return large.link_time("p50_us"); }, [=] { return large.raw_time("p50_ns"); },
       at_most(1.15), {}},
      {"64 KiB over TLS 1.3, 64 in flight", "requests/s", [=] { return larges.link_rate(); }, [=] { return larges.raw_rate(); }, at_least(0.8), {}},
  };
}

std::vector<figure> other_thread_figures() {
  const auto s = std::make_shared<server>();
  const load one(s, 64, 8'000, 1), many(s, 64, 100'000, 64);
  return {
      {"64 B from another thread, one at a time, p50", "us", [=] { return one.other_time("p50_ns"); }, [=] { return one.raw_time("p50_ns"); },
       at_most(1.25), {}},
      {"64 B from another thread, 64 in flight", "requests/s", [=] { return many.other_rate(); }, [=] { return many.raw_rate(); }, at_least(0.6), {}},
  };
}

// The libraries that a user would pick instead, with the lab's clients of them, each against its own server.
std::vector<figure> peer_figures() {
  std::vector<figure> all;
  const auto s = std::make_shared<server>();
  const load one(s, 64, 8'000, 1), many(s, 64, 150'000, 64);
  for (const char* name : {"gRPC", "libcurl"}) {
    const std::string absent = peer_absent(name);
    const auto p = std::make_shared<std::unique_ptr<peer>>();  // Once it is looked at, and on the server's processor.
    const auto ask = [=](const char* count, const char* in_flight) {
      run_on(1);
      if (*p == nullptr) *p = start_peer(name, state);
      const std::vector<std::string> more = {"--body-file", state + "/body_64", "--count", count, "--in-flight", in_flight, "--json"};
      std::vector<std::string> words = (*p)->client();
      words.insert(words.end(), more.begin(), more.end());
      return run(words).json;
    };
    const auto rate = [=] {
      const std::string json = ask("20000", "64");
      return number_in(json, "ok") / number_in(json, "elapsed_us") * 1e6;
    };
    all.push_back({std::string(name) + ", 64 B, one at a time, p50", "us", [=] { return number_in(ask("4000", "1"), "p50_us"); },
                   [=] { return one.raw_time("p50_ns"); }, {}, absent});
    all.push_back({std::string(name) + ", 64 B, 64 in flight", "requests/s", rate, [=] { return many.raw_rate(); }, {}, absent});
  }
  return all;
}

// Our own gateway, which takes streams into a folder.
class stream_server {
 public:
  stream_server() : process_((run_on(1), std::vector<std::string>{THARSIS_PROGRAM, "stn", "serve", "tcp://127.0.0.1:0", "--streams", state + "/streams",
                                                                  "--plugins", THARSIS_PLUGINS, "--state", state + "/gateway"})) {
    const std::string said = process_.line();
    const size_t at = said.find("127.0.0.1:");
    if (at == std::string::npos) throw std::runtime_error("the gateway does not listen: " + said);
    port_ = std::to_string(std::stoi(said.substr(at + 10)));
  }
  const std::string& port() const { return port_; }

 private:
  child process_;
  std::string port_;
};

// A large body as a stream, and small tasks over the same link meanwhile; beside it raw TCP with a connection for each. The gateway writes
// to its disk, and both ends make the SHA-256; nobody does that for raw bytes.
std::vector<figure> stream_figures() {
  const auto raw = std::make_shared<server>();
  const auto gateway = std::make_shared<std::unique_ptr<stream_server>>();  // Once it is looked at, and on the server's processor.
  const auto stream = [gateway](const char* what) {
    if (*gateway == nullptr) *gateway = std::make_unique<stream_server>();
    return number_in(run({THARSIS_BENCH_STREAM, (*gateway)->port(), "64"}).json, what);
  };
  const auto poured = [raw](const char* what) { return number_in(run({THARSIS_BENCH_ECHO, "pour", raw->port(), "256"}).json, what); };
  return {
      {"64 MiB as a stream, with tasks beside it", "MiB/s", [=] { return stream("mib_per_second"); }, [=] { return poured("mib_per_second"); }, {}, {}},
      {"64 B beside a stream, one at a time, p50", "us", [=] { return stream("p50_ns") / 1e3; }, [=] { return poured("p50_ns") / 1e3; }, {}, {}},
      {"64 B beside a stream, one at a time, p99", "us", [=] { return stream("p99_ns") / 1e3; }, [=] { return poured("p99_ns") / 1e3; }, {}, {}},
  };
}

std::vector<figure> start_figures() {
  const auto s = std::make_shared<server>();
  const load one(s, 64, 1, 1);
  return {{"the program's start to the first answer and its end", "ms",
           [=] {
             const auto begin = clock::now();
             one.link(1);
             return std::chrono::duration<double, std::milli>(clock::now() - begin).count();
           },
           {}, at_most(30), {}}};
}

// A program that has run for a moment. The server answers a link's ping, so it is up.
double resident_megabytes(const std::string& profile) {
  run_on(0);
  child c({THARSIS_PROGRAM, "run", profile, "--plugins", THARSIS_PLUGINS, "--state", state + "/stn"});
  if (!c.await(" run; ")) throw std::runtime_error("the program does not run");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return c.resident_megabytes();
}

std::vector<figure> memory_figures() {
  const auto s = std::make_shared<server>();
  const std::string empty = state + "/empty.yaml", linked = state + "/linked.yaml";
  std::ofstream(empty) << "tharsis: 1\nplugins:\n  dns: {}\n";  // A profile names one at least.
  std::ofstream(linked) << "tharsis: 1\nplugins:\n  dns: {}\n  stn:\n    links:\n      main:\n        endpoints: [\"tcp://127.0.0.1:" << s->port() << "\"]\n";
  return {{"memory of one plain link over the empty runtime", "MB",
           [=] { return resident_megabytes(linked) - resident_megabytes(empty); }, {}, at_most(5), {}}};
}

}  // namespace
}  // namespace tharsis::bench

int main(int count, char** words) {
  using namespace tharsis::bench;
  return run(count, words, {small_figures, large_figures, secured_figures, other_thread_figures, stream_figures, peer_figures, start_figures, memory_figures});
}
