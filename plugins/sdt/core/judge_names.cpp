// Names: does the network's resolver answer, and does it tell the truth?
//
// The truth is what cannot be forged here: encrypted or signed answers. Where both differ, TLS at the disputed address
// decides: who holds a certificate for the name is no liar's landing place, however far from the other answer he is.
#include <algorithm>

#include "plugins/sdt/core/scene.h"
#include "sdk/pure/letters.h"

namespace tharsis::sdt {
namespace {

using name_list = std::vector<const name_probe*>;

bool is_same_name(std::string_view a, std::string_view b) {
  for (std::string_view* name : {&a, &b})
    if (name->ends_with('.')) name->remove_suffix(1);
  return same_but_for_case(a, b);
}
bool is_silent(const name_probe& n) { return n.rcode < 0 && n.failed == failure::timeout; }
bool is_plain(const name_probe& n) { return n.over == name_transport::udp || n.over == name_transport::tcp; }
bool has_answer(const name_probe& n) { return ran(n) && n.rcode == 0 && !n.addresses.empty(); }

// What it tells that no answer came. One that was not waited for for as long as it takes tells nothing: a question and
// its answer plainly, four round trips with TCP and TLS before them.
double weight_of(const scene& s, const name_probe& n) {
  if (!is_silent(n)) return 2.5;
  if (n.ms < s.rtt_ms() * (is_encrypted(n.over) ? 5 : n.over == name_transport::tcp ? 3 : 1.5)) return 0;
  return s.weight_of_silence(n.ms > 700 ? 2 : 1);
}

// Every plain answer of the network's own resolvers about the target, and every true one.
struct testimony {
  explicit testimony(const scene& s) {
    for (const name_probe& n : s.seen.names) {
      if (!ran(n)) continue;
      if (n.role == probe_role::system) system.push_back(&n);
      if (n.role == probe_role::alternate) alternate.push_back(&n);
      if (n.role == probe_role::truth && has_answer(n)) truth.push_back(&n);
      if (n.role == probe_role::truth && is_encrypted(n.over)) encrypted.push_back(&n);
    }
  }
  const name_probe* true_of(std::string_view type) const {
    for (const auto* n : truth)
      if (n->type == type) return n;
    return nullptr;
  }
  name_list system, alternate, truth, encrypted;
};

bool agree(const name_probe& a, const std::vector<std::string>& b) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const std::string& x) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& y) { return same_network(x, y); });
  });
}

// TLS with the target's name at one address.
const tls_probe* tls_at(const scene& s, const std::vector<std::string>& addresses, bool of_truth) {
  for (const tls_probe& t : s.seen.handshakes) {
    if (!ran(t) || (t.role != probe_role::answered && t.role != probe_role::target)) continue;
    if (of_truth && t.role != probe_role::target) continue;
    if (std::any_of(addresses.begin(), addresses.end(),
                    [&](const std::string& a) { return host_of(t.to) == host_of(a); }))
      return &t;
  }
  return nullptr;
}

// Hosts that are no resolvers, and an address that nobody has, asked for the target's name and for one that cannot be.
struct strangers {
  explicit strangers(const scene& s) {
    for (const name_probe& n : s.seen.names) {
      if (!ran(n) || n.role != probe_role::stranger) continue;
      const bool about_target = is_same_name(n.name, s.about.host);
      (n.rcode >= 0 ? about_target ? about_it : about_any : about_target ? mute : quiet).push_back(&n);
    }
  }
  name_list about_it, about_any;  // Answers,
  name_list mute, quiet;          // and who gave none.
};

// Who is no resolver has answered; one such host may serve names besides, two of them cannot, and none beside it that is silent.
void weigh_strangers(const scene& s, claim& c, const name_list& answers, const strangers& all, double weight) {
  const name_probe& first = *answers.front();
  c.because(first, weight);
  const auto other = std::find_if(answers.begin(), answers.end(), [&](const name_probe* n) { return n->server != first.server; });
  if (other != answers.end()) c.proven_by(**other);
  for (const auto* n : all.mute) c.despite(*n, std::min(3.0, weight_of(s, *n)));
}

