#include "tests/bench/stn/peers.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/bench/child.h"

namespace tharsis::bench {
namespace {

const std::string programs = THARSIS_BENCH_LAB;  // The folder of the lab's.

// Of 127.0.0.1, a moment ago.
std::string free_port() {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool bound = bind(s, reinterpret_cast<sockaddr*>(&at), size) == 0 && getsockname(s, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  close(s);
  if (!bound) throw std::runtime_error("there is no free port on 127.0.0.1");
  return std::to_string(ntohs(at.sin_port));
}

class grpc_peer final : public peer {
 public:
  grpc_peer() : server_({programs + "/lab_server_grpc"}) {
    const std::string ready = server_.line();
    const size_t at = ready.find("\"port\":");
    if (at == std::string::npos) throw std::runtime_error("gRPC's server does not listen: " + ready);
    port_ = std::to_string(std::stoi(ready.substr(at + 7)));
  }
  std::vector<std::string> client() const override { return {programs + "/lab_client_grpc", "tcp://127.0.0.1:" + port_}; }

 private:
  child server_;
  std::string port_;
};

// nginx answers it, as in the lab, without TLS.
class curl_peer final : public peer {
 public:
  explicit curl_peer(const std::string& folder) : port_(free_port()), server_({"/usr/bin/env", "sh", "-c", "exec nginx -c " + configuration(folder) + " -e stderr 2>&1"}) {
    if (!server_.await("OS: ")) throw std::runtime_error("nginx does not listen");
  }
  std::vector<std::string> client() const override { return {programs + "/lab_client_curl", "tcp://127.0.0.1:" + port_}; }

 private:
  std::string configuration(const std::string& folder) const {
    std::ifstream in(THARSIS_BENCH_NGINX);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const char* line : {"    listen @ADDRESS@:@TLS_PORT@ ssl http2;\n", "    ssl_certificate @CERTIFICATE@;\n", "    ssl_certificate_key @KEY@;\n"})
      text.erase(text.find(line), std::string(line).size());
    for (const auto& [name, value] : {std::pair<std::string, std::string>{"@FOLDER@", folder}, {"@ADDRESS@", "127.0.0.1"}, {"@PORT@", port_}})
      for (size_t at = text.find(name); at != std::string::npos; at = text.find(name)) text.replace(at, name.size(), value);
    std::ofstream(folder + "/nginx.conf") << text;
    return folder + "/nginx.conf";
  }
  std::string port_;
  child server_;
};

}  // namespace

std::string peer_absent(const std::string& name) {
  const std::string program = programs + (name == "gRPC" ? "/lab_client_grpc" : "/lab_client_curl");
  return std::filesystem::exists(program) ? "" : "it is not installed: script/bootstrap --lab";
}

std::unique_ptr<peer> start_peer(const std::string& name, const std::string& folder) {
  if (name == "gRPC") return std::make_unique<grpc_peer>();
  return std::make_unique<curl_peer>(folder);
}

}  // namespace tharsis::bench
