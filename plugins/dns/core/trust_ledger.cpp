#include "plugins/dns/core/trust_ledger.h"

#include <algorithm>

namespace tharsis::dns {
namespace {

std::string key_of(const tharsis_address& a) { return std::string(reinterpret_cast<const char*>(a.ip), a.family == 4 ? 4 : 16); }

tharsis_address address_of(const std::string& key) {
  tharsis_address a{};
  a.family = key.size() == 4 ? 4 : 6;
  std::copy(key.begin(), key.end(), a.ip);
  return a;
}

}  // namespace

void trust_ledger::on_network(std::string_view id) {
  here_->doh_only = here_->portal = instant{};
  here_->clean_until = instant{};
  here_->agreed = 0;
  const auto known = std::find_if(networks_.begin(), networks_.end(), [&](const network& n) { return n.id == id; });
  if (known != networks_.end()) {
    networks_.splice(networks_.begin(), networks_, known);
  } else {
    networks_.emplace_front();
    networks_.front().id = id;
    if (networks_.size() > settings_.networks_max) networks_.pop_back();
  }
  here_ = networks_.begin();
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

void trust_ledger::on_proof(std::string_view name, const tharsis_address& at, instant now) {
  note(name, at, {true, later(now, settings_.proof_life), {}}, now);
}

void trust_ledger::on_refuted(std::string_view name, const tharsis_address& at, std::string_view why, instant now) {
  on_disagreed();
  note(name, at, {false, later(now, settings_.refuted_life), std::string(why)}, now);
}

void trust_ledger::on_landing(const tharsis_address& at, instant now) {
  on_disagreed();
  forget_old(now);
  if (here_->landings.size() < settings_.entries_max) here_->landings[key_of(at)] = later(now, settings_.landing_life);
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
  here_->portal = until;
  here_->portal_host = host;
}

beliefs trust_ledger::about(std::string_view name, instant now) const {
  beliefs b;
  b.only_proven = doh_only(now) || portal(now);
  for (const auto& [source, l] : here_->liars)
    if (now < l.until || now < l.doubted_until) b.liars.push_back(source);
  for (const auto& [key, until] : here_->landings)
    if (now < until) b.not_its.push_back({address_of(key), "names that do not exist lead there on this network"});
  const auto found = here_->proofs.find(name);
  if (found == here_->proofs.end()) return b;
  for (const auto& [key, s] : found->second) {
    if (now >= s.until) continue;
    if (s.good) b.its.push_back(address_of(key));
    else b.not_its.push_back({address_of(key), s.why});
  }
  return b;
}

bool trust_ledger::quarantined(std::string_view source, instant now) const {
  const auto found = here_->liars.find(source);
  return found != here_->liars.end() && now < found->second.until;
}

std::optional<bool> trust_ledger::proof(std::string_view name, const tharsis_address& at, instant now) const {
  const auto found = here_->proofs.find(name);
  if (found == here_->proofs.end()) return std::nullopt;
  const auto one = found->second.find(key_of(at));
  if (one == found->second.end() || now >= one->second.until) return std::nullopt;
  return one->second.good;
}

void trust_ledger::note(std::string_view name, const tharsis_address& at, seen what, instant now) {
  if (here_->proofs.size() >= settings_.entries_max) forget_old(now);
  auto found = here_->proofs.find(name);
  if (found == here_->proofs.end()) {
    if (here_->proofs.size() >= settings_.entries_max) here_->proofs.erase(here_->proofs.begin());
    found = here_->proofs.emplace(std::string(name), std::map<std::string, seen>()).first;
  }
  if (found->second.size() >= 64) found->second.clear();
  found->second[key_of(at)] = std::move(what);
}

void trust_ledger::forget_old(instant now) {
  std::erase_if(here_->landings, [&](const auto& l) { return now >= l.second; });
  std::erase_if(here_->liars, [&](const auto& l) { return now >= later(std::max({l.second.until, l.second.last, l.second.doubted_until}), 16 * 24h); });
  for (auto p = here_->proofs.begin(); p != here_->proofs.end();) {
    std::erase_if(p->second, [&](const auto& one) { return now >= one.second.until; });
    p = p->second.empty() ? here_->proofs.erase(p) : std::next(p);
  }
}

}  // namespace tharsis::dns
