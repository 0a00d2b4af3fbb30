// What one diagnosis is asked for, and what helps it that belongs to its user.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdt/core/observation.h"
#include "plugins/sdt/core/target.h"
#include "sdk/pure/key_pin.h"
#include "sdk/pure/proxy.h"
#include "sdk/pure/time.h"
#include "sdk/pure/url.h"

namespace tharsis::sdt {

// A page whose true answer is known: a gateway's pages where its path is "/canary/" (see canary.h of sdk/pure); 204 and nothing more where its path ends in "generate_204", and else the same over
// http and over https.
struct canary {
  url page;
  std::vector<tharsis_address> at;  // Tried instead of asking for the name; so it is there also where names are not.
};

// It is that of a gateway of one's own, who serves "/canary/bytes/N" as well.
inline bool is_of_gateway(const url& page) { return page.target == "/canary/" && !page.secure; }

// A resolver beside the system's: "udp://IP[:53]", "tcp://", "tls://IP[:853]#NAME", "https://IP[:443]/dns-query#NAME".
struct trusted_resolver {
  name_transport over = name_transport::udp;
  tharsis_address at{};
  std::string name;  // Of its certificate; empty: its address.
  std::string path;
};
result<trusted_resolver> parse_resolver(std::string_view text);
// "http://canary.example.com/generate_204", with "@IP" behind it as often as wished.
result<canary> parse_canary(std::string_view text);

struct wish {
  aim at;
  depth how_deep = depth::light;
  duration deadline = 5s;
  uint64_t budget = 300'000;  // Bytes, both ways; 0: none.
  std::vector<canary> canaries;
  std::string canary_key;  // Of the gateway that serves pages under "/canary/".
  std::optional<canary> download;  // A large page, for the load of what comes down; without one the first canary's, of a gateway.
  std::vector<tharsis_address> controls;  // Other hosts that ought to take a connection, by address and port.
  std::vector<trusted_resolver> resolvers;
  std::optional<proxy> through;  // Besides what the host application has told of; tried, not used.
  std::vector<passive_probe> live;  // What links that are there tell, without a byte.
  std::optional<tharsis_address> closed;  // Of one's own host, a port on which nobody listens.
  std::string identity_name;              // Its authority answers with the address of whoever asked it; empty: none.
  std::vector<tharsis_address> older_resolvers;  // Of this machine's list, and there already on an earlier network.
  std::vector<key_pin> pins;  // Of the target: one of its chain's keys is one of them.

  // So deep, and with what that takes: to fill a line needs twice the time, and many more bytes.
  void go(depth how);
};

}  // namespace tharsis::sdt
