// Names to addresses for coroutines: through tharsis.dns/1 while somebody provides it, through the
// system's resolver otherwise. IP addresses are answered at once.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sdk/abi/dns.h"
#include "sdk/abi/net.h"
#include "sdk/abi/registry.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"

namespace tharsis {

// Lives as long as the plugin's instance: answers that come late find it and are dropped. `registry`
// may be null, or the manifest may not want dns: then the system answers.
class resolver {
 public:
  resolver(strand& place, const tharsis_net& net, const tharsis_registry* registry)
      : place_(place), net_(net), registry_(registry) {}
  resolver(const resolver&) = delete;

  // At least one address, in the order to try, port 0; or why there is none, THARSIS_E_TIMEOUT when
  // the deadline passed.
  task<result<std::vector<tharsis_address>>> resolve(std::string name, instant deadline);

  // Is there a provider of tharsis.dns/1? It puts addresses in the order of its experience.
  bool has_service() const { return dns() != nullptr; }
  // It hears of what became of a dial; without one nobody does.
  void tell(const tharsis_dns_feedback& what) const;

 private:
  struct question {
    explicit question(strand& place) : answered(place) {}
    signal answered;
    const tharsis_dns* service = nullptr;  // Null: the system.
    tharsis_status status = THARSIS_PENDING;
    std::string reason;
    std::vector<tharsis_address> addresses;
  };
  // Takes the question off the list, and back from whoever still works on it.
  struct asking {
    resolver& owner;
    const tharsis_dns* service;
    tharsis_handle id;
    ~asking();
  };

  tharsis_status ask(const std::string& name, question& q, tharsis_handle& id, tharsis_error* error);
  const tharsis_dns* dns() const;
  static void on_dns(void* context, tharsis_handle id, const tharsis_dns_answer* answer);
  static void on_system(void* context, tharsis_handle id, tharsis_status status, const tharsis_address* list,
                        size_t count);

  strand& place_;
  const tharsis_net& net_;
  const tharsis_registry* registry_;
  std::map<std::pair<bool, tharsis_handle>, question*> open_;  // By who answers (dns?), and id.
};

}  // namespace tharsis
