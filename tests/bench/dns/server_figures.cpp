// Questions a second to unbound on this machine, by the CPU time that the client itself takes for them: `tharsis dns bench`
// beside dnsperf, and beside c-ares for UDP. The server has one processor, the clients the other.
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/bench/child.h"
#include "tests/bench/dns/groups.h"

namespace tharsis::bench {
namespace {

const std::string state = THARSIS_BENCH_STATE;
constexpr int plain_port = 15'953, tls_port = 15'954, https_port = 15'955;
constexpr const char* seconds = "1";

void run_on(unsigned processor) {
  if (std::thread::hardware_concurrency() < 2) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  sched_setaffinity(0, sizeof one, &one);
}

std::string installed(const std::string& program) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"})
    if (access((folder + program).c_str(), X_OK) == 0) return folder + program;
  return {};
}

// A certificate for 127.0.0.1 that signs itself.
void make_certificate() {
  child c({"/usr/bin/env", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=dns.test", "-addext",
           "subjectAltName=IP:127.0.0.1,DNS:dns.test", "-keyout", state + "/dns.key", "-out", state + "/dns.pem"});
  c.rest();
  if (c.await_end() != 0) throw std::runtime_error("openssl makes no certificate");
}

class unbound {
 public:
  unbound() {
    make_certificate();
    std::ofstream conf(state + "/unbound.conf");
    conf << "server:\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  use-syslog: no\n  do-daemonize: no\n  num-threads: 1\n  verbosity: 1\n"
         << "  directory: \"" << state << "\"\n  tls-service-key: " << state << "/dns.key\n  tls-service-pem: " << state << "/dns.pem\n"
         << "  tls-port: " << tls_port << "\n  https-port: " << https_port << "\n  incoming-num-tcp: 1000\n  http-max-streams: 200\n";
    for (const int port : {plain_port, tls_port, https_port}) conf << "  interface: 127.0.0.1@" << port << "\n";
    conf << "  access-control: 127.0.0.0/8 allow\n  local-zone: \"bench.test.\" redirect\n  local-data: \"bench.test. 300 A 192.0.2.10\"\nremote-control:\n  control-enable: no\n";
    conf.close();
    std::ofstream names(state + "/names.txt");
    for (int i = 0; i < 1000; ++i) names << "n" << i << ".bench.test A\n";
    run_on(1);
    process_ = std::make_unique<child>(std::vector<std::string>{"/bin/sh", "-c", "exec " + installed("unbound") + " -c " + state + "/unbound.conf 2>&1"});
    if (!process_->await("start of service")) throw std::runtime_error("unbound does not start");
  }

 private:
  std::unique_ptr<child> process_;
};

double number_behind(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  if (at == std::string::npos) throw std::runtime_error("no '" + word + "' in: " + text);
  return std::stod(text.substr(at + word.size()));
}

// Answers for each second of the client's CPU.
double by_cpu(const std::vector<std::string>& words, const std::string& count) {
  run_on(0);
  child c(words);
  const std::string said = c.rest();
  if (c.await_end() != 0) throw std::runtime_error(words[0] + " failed: " + said);
  return number_behind(said, count) / (c.cpu_nanoseconds() / 1e9);
}

double ours(const std::string& server) {
  return by_cpu({THARSIS_PROGRAM, "dns", "bench", "bench.test", "--variants", "1000", "--server", server, "--ca", state + "/dns.pem", "--time", std::string(seconds) + "s", "--json",
                 "--plugins", THARSIS_PLUGINS, "--state", state + "/dns"},
                "\"answered\":");
}

double dnsperf(const std::string& mode, int port) {
  return by_cpu({installed("dnsperf"), "-d", state + "/names.txt", "-s", "127.0.0.1", "-p", std::to_string(port), "-m", mode, "-l", seconds, "-c", "1", "-T", "1", "-q", "100"},
                "Queries completed:");
}

}  // namespace

std::vector<figure> server_figures() {
  const std::string udp = "udp://127.0.0.1:" + std::to_string(plain_port), tls = "tls://127.0.0.1:" + std::to_string(tls_port) + "#dns.test",
                    https = "https://127.0.0.1:" + std::to_string(https_port) + "/dns-query#dns.test";
  const std::string absent = installed("unbound").empty() ? "unbound is not installed" : "";
  const std::string no_peer = !absent.empty() ? absent : installed("dnsperf").empty() ? "dnsperf is not installed" : "";
#ifdef THARSIS_BENCH_CARES
  const std::string no_cares = absent;
  const std::string cares = THARSIS_BENCH_CARES;
#else
  const std::string no_cares = "c-ares is not installed", cares;
#endif
  const auto server = absent.empty() ? std::make_shared<unbound>() : nullptr;
  const auto of = [server](const std::string& url) { return [server, url] { return ours(url); }; };
  const auto peer = [server](const char* mode, int port) { return [server, mode = std::string(mode), port] { return dnsperf(mode, port); }; };
  const auto cares_peer = [server, cares] { return by_cpu({cares, std::to_string(plain_port), seconds}, "answered "); };
  return {
      {"questions over UDP, per second of the client's CPU", "1/s", of(udp), {}, at_least(60'000), absent},
      {"questions over UDP, beside dnsperf", "1/s", of(udp), peer("udp", plain_port), {}, no_peer},
      {"questions over UDP, beside c-ares", "1/s", of(udp), cares_peer, {}, no_cares},
      {"questions over TLS, per second of the client's CPU", "1/s", of(tls), {}, {}, absent},
      {"questions over TLS, beside dnsperf", "1/s", of(tls), peer("tls", tls_port), {}, no_peer},
      {"questions over HTTPS, per second of the client's CPU", "1/s", of(https), {}, at_least(25'000), absent},
      {"questions over HTTPS, beside dnsperf", "1/s", of(https), peer("doh", https_port), {}, no_peer},
  };
}

}  // namespace tharsis::bench
