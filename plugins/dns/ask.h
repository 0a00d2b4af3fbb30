// One question to one server, over the way that it has; and a trusted stream to it. No decision is made here that
// udp_inquiry, match() or read_findings() could make.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "plugins/dns/core/consensus.h"
#include "plugins/dns/core/server.h"
#include "plugins/dns/core/udp_inquiry.h"
#include "sdk/async/host.h"
#include "sdk/async/task.h"
#include "sdk/async/tls_machine.h"

namespace tharsis::dns {

class host_source;
class kept_connections;
class source_health;

// What all questions share; outlives them.
struct means {
  const host& tables;
  strand& place;
  udp_settings udp;
  // Who may vouch for a server. Nothing: why not.
  std::optional<tls_context> bare, web;  // For tls://; for https://, which also settles on HTTP/2.
  error untrusted{THARSIS_E_INVALID, "no certificate is trusted"};
  // Connections that outlive a question; null: each has its own.
  kept_connections* kept = nullptr;
  host_source* source = nullptr;  // The application's own, where one may be asked.
  source_health* health = nullptr;  // How servers have answered so far; null: nobody remembers.

  chance draw() const;
};

// Where an answer lies that is still listened to for a second one.
using first_word = std::shared_ptr<std::optional<findings>>;

// What the server says, by the deadline; a failure is a finding too. Destroying the task ends it.
task<testimony> ask(const means& m, server to, std::string name, uint16_t kind, instant deadline, first_word first);

}  // namespace tharsis::dns