// Who asked for a name that tells it: the resolver that proves its name, asked so that nobody can step between; the same one, asked plainly;
// and the network's own.
struct askers {
  explicit askers(const scene& s) {
    for (const name_probe& n : s.seen.names)
      if (n.role == probe_role::identity && has_answer(n) && is_encrypted(n.over)) proven = &n;
    for (const name_probe& n : s.seen.names) {
      if (proven == nullptr || n.role != probe_role::identity || !has_answer(n) || is_encrypted(n.over)) continue;
      (host_of(n.server) == host_of(proven->server) ? plainly : network) = &n;
    }
  }
  // The network's own asked in the place of the one that was asked. Large resolvers ask from many networks, so that another asker alone is nothing.
  bool replaced() const {
    return plainly != nullptr && network != nullptr && agree(*plainly, network->addresses) && !agree(*plainly, proven->addresses) && !agree(*network, proven->addresses);
  }
  const name_probe *proven = nullptr, *plainly = nullptr, *network = nullptr;
};

// What a stranger says of the target where the truth is known: 0: it agrees, or nobody can tell.
double weight_of_lie(const scene& s, const testimony& t, const name_probe& said) {
  const name_probe* const truth = t.true_of(said.type);
  if (truth == nullptr || !has_answer(said) || agree(said, truth->addresses)) return 0;
  // Large sites have other answers elsewhere: a certificate there tells it.
  if (const tls_probe* const there = tls_at(s, said.addresses, false)) return there->outcome == tls_outcome::ok ? 0 : 3;
  const bool as_system = std::any_of(t.system.begin(), t.system.end(), [&](const auto* n) { return has_answer(*n) && n->type == said.type && agree(*n, said.addresses); });
  return as_system ? 1 : 0;
}

void judge_intercepted(const scene& s, findings_list& found, const testimony& t, const strangers& asked, const askers& who) {
  claim c(verdict_code::dns_intercepted_port53);
  if (!asked.about_any.empty()) {
    weigh_strangers(s, c, asked.about_any, asked, 4);
    c.detail(asked.about_any.front()->server + " is no resolver and answers for " + asked.about_any.front()->name);
  }
  for (const auto* said : asked.about_it) {
    const double lie = weight_of_lie(s, t, *said);
    if (lie > 0) c.unlike(*t.true_of(said->type), lie).detail("of " + said->name + " it says " + joined(said->addresses));
    if (lie > 0) break;
  }
  if (who.replaced())
    c.because(*who.plainly, 3).again(*who.network, 0.5).unlike(*who.proven).detail("who was asked is " + who.plainly->server + ", and who asked is this network's own, " + joined(who.plainly->addresses));
  found.add(c.asks_for("use_doh"));
}

// An answer for the target's name alone from where nobody answers.
void weigh_forger(const scene& s, claim& c, const testimony& t, const strangers& asked) {
  const name_probe& said = *asked.about_it.front();
  weigh_strangers(s, c, asked.about_it, asked, 3);
  c.detail(said.server + " is no resolver and answers for " + said.name + " alone");
  if (!asked.quiet.empty()) c.unlike(*asked.quiet.front(), 1);
  if (const double lie = weight_of_lie(s, t, said); lie > 0) c.unlike(*t.true_of(said.type), lie);
}

// Two answers to one question, or an answer from where nobody answers.
void judge_forged(const scene& s, findings_list& found, const testimony& t) {
  const strangers asked(s);
  const askers who(s);
  const name_probe* late = nullptr;
  size_t late_ones = 0;
  for (const name_probe& n : s.seen.names) {
    if (ran(n) && n.late_answer && !agree(n, n.late_addresses)) late = &n, ++late_ones;
  }
  if (!asked.about_any.empty() || (who.replaced() && asked.about_it.empty())) return judge_intercepted(s, found, t, asked, who);
  if (late == nullptr && asked.about_it.empty()) return;
  claim c(verdict_code::dns_injection_onpath);
  if (late != nullptr) {
    c.proven_by(*late).detail("first " + joined(late->addresses) + ", then " + joined(late->late_addresses) + " from " +
                              late->server);
    if (late_ones > 1) c.contrast(1);
  }
  if (!asked.about_it.empty()) weigh_forger(s, c, t, asked);
  found.add(c.asks_for("use_doh"));
}

