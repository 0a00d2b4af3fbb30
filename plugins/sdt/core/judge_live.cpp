// What stn has met itself on its links to the target: no probe has its pins and authorities, its codec and its hello.
#include <algorithm>

#include "plugins/sdt/core/link_trouble.h"
#include "plugins/sdt/core/scene.h"
#include "plugins/sdt/core/target.h"

namespace tharsis::sdt {
namespace {

struct trouble {
  std::string_view why;  // link_trouble.h
  verdict_code code;
  std::string_view reason;  // For the sentences that have a place for it.
};
constexpr trouble troubles[] = {
    {"pin", verdict_code::tls_pin_mismatch, ""},
    {"expired", verdict_code::tls_expired, ""},
    {"wrong_name", verdict_code::tls_name_mismatch, ""},
    {"authority", verdict_code::tls_unknown_ca, ""},
    {"tls", verdict_code::tls_protocol, ""},
    {"hello", verdict_code::link_refused, "it refuses the hello"},
    {"sign_in", verdict_code::link_refused, "it refuses who signs in"},
    {"nonsense", verdict_code::wrong_reply, ""},
    {"unanswered", verdict_code::service_slow_accept, ""},
    {"sign_in_unanswered", verdict_code::service_slow_accept, ""},
    {link_silent, verdict_code::service_slow_accept, ""},
    {"own_certificates", verdict_code::link_misconfigured, "its own certificates cannot be read"},
    {"forbidden", verdict_code::link_misconfigured, "the profile does not allow it unencrypted"},
    {"codec", verdict_code::link_misconfigured, "its codec is not there, or broke its contract"},
    {"no_sign_in", verdict_code::link_misconfigured, "nobody is there who could sign in"},
};

// Of one that is up it is over, and one with several endpoints may be at another by now.
const trouble* trouble_of(const scene& s, const passive_probe& p) {
  const bool over = p.link_state == "up" && p.why != link_silent;
  if (!ran(p) || over || p.why.empty() || !leads_to(p.met_at, s.about.host, s.about.port)) return nullptr;
  const auto found = std::find_if(std::begin(troubles), std::end(troubles), [&](const trouble& t) { return t.why == p.why; });
  return found == std::end(troubles) ? nullptr : found;
}

bool is_silence(const trouble& t) { return t.code == verdict_code::service_slow_accept; }
bool tells_by_itself(const trouble& t) { return t.why != "nonsense" && t.why != "tls"; }

// Of the certificate itself, which whoever trusts the same authorities finds as well.
bool anybody_would(const trouble& t) { return t.why == "expired" || t.why == "wrong_name" || t.why == "authority"; }

// Our own handshake with the target, where its certificate was accepted.
const tls_probe* accepted(const scene& s) {
  const auto all = of_role(s.seen.handshakes, probe_role::target);
  const auto found = std::find_if(all.begin(), all.end(), [](const tls_probe* t) { return t->outcome == tls_outcome::ok; });
  return found == all.end() ? nullptr : *found;
}

// Another look at the same thing: what the probes made of it says more, for they have compared it.
bool probes_have_met_it(const trouble& t, const findings_list& found) {
  if (found.has(t.code)) return true;
  const bool certificate = t.code == verdict_code::tls_pin_mismatch || t.code == verdict_code::tls_expired || t.code == verdict_code::tls_name_mismatch ||
                           t.code == verdict_code::tls_unknown_ca || t.code == verdict_code::tls_protocol;
  constexpr verdict_code explained_by[] = {verdict_code::tls_interception, verdict_code::tls_expired,         verdict_code::tls_name_mismatch,
                                           verdict_code::tls_unknown_ca,   verdict_code::tls_protocol,        verdict_code::clock_wrong,
                                           verdict_code::sni_blocking_rst, verdict_code::sni_blocking_timeout, verdict_code::dns_hijack_resolver};
  return certificate && std::any_of(std::begin(explained_by), std::end(explained_by), [&](verdict_code c) { return found.has(c); });
}

const connect_probe* stands(const scene& s) {
  for (const auto* one : of_role(s.seen.connects, probe_role::target))
    if (worked(*one)) return one;
  return nullptr;
}

// The server takes the connection, and what stn says on it gets no answer. Nobody has said so, and a path that loses packets looks the same:
// it tells only where nothing else is wrong, and by its repeats, weighed against loss; the first may be the rest of something that is over.
void judge_unanswered(const scene& s, findings_list& found, const passive_probe& p) {
  const connect_probe* const there = stands(s);
  if (p.failures < 2 || found.has_fault() || s.noop() != nullptr || there == nullptr) return;
  claim c(verdict_code::service_slow_accept, -3);
  c.because(p, std::min(3.0, s.weight_of_silence(p.failures - 1))).unlike(*there, 1);
  if (const tls_probe* const ours = accepted(s)) c.unlike(*ours, 0.7);
  found.add(c.detail("stn, link " + p.link + ": " + p.said + ", " + std::to_string(p.failures) + " times in a row").asks_for("backoff"));
}

}  // namespace

void judge_live(const scene& s, findings_list& found) {
  for (const passive_probe& p : s.seen.live) {
    const trouble* const t = trouble_of(s, p);
    if (t == nullptr || probes_have_met_it(*t, found)) continue;
    if (is_silence(*t)) {
      judge_unanswered(s, found, p);
      continue;
    }
    const tls_probe* const ours = accepted(s);
    // A handshake that failed once may have been the network's fault; where ours succeeds it is the server's to say why.
    if (t->why == "tls" && (ours == nullptr || p.failures < 2)) continue;
    // What was shown to stn once may have been renewed, or a portal's, by now; if it is not, stn has other authorities than we.
    const bool ours_alone = ours != nullptr && anybody_would(*t);
    if (ours_alone && p.failures < 2) continue;
    claim c(t->code);
    if (ours_alone) c.because(p, 3).blames(blame::device);
    else if (tells_by_itself(*t) && (p.failures > 1 || !anybody_would(*t))) c.proven_by(p);
    else c.because(p, 3);
    if (ours != nullptr) c.unlike(*ours, 1);
    for (const auto* one : of_role(s.seen.connects, probe_role::target))
      if (worked(*one) && !tells_by_itself(*t)) c.unlike(*one, 0.5);
    if (t->code == verdict_code::tls_pin_mismatch) c.asks_for("do_not_trust");
    found.add(c.with("reason", std::string(t->reason)).detail("stn, link " + p.link + ": " + p.said));
    return;
  }
}

}  // namespace tharsis::sdt
