// Watches who lies: weighs what servers have said of names against each other, has addresses prove by TLS whose they are, asks for
// names that do not exist, and remembers all of it (core/trust_ledger.h). Tells of it on the bus: dns.hijack, dns.source.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/proof_queue.h"
#include "plugins/dns/core/settings.h"
#include "plugins/dns/core/trust_ledger.h"
#include "plugins/dns/inquiry.h"
#include "plugins/dns/shown_certificate.h"
#include "plugins/dns/state_folder.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/network.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/logger.h"

namespace tharsis::dns {

class guard {
 public:
  struct topics {
    tharsis_handle hijack = 0, source = 0;  // 0: nobody is told.
  };
  // `doubted` hears of addresses that are not those of a name. All outlive it.
  guard(const host& tables, const means& m, const settings& s, const state_folder& kept, std::function<void(const std::string& name, const tharsis_address& at)> doubted);
  guard(const guard&) = delete;

  void tell_on(const topics& t) { topics_ = t; }
  // `learned` is called when proofs() are worth keeping anew.
  void tell_of_proofs(std::function<void()> learned) { learned_ = std::move(learned); }
  std::vector<tls_proof> proofs() const { return ledger_.proofs(place_.now()); }
  // `over` hears of a login's name when the login is: what the network said of it counts no more.
  void tell_of_login(std::function<void(const std::string& host)> over) { login_over_ = std::move(over); }
  void restore(const tls_proof& p) { ledger_.restore(p, place_.now()); }
  // Answers whether there was anything.
  bool forget(const std::string& name) {
    const bool known = ledger_.forget(name);
    queue_.forget(name);
    ++forgotten_;
    if (known) learned_();
    return known;
  }
  void open() { file_.open(); }
  void close() { work_.clear(), portal_watch_.clear(); }
  // After that: who lied is on the disk when it returns, if the disk takes it by then.
  task<void> keep(instant deadline) { return file_.close(deadline); }

  void on_network(const tharsis_network_state& now);
  // What is known before the servers are asked for a name.
  void prepare(inquiry::wish& w) const;
  beliefs about(const std::string& name) const;
  // What they have said.
  void on_heard(const inquiry& i);
  // Addresses that a translator has changed, as it likes: those that have proved themselves are marked so, others are to.
  void on_translated(const std::string& name, const std::vector<tharsis_address>& own, answer& a);
  // Somebody gave it, and it cannot be.
  void tell_bogus(const std::string& name, const refusal& what);
  // Is it not what somebody said it is: another's than a name's, or a landing server?
  bool is_doubted(const tharsis_address& at) const { return ledger_.doubted(at, place_.now()); }
  // Whoever dialled found that the address is the name's, or that it is not.
  void on_dialled(const std::string& name, const tharsis_address& at, int32_t proved);
  // sdt's word; see tharsis_dns::advise.
  void on_advice(uint32_t code, const std::string& about, duration life);

  bool doh_only() const { return ledger_.doh_only(place_.now()); }
  bool portal() const { return ledger_.portal(place_.now()); }
  // Of the network before its login: local names, and the login's own, unless that is one of the profile's.
  bool is_for_portal(std::string_view name) const;
  const trust_ledger& known() const { return ledger_; }
  const std::string& network() const { return network_; }

 private:
  struct counts {
    explicit counts(const host& h);
    counter lies, proved, refuted, inconclusive, canaries;
  };
  void weigh(const inquiry& i, size_t kind);
  void weigh_plain(const question& q, const testimony& t, const std::vector<const testimony*>& trusted);
  void tell_forbidden(const question& q, const testimony& t);
  void begin_proofs() {
    if (queue_.waiting() > 0 && !std::exchange(proving_, true)) work_.spawn(prove());
  }
  void suspect(const std::string& name, const tharsis_address& at, const std::string& source);
  void enqueue(proof_queue::wish w);
  void lie(const question& q, const testimony& t, uint32_t kind, const std::string& said, const std::string& truth, const std::string& why);
  void tell_lie(const std::string& name, const std::string& source, uint32_t kind, const std::string& said, const std::string& truth, const std::string& why) const;
  void tell_source(const std::string& source, uint32_t state, const std::string& why, duration lasts) const;
  void refute(const std::string& name, const tharsis_address& at, const std::string& source, const std::string& why);

  bool is_of_profile(std::string_view name) const;
  void end_login(const std::string& why);

  task<void> prove();
  void on_shown(const proof_queue::wish& what, const error& end, instant until);
  bool is_anothers(const proof_queue::wish& what, std::string_view why);
  task<void> load();
  task<void> look_for_wildcards();
  task<void> watch_portal();
  std::string strange_name() const;

  const host host_;
  const logger log_;
  strand& place_;
  const means& means_;
  const settings& settings_;
  const std::function<void(const std::string&, const tharsis_address&)> doubted_;
  std::function<void()> learned_ = [] {};
  std::function<void(const std::string&)> login_over_ = [](const std::string&) {};
  const counts counts_;
  topics topics_;
  std::string network_;
  trust_ledger ledger_;
  kept_file file_;
  proof_queue queue_;
  std::map<std::string, uint16_t> ports_;  // By address: where it was dialled last.
  std::optional<tls_context> trusted_;
  std::optional<shown_certificate> shown_;
  uint64_t lies_ = 0;
  uint64_t generation_ = 0;  // Of the network.
  uint64_t forgotten_ = 0;   // How often forget() was called.
  bool loaded_ = false, proving_ = false, looked_ = false, told_of_authorities_ = false;
  task_set work_, portal_watch_;
};

}  // namespace tharsis::dns