// An address of a kind that no public name has.
bool judge_bogus(const scene& s, findings_list& found, const name_probe& said, const name_probe* truth) {
  if (!has_answer(said) || !std::all_of(said.addresses.begin(), said.addresses.end(), leads_nowhere)) return false;
  const tls_probe* there = tls_at(s, said.addresses, false);
  if (there != nullptr && there->outcome == tls_outcome::ok) return false;  // A name of the house.
  claim c(verdict_code::dns_bogus_private_answer);
  c.because(said, 2.2);
  if (truth != nullptr && std::none_of(truth->addresses.begin(), truth->addresses.end(), leads_nowhere))
    c.proven_by(*truth, 4);
  else if (truth != nullptr)
    return false;
  c.with("answer", joined(said.addresses)).detail(said.server + " says " + joined(said.addresses));
  return found.add(c.asks_for("use_doh"));
}

bool judge_denied(const scene& s, findings_list& found, const name_probe& said, const name_probe* truth) {
  const bool denies = said.rcode == 3 || (said.rcode == 0 && said.addresses.empty());
  if (!denies || truth == nullptr) return false;
  if (said.rcode == 0 && said.type == "AAAA") {
    for (const name_probe& other : s.seen.names)
      if (other.role == probe_role::system && other.type == "A" && has_answer(other))
        return found.add(claim(verdict_code::dns_filter_empty_v6).because(said, 2).unlike(*truth, 2));
  }
  claim c(verdict_code::dns_false_nxdomain);
  c.because(said, 2).unlike(*truth, 2).detail(said.server +
                                              (said.rcode == 3 ? " says NXDOMAIN, " : " gives no address, ") +
                                              truth->server + " says " + joined(truth->addresses));
  const tls_probe* there = tls_at(s, truth->addresses, true);
  if (there != nullptr && there->outcome == tls_outcome::ok) c.proven_by(*there, 2);
  return found.add(c.asks_for("use_doh"));
}

// Different answers are what large sites have as well: the place itself is asked for a certificate.
bool judge_hijack(const scene& s, findings_list& found, const name_probe& said, const name_probe* truth) {
  if (!has_answer(said) || truth == nullptr || agree(said, truth->addresses)) return false;
  const tls_probe *there = tls_at(s, said.addresses, false), *true_one = tls_at(s, truth->addresses, true);
  claim c(verdict_code::dns_hijack_resolver, -3.5);
  c.because(said, 1.5).unlike(*truth, 1.5).with("answer", joined(said.addresses));
  c.detail(said.server + " says " + joined(said.addresses) + ", " + truth->server + " says " +
           joined(truth->addresses));
  const bool true_works = true_one != nullptr && true_one->outcome == tls_outcome::ok;
  if (true_works) c.because(*true_one, 1);
  const bool same_stranger = there != nullptr && true_one != nullptr && !true_works &&
                             there->outcome == true_one->outcome && there->issuer == true_one->issuer;
  if (there != nullptr && (there->outcome == tls_outcome::ok || same_stranger)) return false;
  if (there != nullptr && (there->outcome == tls_outcome::wrong_name || there->outcome == tls_outcome::unknown_ca ||
                           there->outcome == tls_outcome::pin_mismatch)) {
    c.because(*there, 4).detail("TLS at " + there->to + ": " + there->subject + " by " + there->issuer);
    if (true_works) c.proven();
  } else if (there != nullptr && !there->reply_received && true_works) {
    c.because(*there, std::min(3.5, s.weight_of_silence(2))).detail("nobody answers at " + there->to);
  }
  for (const name_probe& other : s.seen.names)
    if (other.role == probe_role::alternate && has_answer(other) && other.type == said.type) {
      if (agree(other, said.addresses))
        c.despite(other, 2);
      else if (agree(other, truth->addresses))
        c.because(other, 1);
    }
  return found.add(c.asks_for("use_doh"));
}

constexpr double slow_ms = 500;  // What a person notices, and more than any honest resolver of a neighbourhood takes.
constexpr double slow_round_trips = 10;

