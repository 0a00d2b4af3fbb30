#include "plugins/dns/guard.h"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/dns/core/address_rules.h"
#include "plugins/dns/trust_file.h"
#include "sdk/async/tcp_stream.h"
#include "sdk/async/tls_stream.h"
#include "sdk/pure/certificate_reason.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

// On a network that proved clean: so long a trusted server has to answer before plain ones are asked.
constexpr duration plain_after = 400ms;
constexpr duration canary_timeout = 2s;
// A minute's liars are found again when the process is killed; the disk is spared for that.
constexpr duration liars_pause = 60s;
constexpr duration portal_first_look = 5s, portal_last_look = 60s;
// Until sdt says otherwise, or the network changes.
constexpr size_t ports_max = 256, proofs_each = 2, names_shown = 4;

using kind_of_finding = findings::kind;

bool gives(const testimony& t, const tharsis_address& a) {
  return std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& o) { return same_ip(a, o) || neighbours(a, o); });
}
bool speaks(const testimony& t) { return t.what.what != kind_of_finding::failed; }
bool finds(const testimony& t) { return t.what.what == kind_of_finding::found; }

// Has it nothing of what the trusted ones have? That there is no address of one family is what many a router says of all names.
bool contradicts(const testimony& t, const std::vector<const testimony*>& trusted) {
  if (trusted.empty() || t.what.what == kind_of_finding::no_data) return false;
  return std::none_of(trusted.begin(), trusted.end(), [&](const testimony* o) {
    return finds(*o) == finds(t) && (!finds(t) || std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& a) { return gives(*o, a); }));
  });
}

std::string listed(const std::vector<tharsis_address>& all) {
  std::string text;
  for (size_t i = 0; i < std::min(all.size(), names_shown); ++i) text += (i > 0 ? " " : "") + ip_text(all[i]);
  return text;
}

// Seconds; what lasts longer than ten years is as good as for ever here.
constexpr int64_t certificate_max = int64_t{10} * 365 * 86'400;

ledger_settings ledger_for(const settings& s) {
  ledger_settings l;
  l.proof_life = s.proof.life;
  return l;
}

}  // namespace

guard::counts::counts(const host& h)
    : lies(h.count<counter>("lies", "1", "Answers that cannot be true, or that a trusted server contradicts")),
      proved(h.count<counter>("addresses_proved", "1", "Addresses that showed a certificate for the name")),
      refuted(h.count<counter>("addresses_refuted", "1", "Addresses that showed another certificate")),
      inconclusive(h.count<counter>("proofs_inconclusive", "1", "Addresses that proved nothing: no connection, or no TLS")),
      canaries(h.count<counter>("canaries", "1", "Names asked for that do not exist, to see where they lead")) {}

