#include "plugins/dns/core/trust_ledger.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/whole_number.h"

namespace tharsis::dns {
namespace {

std::string key_of(const tharsis_address& a) { return std::string(reinterpret_cast<const char*>(a.ip), a.family == 4 ? 4 : 16); }

constexpr std::string_view liars_head = "tharsis dns liars 1\n";
constexpr size_t columns = 7;

bool is_kept(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

tharsis_address address_of(const std::string& key) {
  tharsis_address a{};
  a.family = key.size() == 4 ? 4 : 6;
  std::copy(key.begin(), key.end(), a.ip);
  return a;
}

}  // namespace

void trust_ledger::on_network(std::string_view id) {
  here_->doh_only = here_->portal = instant{};
  here_->portal_host.clear();
  here_->clean_until = instant{};
  here_->agreed = 0;
  if (id.empty()) networks_.remove_if([](const network& n) { return n.id.empty(); });  // Of another one that has no name either.
  (void)of(id);
  here_ = networks_.begin();
}

// It is the one that was used last from then on.
trust_ledger::network& trust_ledger::of(std::string_view id) {
  const auto known = std::find_if(networks_.begin(), networks_.end(), [&](const network& n) { return n.id == id; });
  if (known != networks_.end()) {
    networks_.splice(networks_.begin(), networks_, known);
  } else {
    networks_.emplace_front();
    networks_.front().id = id;
    if (networks_.size() > settings_.networks_max) networks_.pop_back();
  }
  return networks_.front();
}

// "NETWORK <tab> SOURCE <tab> times <tab> last <tab> until <tab> doubted until <tab> why", times in seconds since 1970.
std::string trust_ledger::text(instant now, int64_t wall_seconds) const {
  const auto when = [&](instant t) { return t == instant{} ? std::string("0") : std::to_string(wall_seconds + std::chrono::floor<std::chrono::seconds>(t - now).count()); };
  std::string all(liars_head);
  for (const network& n : networks_)
    for (const auto& [source, l] : n.liars)
      if (is_kept(n.id) && is_kept(source))
        all += n.id + '\t' + source + '\t' + std::to_string(l.times) + '\t' + when(l.last) + '\t' + when(l.until) + '\t' + when(l.doubted_until) + '\t' + (is_kept(l.why) ? l.why : "it lied") + '\n';
  return all;
}

error trust_ledger::read(std::string_view text, instant now, int64_t wall_seconds) {
  if (!text.starts_with(liars_head)) return {THARSIS_E_INVALID, "it is no file of who lied to dns"};
  text.remove_prefix(liars_head.size());
  // A clock that was set since makes nobody a liar for longer than a day.
  const auto when = [&](std::string_view word) -> std::optional<instant> {
    const auto seconds = whole_number<int64_t>(word);
    if (!seconds || *seconds < 0) return std::nullopt;
    const int64_t day = 24 * 3600;
    return *seconds == 0 ? instant{} : now + std::chrono::seconds(std::clamp<int64_t>(*seconds - wall_seconds, -30 * day, day));
  };
  std::vector<std::pair<std::vector<std::string_view>, liar>> all;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::vector<std::string_view> words;
    for (size_t end; words.size() + 1 < columns && (end = line.find('\t')) != std::string_view::npos; line.remove_prefix(end + 1)) words.push_back(line.substr(0, end));
    words.push_back(line);
    if (words.size() != columns || !is_kept(words[0]) || !is_kept(words[1])) return {THARSIS_E_INVALID, "a line of it has not the form of one"};
    const auto times = whole_number<int>(words[2]);
    const auto last = when(words[3]), until = when(words[4]), doubted = when(words[5]);
    if (!times || *times < 0 || *times > 16 || !last || !until || !doubted) return {THARSIS_E_INVALID, "a line of it has a number that is none"};
    all.push_back({std::move(words), {*times, *last, *until, *doubted, {}}});
  }
  const std::string present = here_->id;
  for (auto& [words, l] : all) {
    network& n = of(words[0]);
    l.why = words[6];
    if (n.liars.size() < settings_.entries_max) n.liars.emplace(std::string(words[1]), std::move(l));
  }
  come_back_to(present);
  return fine();
}

// The one where traffic is stays the first.
void trust_ledger::come_back_to(const std::string& id) {
  here_ = std::find_if(networks_.begin(), networks_.end(), [&](const network& n) { return n.id == id; });
  if (here_ == networks_.end()) here_ = networks_.emplace(networks_.begin()), here_->id = id;
  networks_.splice(networks_.begin(), networks_, here_);
}

std::vector<tls_proof> trust_ledger::proofs(instant now) const {
  std::vector<tls_proof> all;
  for (const network& n : networks_) {
    if (!is_kept(n.id)) continue;
    for (const auto& [name, addresses] : n.proofs)
      for (const auto& [key, s] : addresses)
        if (s.good && now < s.until) all.push_back({n.id, name, address_of(key), s.until, s.certificate_until});
  }
  return all;
}

void trust_ledger::restore(const tls_proof& p, instant now) {
  if (now >= p.until || !is_kept(p.network)) return;
  const std::string present = here_->id;
  network& n = of(p.network);
  const bool known = sight(n, p.name, p.at) != nullptr;
  if (!known && n.proofs.size() < settings_.entries_max) note(n, p.name, p.at, {true, std::min(p.until, later(now, settings_.proof_life)), {}, p.certificate_until}, now);
  come_back_to(present);
}

bool trust_ledger::forget(std::string_view name) {
  size_t gone = 0;
  for (network& n : networks_)
    gone += erase_sights(n, [&](const std::string& whose, const seen& s) { return (name.empty() || whose == name) && s.good; });
  return gone > 0;
}

instant trust_ledger::on_lie(std::string_view source, std::string_view why, instant now) {
  forget_old(now);
  on_disagreed();
  auto found = here_->liars.find(source);
  if (found == here_->liars.end()) {
    if (here_->liars.size() >= settings_.entries_max) return now;
    found = here_->liars.emplace(std::string(source), liar{}).first;
  }
  liar& l = found->second;
  if (now < l.until) return l.until;  // It is one lie, told of again.
  for (instant day = later(std::max(l.last, l.until), 24h); l.times > 0 && day <= now; day = later(day, 24h)) l.times /= 2;
  const int doublings = std::min(l.times, 16);
  l.times = std::min(l.times + 1, 16);
  l.last = now;
  l.until = later(now, std::min(settings_.quarantine * (1 << doublings), settings_.quarantine_max));
  l.why = why;
  return l.until;
}

void trust_ledger::on_doubt(std::string_view source, instant now) {
  forget_old(now);
  if (here_->liars.size() < settings_.entries_max || here_->liars.count(source) != 0) here_->liars[std::string(source)].doubted_until = later(now, settings_.doubt);
}

void trust_ledger::on_believed(std::string_view source) {
  if (const auto found = here_->liars.find(source); found != here_->liars.end()) found->second.doubted_until = instant{};
}

void trust_ledger::on_agreed(instant now) {
  if (++here_->agreed < settings_.clean_after) return;
  here_->agreed = 0;
  here_->clean_until = later(now, settings_.clean_for);
}

void trust_ledger::on_disagreed() {
  here_->agreed = 0;
  here_->clean_until = instant{};
}

// Who dials each few seconds proves each few seconds; who keeps the proofs writes them all each time.
bool trust_ledger::on_proof(std::string_view name, const tharsis_address& at, instant now, instant certificate_until) {
  constexpr int renewals = 16;  // In its life.
  const seen* const known = sight(*here_, name, at);
  const bool proved = known != nullptr && known->good && now < known->until;
  // One that is over has been replaced by another, of whose end nobody has said anything.
  if (certificate_until == never && known != nullptr && known->good && now < known->certificate_until) certificate_until = known->certificate_until;
  const instant until = std::min(certificate_until, later(now, settings_.proof_life));
  const bool same_certificate = proved && known->certificate_until == certificate_until;
  if (same_certificate && until - known->until < settings_.proof_life / renewals) return false;
  note(*here_, name, at, {true, until, {}, certificate_until}, now);
  return true;
}

bool trust_ledger::on_refuted(std::string_view name, const tharsis_address& at, std::string_view why, instant now) {
  on_disagreed();
  const bool proved = proof(name, at, now) == true;
  note(*here_, name, at, {false, later(now, settings_.refuted_life), std::string(why)}, now);
  return proved;
}

void trust_ledger::on_landing(const tharsis_address& at, std::string_view source, instant now) {
  on_disagreed();
  forget_old(now);
  if (here_->landings.size() < settings_.entries_max) here_->landings[{key_of(at), std::string(source)}] = later(now, settings_.landing_life);
}

void trust_ledger::on_quarantine(std::string_view source, std::string_view why, instant until) {
  on_disagreed();
  if (here_->liars.size() >= settings_.entries_max) return;
  liar& l = here_->liars[std::string(source)];
  l.until = std::max(l.until, until);
  l.why = why;
}

void trust_ledger::on_release(std::string_view source) {
  if (const auto found = here_->liars.find(source); found != here_->liars.end()) here_->liars.erase(found);
}

void trust_ledger::on_portal(instant until, std::string_view host) {
  // What was found before anybody knew of the portal was its certificate, whatever the address.
  erase_sights(*here_, [](const std::string&, const seen& s) { return !s.good; });
  here_->portal = until;
  here_->portal_host = host;
}

beliefs trust_ledger::about(std::string_view name, instant now) const {
  beliefs b;
  b.only_proven = doh_only(now) || portal(now);
  for (const auto& [source, l] : here_->liars)
    if (now < l.until || now < l.doubted_until) b.liars.push_back(source);
  for (const auto& [key, until] : here_->landings)
    if (now < until) b.not_its.push_back({address_of(key.first), "names that do not exist lead there on this network", key.second});
  const auto found = here_->proofs.find(name);
  if (found == here_->proofs.end()) return b;
  for (const auto& [key, s] : found->second)
    if (now < s.until && s.good) b.its.push_back(address_of(key));
  for (const auto& [key, s] : found->second)
    if (now < s.until && !s.good) b.not_its.push_back({address_of(key), s.why, {}, !b.its.empty()});
  return b;
}

bool trust_ledger::quarantined(std::string_view source, instant now) const {
  const auto found = here_->liars.find(source);
  return found != here_->liars.end() && now < found->second.until;
}

std::optional<bool> trust_ledger::proof(std::string_view name, const tharsis_address& at, instant now) const {
  const seen* const known = sight(*here_, name, at);
  if (known == nullptr || now >= known->until) return std::nullopt;
  return known->good;
}

bool trust_ledger::doubted(const tharsis_address& at, instant now) const {
  const std::string key = key_of(at);
  const auto refuted = [&](const auto& name) {
    const auto one = name.second.find(key);
    return one != name.second.end() && !one->second.good && now < one->second.until;
  };
  const auto leads = [&](const auto& landing) { return landing.first.first == key && now < landing.second; };
  return std::any_of(here_->proofs.begin(), here_->proofs.end(), refuted) || std::any_of(here_->landings.begin(), here_->landings.end(), leads);
}

const trust_ledger::seen* trust_ledger::sight(const network& n, std::string_view name, const tharsis_address& at) {
  const auto found = n.proofs.find(name);
  if (found == n.proofs.end()) return nullptr;
  const auto one = found->second.find(key_of(at));
  return one == found->second.end() ? nullptr : &one->second;
}

// Whoever gives many addresses, or many names, takes no proof its place as long as there is something else: what was refuted goes before what
// has proved itself, and what ends first before all others.
void trust_ledger::note(network& n, std::string_view name, const tharsis_address& at, seen what, instant now) const {
  if (n.proofs.size() >= settings_.entries_max) forget_old(n, now);
  auto found = n.proofs.find(name);
  if (found == n.proofs.end()) {
    const auto best = [](const auto& one) { return worth(std::max_element(one.second.begin(), one.second.end(), worse)->second); };
    if (n.proofs.size() >= settings_.entries_max)
      n.proofs.erase(std::min_element(n.proofs.begin(), n.proofs.end(), [&](const auto& a, const auto& b) { return best(a) < best(b); }));
    found = n.proofs.emplace(std::string(name), std::map<std::string, seen>()).first;
  }
  auto& all = found->second;
  const std::string key = key_of(at);
  if (all.size() >= settings_.addresses_max && !all.contains(key)) all.erase(std::min_element(all.begin(), all.end(), worse));
  all[key] = std::move(what);
}

void trust_ledger::forget_old(network& n, instant now) {
  std::erase_if(n.landings, [&](const auto& l) { return now >= l.second; });
  std::erase_if(n.liars, [&](const auto& l) { return now >= later(std::max({l.second.until, l.second.last, l.second.doubted_until}), 16 * 24h); });
  erase_sights(n, [&](const std::string&, const seen& s) { return now >= s.until; });
}

template <class Which>
size_t trust_ledger::erase_sights(network& n, Which which) {
  size_t gone = 0;
  for (auto p = n.proofs.begin(); p != n.proofs.end();) {
    gone += std::erase_if(p->second, [&](const auto& one) { return which(p->first, one.second); });
    p = p->second.empty() ? n.proofs.erase(p) : std::next(p);
  }
  return gone;
}

}  // namespace tharsis::dns