void judge_slow(const scene& s, findings_list& found, const testimony& t) {
  claim c(verdict_code::dns_slow, -3);
  double slowest = 0;
  name_list asked = t.system;
  for (const name_probe& n : s.seen.names)
    if (ran(n) && n.role == probe_role::missing) asked.push_back(&n);  // The same resolver, another name.
  for (const auto* n : asked) {
    if (n->rcode < 0 || n->ms < slow_ms || n->ms < slow_round_trips * s.rtt_ms()) continue;
    // A lost question is asked again after a while; so much must be explained by loss otherwise.
    c.because(*n, std::min(2.5, s.weight_of_silence(1)));
    if (slowest > 0) c.contrast(0.5);
    slowest = std::max(slowest, n->ms);
  }
  if (slowest == 0) return;
  for (const auto* n : t.system)
    if (n->rcode >= 0 && n->over == name_transport::udp && n->ms < slow_ms / 2) c.despite(*n, 2);
  bool compared = false;
  for (const auto* n : t.alternate)
    if (n->rcode >= 0 && n->ms < slowest / 2) c.unlike(*n, 1.5), compared = true;
  for (const auto* n : t.truth)
    if (!compared && n->ms < slowest / 2) c.unlike(*n, 1.5), compared = true;
  if (!compared && s.rtt_ms() > 0) c.contrast(1);
  found.add(c.with("time", ms_text(slowest)).detail("round trips take " + ms_text(s.rtt_ms())).asks_for("use_doh"));
}

// No answer at all, or none over one transport.
void judge_unanswered(const scene& s, findings_list& found, const testimony& t) {
  claim dead(verdict_code::dns_unreachable, -3.5), half(verdict_code::dns_edns_or_tcp_broken, -4.5);
  const name_probe *udp = nullptr, *tcp = nullptr, *udp_fails = nullptr, *tcp_fails = nullptr;
  const name_probe *refused = nullptr, *older = nullptr;
  for (const auto* n : t.system) {
    if (!is_plain(*n)) continue;
    const bool over_udp = n->over == name_transport::udp;
    if (n->rcode >= 0) {
      (over_udp ? udp : tcp) = n;
      continue;
    }
    (over_udp ? udp_fails : tcp_fails) = n;
    const double weight = weight_of(s, *n);
    dead.because(*n, weight), half.because(*n, weight);
    if (!is_silent(*n)) refused = n;
    if (n->from_older_network) older = n;
  }
  if (udp_fails != nullptr && udp == nullptr && tcp != nullptr)
    return void(found.add(
        half.unlike(*tcp, 1).detail(tcp->server + " answers over TCP, and not over UDP").asks_for("use_doh")));
  if (udp != nullptr || tcp != nullptr || udp_fails == nullptr) return;
  // It has answered about another name: it lives, and these questions were lost.
  for (const name_probe& n : s.seen.names)
    if (ran(n) && n.role == probe_role::missing && n.rcode >= 0 && n.server == udp_fails->server) return;
  const probe* internet = s.internet();
  if (internet == nullptr) return;
  if (older != nullptr) {
    claim c(verdict_code::dns_stale_after_network_change);
    // Two networks of one house may have one server, and that may be down.
    return void(found.add(c.because(*older, 1.5).unlike(*internet).detail(older->server + " was there on an earlier network").asks_for("refresh_dns")));
  }
  dead.unlike(*internet, 1);
  if (refused != nullptr)
    dead.proven_by(*refused, 2)
        .detail(refused->server + ": " + std::string(refused->said.empty() ? "refused" : refused->said));
  if (!t.truth.empty()) dead.unlike(*t.truth.front(), 1).asks_for("use_doh");
  found.add(dead);
}

const char* rcode_text(int32_t rcode) {
  return rcode == 2 ? "SERVFAIL" : rcode == 5 ? "REFUSED" : rcode == 1 ? "FORMERR" : rcode == 4 ? "NOTIMP" : "an error";
}

