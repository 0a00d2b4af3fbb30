// What is known of who speaks on a network and of the addresses they give: who lied there and is not believed for a while, which
// address has proved by TLS to be a name's and which is not, where names that do not exist lead, whether the network proved
// clean, and whether it wants a login first. Of each network by its id; forgiven by time. Pure.
//
//   a lie       its source is in quarantine for 30 min, 1 h, 2 h ... up to 24 h; a day without a lie halves the count
//   a doubt     it contradicted a trusted server, as lists of many addresses may: until one of its addresses proves itself
//   clean       20 names in a row on which plain and trusted servers agreed: for 30 min, until the next lie or network,
//               plain ones need not be asked
//   a proof     a certificate for the name, from the address: it is the name's, whoever gave it
//   refuted     another certificate there: the address is not the name's, on this network; where no other has proved itself, it
//               gives way to what others give. The portal of a network shows its own for every address: what was refuted there is forgotten
#pragma once
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/dns/core/beliefs.h"
#include "plugins/dns/core/tls_proof.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct ledger_settings {
  // A liar is mostly a router or a carrier, and stays one; but people repair and change them.
  duration quarantine = 30min;
  duration quarantine_max = 24h;
  // So many names are not agreed on by chance.
  int clean_after = 20;
  duration clean_for = 30min;
  // Certificates live for months; who moves an address away lets it rest for a day at least. Never longer than the certificate.
  duration proof_life = 24h;
  // An address of another today may be the name's tomorrow.
  duration refuted_life = 6h;
  duration landing_life = 24h;
  duration doubt = 24h;
  // Bounds of memory: networks, and of each liars, proofs and landing servers.
  size_t networks_max = 16;
  size_t entries_max = 512;
  size_t addresses_max = 64;  // Of a name.
};

class trust_ledger {
 public:
  explicit trust_ledger(const ledger_settings& s = {}) : settings_(s) {}

  // Traffic takes another way: what sdt advised ends, the network of before is remembered.
  void on_network(std::string_view id);

  // Answers until when the source is in quarantine.
  instant on_lie(std::string_view source, std::string_view why, instant now);
  // It contradicted a trusted server: it is not believed alone for a day, or until an address that it gave proves itself.
  void on_doubt(std::string_view source, instant now);
  void on_believed(std::string_view source);
  // What plain servers said of a name a trusted one said too; or not.
  void on_agreed(instant now);
  void on_disagreed();
  // `certificate_until`: when what it has shown ends; never: who tells does not know, and what was known of it goes on to count.
  // True: proofs() are worth keeping anew. A proof that was renewed a moment ago is left as it is.
  bool on_proof(std::string_view name, const tharsis_address& at, instant now, instant certificate_until = never);
  // True: it counted as a proof before.
  bool on_refuted(std::string_view name, const tharsis_address& at, std::string_view why, instant now);
  // The source has names that do not exist lead there. Of others' word it says nothing: who lies may point at an honest place.
  void on_landing(const tharsis_address& at, std::string_view source, instant now);

  // sdt's word, until then; an instant that is past takes it back. `why` is told with answers.
  void on_quarantine(std::string_view source, std::string_view why, instant until);
  void on_release(std::string_view source);
  void on_use_doh(instant until) { here_->doh_only = until; }
  void on_portal(instant until, std::string_view host);

  // What to think of the answers for a name.
  beliefs about(std::string_view name, instant now) const;
  bool quarantined(std::string_view source, instant now) const;
  bool clean(instant now) const { return now < here_->clean_until; }
  bool doh_only(instant now) const { return now < here_->doh_only; }
  bool portal(instant now) const { return now < here_->portal; }
  const std::string& portal_host() const { return here_->portal_host; }
  // Nothing: nobody has looked.
  std::optional<bool> proof(std::string_view name, const tharsis_address& at, instant now) const;
  // Was it refuted for any name, or do names lead there that do not exist?
  bool doubted(const tharsis_address& at, instant now) const;

  // Addresses that have proved themselves, for the next start; networks that nobody can name are left out.
  std::vector<tls_proof> proofs(instant now) const;
  // Of the last start. What is known already is newer, and stays.
  void restore(const tls_proof& p, instant now);
  // That addresses have proved themselves the name's (empty: anybody's), on any network. What was refuted stays: somebody may redirect it
  // still. Answers whether there was anything.
  bool forget(std::string_view name);

  size_t networks() const { return networks_.size(); }

  // Who lied, for the next start; networks that nobody can name are left out.
  std::string text(instant now, int64_t wall_seconds) const;
  // What is known already is newer, and stays. THARSIS_E_INVALID: it means nothing, and nothing was taken.
  error read(std::string_view text, instant now, int64_t wall_seconds);

 private:
  struct liar {
    int times = 0;
    instant last{}, until{}, doubted_until{};
    std::string why;
  };
  struct seen {
    bool good = false;
    instant until{};
    std::string why;
    instant certificate_until = never;
  };
  struct network {
    std::string id;
    std::map<std::string, liar, std::less<>> liars;
    std::map<std::string, std::map<std::string, seen>, std::less<>> proofs;  // By name, then by the address' bytes.
    std::map<std::pair<std::string, std::string>, instant> landings;  // By the address' bytes and the source.
    int agreed = 0;
    instant clean_until{};
    instant doh_only{}, portal{};
    std::string portal_host;
  };
  network& of(std::string_view id);
  void come_back_to(const std::string& id);
  static std::pair<bool, instant> worth(const seen& s) { return {s.good, s.until}; }
  static bool worse(const std::pair<const std::string, seen>& a, const std::pair<const std::string, seen>& b) { return worth(a.second) < worth(b.second); }
  // Null: nothing was seen of it.
  static const seen* sight(const network& n, std::string_view name, const tharsis_address& at);
  void note(network& n, std::string_view name, const tharsis_address& at, seen what, instant now) const;
  void forget_old(instant now) { forget_old(*here_, now); }
  static void forget_old(network& n, instant now);
  // Answers how many there were.
  template <class Which>
  static size_t erase_sights(network& n, Which which);

  const ledger_settings settings_;
  std::list<network> networks_{1};  // The last used first.
  std::list<network>::iterator here_ = networks_.begin();
};

}  // namespace tharsis::dns
