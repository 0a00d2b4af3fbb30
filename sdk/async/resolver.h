// Names to addresses for coroutines: through tharsis.dns/1 while somebody provides it, through the
// system's resolver otherwise. IP addresses are answered at once.
//
// How addresses behave dns alone remembers. Without it, or with an older one that cannot rank(), what is told here is known here, for as
// long as this lasts. What was advised here is heeded here besides: a dns that has begun anew has not heard of it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sdk/abi/dns.h"
#include "sdk/abi/host_facts.h"
#include "sdk/abi/net.h"
#include "sdk/abi/network.h"
#include "sdk/abi/registry.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/address_memory.h"
#include "sdk/pure/error.h"

namespace tharsis {

// Lives as long as the plugin's instance: answers that come late find it and are dropped. `registry`
// may be null, or the manifest may not want dns: then the system answers. `random`: null, and every resolver that has no dns explores
// addresses (address_memory::explore()) at the same dials.
class resolver {
 public:
  resolver(strand& place, const tharsis_net& net, const tharsis_registry* registry, const tharsis_random* random = nullptr)
      : place_(place), net_(net), registry_(registry), random_(random) {}
  resolver(const resolver&) = delete;

  // At least one address, in the order to try, port 0; or why there is none, THARSIS_E_TIMEOUT when
  // the deadline passed.
  task<result<std::vector<tharsis_address>>> resolve(std::string name, instant deadline);

  struct known_addresses {
    std::vector<known_address> list;
    duration usual{};     // How long connecting takes on this network as a rule; 0: nobody knows.
    bool ranked = false;  // They are in the order of what is known of them: rank() has nothing to add.
    bool meant = false;   // Somebody wrote them in this order: dns' table, a hosts file, or the profile. Else it is as good as chance.

    // Whoever dials has a port: that of all of them then. 0: each keeps its own, which dns' table may have given it. What is known of
    // another port is no order of this one.
    void use_port(uint16_t port);
  };
  // The same, with what is known of each.
  task<result<known_addresses>> find(std::string name, instant deadline);
  // Addresses that no name has, or that nobody has ranked: in the order to try, without those that are left alone for now, unless all
  // are; or all in their order, with what is known of each. As they came where dns says nothing in time.
  enum class order : uint8_t { best_first, given };
  task<known_addresses> rank(std::vector<tharsis_address> list, order by = order::best_first);
  // Both: a name's addresses, or the address itself, with this port, as use_port() says.
  task<result<known_addresses>> find_ranked(std::string name, uint16_t port, instant deadline, order by = order::best_first);

  // Is there a provider of tharsis.dns/1? It puts addresses in the order of its experience.
  bool has_service() const { return dns() != nullptr; }
  // What became of a dial; dns hears it, or who is here in its place.
  void tell(const tharsis_dns_feedback& what);
  // As advise() of tharsis.dns/1, of the codes THARSIS_DNS_FAMILY and _AVOID; life 0: no longer.
  void advise(uint32_t code, const std::string& about, duration life);
  // What was advised here is marked in the list, whose ports are filled in, and stands last there.
  void heed(std::vector<known_address>& list) const;
  // The same of one address.
  bool avoids(const tharsis_address& a) const { return memory_.about(a, place_.now()).avoided; }
  // Which network what is told belongs to. Without dns nobody else asks.
  void on_network(const tharsis_network_state& now);

 private:
  struct question {
    explicit question(strand& place) : answered(place) {}
    signal answered;
    const tharsis_dns* service = nullptr;  // Null: the system.
    tharsis_status status = THARSIS_PENDING;
    uint32_t source = THARSIS_DNS_SYSTEM;
    std::string reason;
    std::vector<known_address> addresses;
    duration usual{};
  };
  // Takes the question off the list, and back from whoever still works on it.
  struct asking {
    resolver& owner;
    const tharsis_dns* service;
    tharsis_handle id;
    ~asking();
  };

  tharsis_status ask(const std::string& name, question& q, tharsis_handle& id, tharsis_error* error);
  const tharsis_dns* ranker() const;
  void mark(std::vector<known_address>& list) const;
  known_addresses ranked_here(const std::vector<tharsis_address>& list, order by);
  task<known_addresses> ranked_by(const tharsis_dns* service, std::vector<tharsis_address> list);
  const tharsis_dns* dns() const;
  static void on_dns(void* context, tharsis_handle id, const tharsis_dns_answer* answer);
  static void on_system(void* context, tharsis_handle id, tharsis_status status, const tharsis_address* list,
                        size_t count);

  strand& place_;
  const tharsis_net& net_;
  const tharsis_registry* registry_;
  const tharsis_random* const random_;
  std::map<std::pair<bool, tharsis_handle>, question*> open_;  // By who answers (dns?), and id.
  address_memory memory_;  // While there is no dns that ranks; what was advised here always.
};

}  // namespace tharsis