void judge_failing(const scene& s, findings_list& found, const testimony& t) {
  const name_probe *bad = nullptr, *second = nullptr;
  for (const auto* n : t.system) {
    if (has_answer(*n)) return;  // It knows it after all.
    if (n->rcode == 2 || n->rcode == 5 || n->rcode == 1 || n->rcode == 4) (bad == nullptr ? bad : second) = n;
  }
  if (bad == nullptr) return;
  claim c(verdict_code::dns_server_failing);
  c.because(*bad, 3);
  const name_probe* knows = nullptr;
  for (const auto* n : t.truth) knows = n;
  for (const auto* n : t.alternate)
    if (has_answer(*n)) knows = n;
  if (knows != nullptr)
    c.proven_by(*knows, 2);
  else if (second != nullptr)
    c.again(*second);
  else if (s.internet() != nullptr)
    c.contrast(0);
  found.add(c.with("rcode", rcode_text(bad->rcode))
                .detail(bad->server + " says " + rcode_text(bad->rcode))
                .asks_for("use_doh"));
}

void judge_wildcard(const scene& s, findings_list& found) {
  const name_probe *lie = nullptr, *second = nullptr, *honest = nullptr;
  for (const name_probe& n : s.seen.names) {
    if (!ran(n) || n.role != probe_role::missing) continue;
    if (has_answer(n)) (lie == nullptr ? lie : second) = &n;
    if (n.rcode == 3) honest = &n;
  }
  if (lie == nullptr) return;
  claim c(verdict_code::dns_nxdomain_wildcard);
  c.because(*lie, 3)
      .with("answer", joined(lie->addresses))
      .detail(lie->server + " gives " + joined(lie->addresses) + " for " + lie->name);
  if (second != nullptr && agree(*lie, second->addresses)) c.proven_by(*second, 2);
  if (honest != nullptr) c.proven_by(*honest, 2);
  if (second == nullptr && honest == nullptr) c.contrast(0);
  found.add(c.asks_for("use_doh"));
}

void judge_encrypted(const scene& s, findings_list& found, const testimony& t) {
  claim c(verdict_code::encrypted_dns_blocked, -3.5);
  size_t tried = 0;
  for (const auto* n : t.encrypted) {
    if (n->rcode >= 0) return;
    c.because(*n, weight_of(s, *n)), ++tried;
    c.detail(n->server + (is_silent(*n) ? " is silent" : " fails"));
  }
  if (tried == 0) return;
  const name_probe* plain = nullptr;
  for (const auto* n : t.system)
    if (n->rcode >= 0) plain = n;
  const connect_probe* control = s.control_like("");
  if (plain == nullptr || control == nullptr) return;
  found.add(c.unlike(*plain, 0.5).unlike(*control, 0.5));
}

void judge_unknown(const scene& s, findings_list& found, const testimony& t) {
  const name_probe* first = nullptr;
  claim c(verdict_code::name_unknown);
  for (const name_probe& n : s.seen.names) {
    const bool asked = n.role == probe_role::system || n.role == probe_role::alternate || n.role == probe_role::truth;
    if (!ran(n) || !asked || n.rcode < 0) continue;
    if (n.rcode != 3) return;
    if (first == nullptr)
      c.because(n, 2.2);
    else if (n.server != first->server)
      c.proven_by(n, 2);
    if (first == nullptr) first = &n;
  }
  if (first != nullptr && t.truth.empty()) found.add(c);
}

}  // namespace

void judge_names(const scene& s, findings_list& found) {
  const testimony t(s);
  judge_forged(s, found, t);
  const bool forged = found.has(verdict_code::dns_injection_onpath) || found.has(verdict_code::dns_intercepted_port53);
  // What others put in its mouth is not the resolver's lie.
  for (const auto* said : t.system) {
    if (forged) break;
    const name_probe* truth = t.true_of(said->type);
    if (judge_bogus(s, found, *said, truth) || judge_denied(s, found, *said, truth) ||
        judge_hijack(s, found, *said, truth))
      break;
  }
  judge_unanswered(s, found, t);
  judge_failing(s, found, t);
  judge_unknown(s, found, t);
  judge_wildcard(s, found);
  judge_encrypted(s, found, t);
  judge_slow(s, found, t);
}

}  // namespace tharsis::sdt
