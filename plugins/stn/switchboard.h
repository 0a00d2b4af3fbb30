// What all links of an instance share to get connected: names, what is known of addresses and of the ways there, what applications
// have said of them, and proxies.
#pragma once
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/address_choice.h"
#include "plugins/stn/core/breakers.h"
#include "plugins/stn/core/extra_connections.h"
#include "plugins/stn/core/proxy_choice.h"
#include "plugins/stn/core/settings.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/healing.h"
#include "plugins/stn/link_names.h"
#include "plugins/stn/path_book.h"
#include "sdk/abi/network.h"
#include "sdk/abi/stn_addresses.h"
#include "sdk/async/mailbox.h"
#include "sdk/async/resolver.h"
#include "sdk/async/tls_sessions.h"
#include "sdk/pure/nat64.h"

namespace tharsis::stn {

// A server as a proxy is told of it.
struct target {
  std::string host;
  uint16_t port;
  address_source source;
};

// What is to be tried, in this order.
struct choice {
  std::vector<candidate> all;
  duration usual{};  // How long connecting takes on this network as a rule; 0: nobody knows.
};

class switchboard {
 public:
  // `links` outlive it; `segments`: the file of path_book. [own strand]
  switchboard(strand& place, const host& tables, const link_names& links, const counts& c, std::string segments, const breaker_settings& b, const extra_settings& e);

  void open() { paths_.open(); }
  task<void> close(instant deadline);
  void on_network(const tharsis_network_state& now);

  // As tharsis_stn_addresses says. [any thread]
  tharsis_status set(tharsis_text link, uint32_t kind, const tharsis_address* list, size_t count, tharsis_error* error);
  tharsis_status ban(const tharsis_address* address, tharsis_error* error);

  resolver& names() { return names_; }
  // What applications and the profile say of the link's addresses, ports filled in; nothing is resolved.
  address_lists given(const link_settings& link, uint16_t port) const;
  // Of these lists. `ranked`: dns has put what was resolved in order, as it is dialled. `link` outlives the task.
  task<choice> choose(address_lists lists, bool ranked, const link_settings& link);
  // A name's addresses of which nobody meant the order come in this client's own, unless the link wants them as they came. What is
  // known of them is to be looked at then.
  void settle(resolver::known_addresses& of, const link_settings& link) const;
  path_book& paths() { return paths_; }
  const path_book& paths() const { return paths_; }
  healing& heals() { return heals_; }
  const healing& heals() const { return heals_; }

  // What a server does after the connect; see core/breaker.h. What it says when it is left alone from now on, and was not; else
  // nothing.
  std::string on_server_failure(const tharsis_address& a, std::string why, duration at_least);
  void on_server_good(const tharsis_address& a) { breakers_.on_success(a, place_.now()); }
  duration left_alone_for(const tharsis_address& a) const { return breakers_.left_alone_for(a, place_.now()); }
  breakers& servers() { return breakers_; }
  // Connections of all links beside their own.
  extra_connections& extras() { return extras_; }
  std::vector<std::string> left_alone() const { return breakers_.open(place_.now()); }

  bool foreground() const { return foreground_; }
  // Where a proxy shall lead to, in the order to try.
  std::vector<target> targets(const link_settings& link, const endpoint& to) const;
  // On a network that carries IPv6 only, where one of the lists has an IPv4 address: how it is translated there.
  task<void> learn_translation(address_lists lists, instant deadline);
  tls_sessions& sessions() { return sessions_; }

  proxy_choice& proxies() { return proxies_; }
  uint64_t random() const;

 private:
  struct letter {
    std::string link;
    uint32_t kind = 0;
    std::vector<tharsis_address> list;
    bool ban = false;
  };
  tharsis_status send(letter l, tharsis_error* error);
  static void on_letter(void* context, letter l);
  bool translate(std::vector<known_address>& list) const;
  task<void> rank(std::vector<known_address>* list, resolver::order by, duration* usual);

  strand& place_;
  const host host_;
  const link_names& links_;
  resolver names_;
  healing heals_;
  path_book paths_;
  breakers breakers_;
  extra_connections extras_;
  std::map<std::pair<std::string, uint32_t>, std::vector<tharsis_address>> lists_;  // By link and kind.
  const uint64_t client_;  // See own_order().
  bool foreground_ = true;
  proxy_choice proxies_;
  uint32_t families_ = 0;       // Which the network carries; 0: nobody knows.
  uint64_t generation_ = 0;     // Of the network,
  uint64_t translated_in_ = 0;  // and the one that `translation_` belongs to.
  std::optional<nat64_prefix> translation_;
  tls_sessions sessions_;
  std::atomic<bool> closing_ = false;
  inbox<letter> inbox_;
};

}  // namespace tharsis::stn
