// The libraries that a user would pick instead of stn: a server that echoes, and the client of tests/lab/peers.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace tharsis::bench {

class peer {
 public:
  virtual ~peer() = default;
  // The client's program and its server; how much to ask comes behind it.
  virtual std::vector<std::string> client() const = 0;
};

// Why it cannot be looked at here, or nothing. `name`: gRPC, libcurl.
std::string peer_absent(const std::string& name);

// Listens when it returns; throws when it does not. `folder`: for its files.
std::unique_ptr<peer> start_peer(const std::string& name, const std::string& folder);

}  // namespace tharsis::bench