guard::guard(const host& tables, const means& m, const settings& s, const state_folder& kept, std::function<void(const std::string& name, const tharsis_address& at)> doubted)
    : host_(tables), log_(tables.log), place_(m.place), means_(m), settings_(s), doubted_(std::move(doubted)), counts_(tables), ledger_(ledger_for(s)),
      file_(place_, tables,
            {.path = kept.file("liars"),
             .what = "a file of who lied to dns",
             .loss = "who lied before is believed again",
             .never_kept = "who lied cannot be kept for the next start",
             .pause = liars_pause},
            kept.content({.read = [this](std::string_view text) { return ledger_.read(text, place_.now(), place_.wall() / 1'000'000'000); },
                          .write = [this] { return ledger_.text(place_.now(), place_.wall() / 1'000'000'000); }})),
      queue_(s.proof), work_(m.place), portal_watch_(m.place) {}

void guard::on_network(const tharsis_network_state& now) {
  const std::string id(view(now.id));
  // One without an id is another one with each generation.
  if (id == network_ && (!id.empty() || now.generation == generation_)) return;
  network_ = id;
  generation_ = now.generation;
  ledger_.on_network(network_);
  queue_.clear();
  looked_ = false;
  portal_watch_.clear();
}

void guard::prepare(inquiry::wish& w) const {
  const instant now = place_.now();
  w.known = about(w.name);
  const bool usual = w.known.rule == nullptr || w.known.rule->servers.empty();
  const bool trusted = usual && std::any_of(settings_.servers.begin(), settings_.servers.end(), [](const server& s) { return s.vouched(); });
  if (trusted && settings_.mode == trust::guarded && ledger_.clean(now)) w.plain_after = plain_after;
}

beliefs guard::about(const std::string& name) const {
  beliefs b = ledger_.about(name, place_.now());
  b.rule = settings_.domains.find(name);
  return b;
}

bool guard::is_for_portal(std::string_view name) const {
  return is_local_name(name) || settings_.is_local(name) || (!ledger_.portal_host().empty() && name == ledger_.portal_host() && !is_of_profile(name));
}

// A network that redirects to one of the profile's names gets no say in it.
bool guard::is_of_profile(std::string_view name) const {
  const std::string whole(name);
  return settings_.domains.find(name) != nullptr || settings_.pins.contains(whole) || settings_.last_resort.contains(whole) ||
         std::find(settings_.prefetch.begin(), settings_.prefetch.end(), whole) != settings_.prefetch.end();
}

void guard::on_heard(const inquiry& i) {
  const std::string& name = i.asked().name;
  if (settings_.mode_of(name) == trust::open || is_local_name(name) || settings_.is_local(name)) return;
  for (size_t kind = 0; kind < i.asked().kinds.size(); ++kind) weigh(i, kind);
  begin_proofs();
}

void guard::on_translated(const std::string& name, const std::vector<tharsis_address>& own, answer& a) {
  if (own.empty() || settings_.mode_of(name) == trust::open) return;
  size_t count = 0;
  for (candidate& c : a.candidates) {
    if (std::none_of(own.begin(), own.end(), [&](const auto& o) { return same_ip(o, c.address); })) continue;
    const auto known = ledger_.proof(name, c.address, place_.now());
    c.proven = known == true;
    if (known == true) c.why += "; it has proved by TLS to be the name's";
    else if (known == false) c.why += "; its certificate is not the name's, but there is no other address";
    else if (++count <= proofs_each) suspect(name, c.address, "nat64");
  }
  begin_proofs();
}

void guard::weigh(const inquiry& i, size_t kind) {
  const question& q = i.about(kind);
  std::vector<const testimony*> trusted;
  const uint64_t lies = lies_;
  bool plain_spoke = false, differs = false;
  for (const testimony& t : i.heard(kind))
    if (t.vouched && speaks(t)) trusted.push_back(&t);
  for (const testimony& t : i.heard(kind)) {
    for (const findings& f : t.forged) {
      counts_.lies.add();
      differs = true;
      tell_lie(q.name, t.source, THARSIS_DNS_LIE_FORGED, listed(f.addresses), listed(t.what.addresses), "answers that the server contradicts came in its name");
    }
    if (t.vouched) tell_forbidden(q, t);
    if (t.vouched || !speaks(t)) continue;
    plain_spoke = true;
    weigh_plain(q, t, trusted);
    const bool proved = std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& a) { return ledger_.proof(q.name, a, place_.now()) == true; });
    if (proved || !contradicts(t, trusted)) continue;
    differs = true;
    ledger_.on_doubt(t.source, place_.now());
    file_.change();
  }
  if (differs) ledger_.on_disagreed();
  else if (plain_spoke && !trusted.empty()) {
    const bool before = ledger_.clean(place_.now());
    ledger_.on_agreed(place_.now());
    if (!before && ledger_.clean(place_.now())) tell_source({}, THARSIS_DNS_NETWORK_CLEAN, "plain and trusted servers agreed on 20 names in a row", ledger_settings{}.clean_for);
  }
  if ((differs || lies_ != lies) && !std::exchange(looked_, true)) work_.spawn(look_for_wildcards());
}

// Who knows where his own servers stand needs no second opinion, not a trusted server's either; whether it lies, or is lied to, nobody knows.
void guard::tell_forbidden(const question& q, const testimony& t) {
  const domain_rule* const rule = settings_.domains.find(q.name);
  for (const auto& a : t.what.addresses) {
    if (std::string why = why_forbidden(rule, a); !why.empty()) return tell_bogus(q.name, {a, t.source, std::move(why)});
  }
}

// What cannot be is a lie; what a trusted server does not give is to prove itself; where nobody trusted speaks all is.
void guard::weigh_plain(const question& q, const testimony& t, const std::vector<const testimony*>& trusted) {
  const auto truth = std::find_if(trusted.begin(), trusted.end(), [](const testimony* o) { return finds(*o); });
  const std::string known = truth == trusted.end() ? std::string() : listed((*truth)->what.addresses);
  const domain_rule* const rule = settings_.domains.find(q.name);
  for (const auto& a : t.what.addresses) {
    std::string why = why_forbidden(rule, a);
    if (why.empty()) why = why_bogus(rule, a);
    if (!why.empty()) return lie(q, t, THARSIS_DNS_LIE_BOGUS, ip_text(a), known, why);
  }
  if (t.what.what == kind_of_finding::no_name && truth != trusted.end())
    return lie(q, t, THARSIS_DNS_LIE_HIDDEN, "no such name", known, "a trusted server knows the name");
  size_t count = 0;
  for (const auto& a : t.what.addresses) {
    const bool confirmed = std::any_of(trusted.begin(), trusted.end(), [&](const testimony* o) { return gives(*o, a); });
    if (!confirmed && ++count <= proofs_each) suspect(q.name, a, t.source);
  }
}

void guard::suspect(const std::string& name, const tharsis_address& at, const std::string& source) {
  const auto known = ledger_.proof(name, at, place_.now());
  if (!known) enqueue({name, at, source});
}

void guard::enqueue(proof_queue::wish w) {
  const auto dialled = ports_.find(ip_text(w.at));
  w.at.port = dialled != ports_.end() ? dialled->second : settings_.proof.port;
  queue_.add(std::move(w), place_.now());
}

void guard::lie(const question& q, const testimony& t, uint32_t kind, const std::string& said, const std::string& truth, const std::string& why) {
  counts_.lies.add();
  ++lies_;
  tell_lie(q.name, t.source, kind, said, truth, why);
  const bool before = ledger_.quarantined(t.source, place_.now());
  const instant until = ledger_.on_lie(t.source, why, place_.now());
  file_.change();
  if (!before && until > place_.now()) tell_source(t.source, THARSIS_DNS_SOURCE_QUARANTINED, "it said " + said + " of " + q.name + ": " + why, until - place_.now());
}

void guard::tell_lie(const std::string& name, const std::string& source, uint32_t kind, const std::string& said, const std::string& truth, const std::string& why) const {
  const tharsis_dns_hijack event{kind, 0, text_of(name), text_of(source), text_of(said), text_of(truth), text_of(why), text_of(network_)};
  host_.publish(topics_.hijack, &event);
}

void guard::tell_source(const std::string& source, uint32_t state, const std::string& why, duration lasts) const {
  log_.info("how dns thinks of a source source={source} state={state} why={why}", source.empty() ? std::string("all") : source, state, why);
  const tharsis_dns_source event{state, 0, text_of(source), text_of(why), text_of(network_), lasts.count()};
  host_.publish(topics_.source, &event);
}

void guard::tell_bogus(const std::string& name, const refusal& what) {
  counts_.lies.add();
  tell_lie(name, what.source, THARSIS_DNS_LIE_BOGUS, ip_text(what.address), {}, what.why);
}

void guard::on_dialled(const std::string& name, const tharsis_address& at, int32_t proved) {
  if (at.port != 0) {
    if (ports_.size() >= ports_max && !ports_.contains(ip_text(at))) ports_.erase(ports_.begin());
    ports_[ip_text(at)] = at.port;
  }
  const auto canonical = canonical_name(name);
  if (!canonical || proved == THARSIS_DNS_NOT_ASKED) return;
  if (proved == THARSIS_DNS_PROVED) {
    if (ledger_.on_proof(*canonical, at, place_.now())) learned_();
    return;
  }
  // Before a login the network shows its own certificate for every address.
  if (portal()) return;
  const auto known = ledger_.proof(*canonical, at, place_.now());
  if (!known) return refute(*canonical, at, {}, "who dialled it found the certificate of another there");
  if (!*known) return;  // Whoever dials it again finds it again.
  // Users trust other authorities than dns does, and than each other: one's word against what another has seen is looked into.
  enqueue({*canonical, at, {}, true});
  begin_proofs();
}

// Its source lied where another address has shown that the name has a certificate: a name without TLS has none anywhere. Not so a
// source that proves its own name: then the way to the address is somebody else's.
void guard::refute(const std::string& name, const tharsis_address& at, const std::string& source, const std::string& why) {
  counts_.refuted.add();
  if (ledger_.on_refuted(name, at, why, place_.now())) learned_();
  tell_lie(name, source, THARSIS_DNS_LIE_REFUTED, ip_text(at), {}, why);
  const auto has = [&](const std::vector<server>& list) { return std::any_of(list.begin(), list.end(), [&](const server& s) { return s.text == source && !s.vouched(); }); };
  const auto& rules = settings_.domains.all();
  const bool plain = has(settings_.servers) || std::any_of(rules.begin(), rules.end(), [&](const domain_rule& r) { return has(r.servers); });
  if (plain && !ledger_.about(name, place_.now()).its.empty()) {
    const instant until = ledger_.on_lie(source, why, place_.now());
    file_.change();
    tell_source(source, THARSIS_DNS_SOURCE_QUARANTINED, "it said " + ip_text(at) + " of " + name + ": " + why, until - place_.now());
  }
  doubted_(name, at);
}

task<void> guard::prove() {
  if (!loaded_) co_await load();
  signal pause(place_);
  while (queue_.waiting() > 0 && trusted_) {
    if (queue_.deadline() > place_.now()) co_await pause.wait(queue_.deadline());
    const auto next = queue_.take(place_.now());
    // Whoever dialled it meanwhile, with authorities of his own, knows already.
    if (!next || portal() || (!next->contested && ledger_.proof(next->name, next->at, place_.now()) == true)) continue;
    const uint64_t began = generation_, forgotten = forgotten_;
    const instant deadline = later(place_.now(), settings_.proof.timeout);
    auto wire = co_await dial_tcp(place_, *host_.net, next->at, deadline);
    error end = wire ? fine() : wire.failure();
    instant until = never;
    if (wire) {
      std::unique_ptr<stream> under = std::move(*wire);
      auto secured = co_await tls_connect(place_, std::move(under), *trusted_, next->name, deadline);
      end = secured ? fine() : secured.failure();
      if (secured) {
        const auto seconds = shown_->take_end();
        if (seconds) until = place_.now() + std::chrono::seconds(std::clamp<int64_t>(*seconds - place_.wall() / 1'000'000'000, 0, certificate_max));
        (*secured)->end();
      }
    }
    // It was learned elsewhere, or behind a portal, or somebody wants to have it forgotten.
    if (began != generation_ || forgotten != forgotten_ || portal()) continue;
    on_shown(*next, end, until);
  }
  proving_ = false;
}

void guard::on_shown(const proof_queue::wish& what, const error& end, instant until) {
  if (end.status == THARSIS_OK) {
    counts_.proved.add();
    if (ledger_.on_proof(what.name, what.at, place_.now(), until)) learned_();
    ledger_.on_believed(what.source);
    file_.change();
  } else if (end.status == THARSIS_E_UNTRUSTED && is_anothers(what, end.text)) {
    refute(what.name, what.at, what.source, end.text);
  } else {
    counts_.inconclusive.add();
  }
}

// Against a proof of a moment ago only a certificate counts that somebody vouches for: who proved the address may trust an authority that dns
// does not know.
bool guard::is_anothers(const proof_queue::wish& what, std::string_view why) {
  const certificate_reason reason = certificate_reason_of(why);
  if (ledger_.proof(what.name, what.at, place_.now()) == true) return what.contested && reason == certificate_reason::name;
  if (disproves(reason, trusted_->knows_authorities())) return true;
  if (reason == certificate_reason::trust && !std::exchange(told_of_authorities_, true))
    log_.warning("no authority is known here that could vouch for a certificate, so addresses cannot prove whose they are; install a list of them, or name one in dns.tls.ca");
  return false;
}

// Servers of names are vouched for by whom the system trusts, also where dns' own servers are by somebody else.
task<void> guard::load() {
  settings::tls_settings from = settings_.tls;
  from.system_store = true;
  means own{host_, place_, {}, {}, {}};
  co_await load_trust(own, from);
  loaded_ = true;
  trusted_ = std::move(own.web);
  if (trusted_) shown_.emplace(*trusted_);
  else log_.warning("addresses cannot prove whose they are reason={reason}", own.untrusted.text);
}

// Of fourteen letters: nobody has it.
std::string guard::strange_name() const {
  std::array<uint8_t, 14> dice{};
  host_.random->fill(host_.random->self, dice.data(), dice.size());
  std::string name;
  for (const uint8_t d : dice) name += static_cast<char>('a' + d % 26);
  return name + ".com";
}

// Two names that do not exist and lead to the same place: somebody's landing server.
task<void> guard::look_for_wildcards() {
  for (const server& to : settings_.servers) {
    if (to.vouched() || to.by == way::host) continue;  // The application's own source is no part of the network.
    std::vector<tharsis_address> before;
    for (int round = 0; round < 2; ++round) {
      const uint64_t began = generation_;
      const std::string name = strange_name();
      counts_.canaries.add();
      const auto first = std::make_shared<std::optional<findings>>();
      const testimony said = co_await ask(means_, to, name, type::a, later(place_.now(), canary_timeout), first);
      if (began != generation_ || said.what.what != kind_of_finding::found) break;
      for (const auto& a : said.what.addresses) {
        const bool again = std::any_of(before.begin(), before.end(), [&](const auto& b) { return same_ip(a, b); });
        if (!again) continue;
        ledger_.on_landing(a, said.source, place_.now());
        tell_lie(name, said.source, THARSIS_DNS_LIE_LANDING, ip_text(a), "no such name", "names that do not exist lead there");
      }
      before = said.what.addresses;
    }
  }
}

void guard::on_advice(uint32_t code, const std::string& about, duration life) {
  const instant now = place_.now(), until = later(now, life);
  const bool on = life > duration::zero();
  if (code == THARSIS_DNS_USE_DOH) {
    const bool any = std::any_of(settings_.servers.begin(), settings_.servers.end(), [](const server& s) { return s.vouched(); });
    if (on && !any) return log_.warning("nobody here proves its name, so dns goes on to believe who does not; name a tls:// or https:// server in dns.servers");
    ledger_.on_use_doh(until);
    tell_source({}, on ? THARSIS_DNS_NETWORK_DOH_ONLY : THARSIS_DNS_NETWORK_USUAL, "somebody who looked at the network says so", life);
  } else if (code == THARSIS_DNS_QUARANTINE) {
    if (on) ledger_.on_quarantine(about, "somebody who looked at the network says so", until);
    else ledger_.on_release(about);
    tell_source(about, on ? THARSIS_DNS_SOURCE_QUARANTINED : THARSIS_DNS_SOURCE_RELEASED, "somebody who looked at the network says so", life);
  } else if (code == THARSIS_DNS_PORTAL) {
    portal_watch_.clear();
    if (!on) return end_login("the network wants no login any more");
    ledger_.on_portal(until, canonical_name(about) ? *canonical_name(about) : std::string());
    tell_source({}, THARSIS_DNS_NETWORK_PORTAL, "the network wants a login first", life);
    portal_watch_.spawn(watch_portal());
  }
}

void guard::end_login(const std::string& why) {
  const std::string host = ledger_.portal_host();
  ledger_.on_portal({}, {});
  if (!host.empty()) login_over_(host);
  tell_source({}, THARSIS_DNS_NETWORK_USUAL, why, {});
}

// A trusted server that answers says that the login is over.
task<void> guard::watch_portal() {
  signal pause(place_);
  for (duration wait = portal_first_look; portal(); wait = std::min(wait * 3 / 2, portal_last_look)) {
    co_await pause.wait(later(place_.now(), wait));
    for (const server& to : settings_.servers) {
      if (!to.secured() || !portal()) continue;
      counts_.canaries.add();
      const auto first = std::make_shared<std::optional<findings>>();
      const testimony said = co_await ask(means_, to, strange_name(), type::a, later(place_.now(), canary_timeout), first);
      if (said.what.what == kind_of_finding::failed) continue;
      end_login("a trusted server answers: the login is over");
      co_return;
    }
  }
  end_login("nobody has said for a while that the network wants a login");
}

}  // namespace tharsis::dns
