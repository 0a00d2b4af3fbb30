// What the peers' servers share: where to listen, and the line that says so.
#pragma once
#include <string>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"

namespace tharsis::lab {

struct server_arguments {
  tharsis_address listen{};      // 127.0.0.1 and a port that the system chooses, unless said.
  std::string certificate, key;  // PEM files; empty: no TLS.
};

// The servers end at SIGTERM because nothing keeps it from them.
struct server_program {
  std::string name;
  bool has_tls = false;
  // Serves for ever. A failure: it could not begin.
  result<bool> (*serve)(const server_arguments& arguments);
};

// Two words each: --listen ADDRESS:PORT, --cert FILE, --key FILE.
result<server_arguments> parse_server_arguments(const server_program& program, const std::vector<std::string>& words);

int server_main(const server_program& program, int argc, char** argv);

// {"ready":true,"port":N} for whoever waits to send the first request.
void print_ready(uint16_t port);

}  // namespace tharsis::lab
