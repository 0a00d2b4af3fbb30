#include "plugins/dns/core/desk.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/core/address_rules.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

// What a hosts file says is not known for ever, and a table says for how long. It has weights that are drawn, too: what is known is
// read again when it is used, whatever its life is.
constexpr duration known_for = 1h, known_for_least = 1s, known_read_again = 30s;

std::string kind(uint32_t family) { return family == 0 ? "" : family == 4 ? "IPv4 " : "IPv6 "; }

// Of the family that was asked for; NOT_FOUND when none is.
answer of_family(const subject& about, std::vector<tharsis_address> list, uint32_t source, std::string_view whence) {
  if (about.family != 0)
    list.erase(std::remove_if(list.begin(), list.end(), [&](const auto& a) { return a.family != about.family; }),
               list.end());
  if (!list.empty()) return {THARSIS_OK, source, std::move(list), {}};
  return {THARSIS_E_NOT_FOUND, source, {},
          "'" + about.name + "' has no " + kind(about.family) + "address: " + std::string(whence)};
}

answer failure(const subject& about, tharsis_status status) {
  const std::string name = "the name '" + about.name + "'";
  switch (status) {
    case THARSIS_E_NOT_FOUND:
      return {status, THARSIS_DNS_SYSTEM, {},
              name + " has no " + kind(about.family) + "address; check its spelling, or pin it in dns.pins"};
    case THARSIS_E_TIMEOUT:
      return {status, THARSIS_DNS_SYSTEM, {},
              name + " was not resolved: no resolver answered the system; check the network and its name servers"};
    default:
      return {THARSIS_E_NETWORK, THARSIS_DNS_SYSTEM, {},
              name + " was not resolved: the system's resolver failed (" + std::string(status_name(status)) +
                  "); check the network and its name servers"};
  }
}

answer too_late(const subject& about, duration waited) {
  return {THARSIS_E_TIMEOUT, THARSIS_DNS_SYSTEM, {},
          "the name '" + about.name + "' was not resolved within " + std::to_string(milliseconds(waited)) +
              " ms; check the network and its name servers"};
}

answer withdrawn(const subject& about, std::string_view by_whom) {
  return {THARSIS_E_CANCELLED, THARSIS_DNS_SYSTEM, {},
          "the question for '" + about.name + "' was withdrawn: " + std::string(by_whom)};
}

}  // namespace

void desk::on_question(tharsis_handle id, const subject& about, instant now) {
  ++stats_.queries;
  if (stopped_) return say(id, withdrawn(about, "dns is stopping"));
  if (const auto literal = parse_ip(about.name))
    return say_surely(id, about, of_family(about, {*literal}, THARSIS_DNS_LITERAL, "it is an address of the other family"), "literal", "it is an address", now);
  if (const auto pinned = settings_.pins.find(about.name); pinned != settings_.pins.end())
    return say_surely(id, about, of_family(about, pinned->second, THARSIS_DNS_PINNED, "dns.pins gives it only others"), "pinned", "dns.pins says so", now);
  if (publish_known(about, now)) return say(id, cache_.find(about, now).what);
  if (is_this_machine(about.name))  // In the order of RFC 6724; who listens on one of them only refuses the other at once.
    return say_surely(id, about, of_family(about, {*parse_ip("::1"), *parse_ip("127.0.0.1")}, THARSIS_DNS_LITERAL, "it means this machine"), "literal", "the name means this machine", now);
  cache::found known = cache_.find(about, now);
  if (known.as == cache::use::refresh) on_prefetch(about, now);
  if (known.as == cache::use::fresh || known.as == cache::use::refresh) return say_known(id, std::move(known.what));
  const instant until = later(now, settings_.timeout);
  const instant deadline = known.as == cache::use::stale ? std::min(until, later(now, settings_.cache.stale_wait)) : until;
  open_[id] = {about, deadline, until};
  due_.emplace(deadline, id);
  look_up(about);
  lookups_[about].waiting.insert(id);
}

// What needs nobody to be asked, to be read by everybody; false: somebody has to be.
bool desk::publish_known(const subject& about, instant now) {
  auto sure = known_ == nullptr ? std::nullopt : known_->find(about);
  if (!sure) return false;
  sure->learned = now;
  const duration life = std::max(sure->life.value_or(known_for), known_for_least);
  cache_.fix(about, std::move(*sure), {later(now, life), later(now, std::min(known_read_again, life / 2)), later(now, life)});
  return true;
}

void desk::look_up(const subject& about) {
  const auto [place, fresh] = lookups_.try_emplace(about);
  if (!place->second.started) to_start_.push_back(about);
}

void desk::on_prefetch(const subject& about, instant now) {
  if (stopped_ || parse_ip(about.name) || is_this_machine(about.name) || settings_.pins.contains(about.name) || publish_known(about, now) || cache_.find(about, now).as == cache::use::fresh) return;
  // Who wishes for names without end waits for none of them.
  if (lookups_.size() >= settings_.questions_max && !lookups_.contains(about)) return;
  const auto [place, fresh] = lookups_.try_emplace(about);
  if (!std::exchange(place->second.kept, true)) ++refreshes_;
  if (fresh) to_refresh_.push_back(about);
}

void desk::on_start(instant now) {
  publish_pins(now);
  prefetch_list(now);
}

void desk::on_known_changed(instant now) {
  cache_.on_known_changed([this](const std::string& name) { return known_ != nullptr && known_->has(name); }, now);
  publish_pins(now);
}

void desk::publish_pins(instant now) {
  for (const auto& [name, addresses] : settings_.pins)
    for (const uint32_t family : {0u, 4u, 6u}) {
      answer pinned = of_family({name, family}, addresses, THARSIS_DNS_PINNED, "dns.pins gives it only others");
      describe(pinned, "pinned", true, "dns.pins says so");
      pinned.learned = now;
      cache_.fix({name, family}, std::move(pinned), {never, never, never});
    }
}

void desk::prefetch_list(instant now) {
  for (const std::string& name : settings_.prefetch) on_prefetch({name, 0}, now);
}

void desk::on_restored(const std::vector<cache::proof>& proofs, instant now) {
  for (auto p = proofs.rbegin(); p != proofs.rend(); ++p)
    if (!settings_.pins.contains(p->about.name) && !publish_known(p->about, now)) restore(*p, now);
  for (auto& [about, l] : lookups_) {
    if (l.waiting.empty()) continue;
    const cache::found known = cache_.find(about, now);
    if (known.as != cache::use::refresh) continue;
    if (!std::exchange(l.kept, true)) ++refreshes_;
    for (const tharsis_handle id : std::exchange(l.waiting, {})) {
      close(id);
      say_known(id, known.what);
    }
  }
}

// The profile may have other rules now.
void desk::restore(cache::proof p, instant now) {
  if (const domain_rule* const rule = settings_.domains.find(p.about.name)) {
    if (!std::all_of(p.what.addresses.begin(), p.what.addresses.end(), [&](const auto& a) { return rule->allows(a); })) return;
    p.what.stale_max = rule->stale_max;
  }
  cache_.restore(p, now);
}

void desk::say_known(tharsis_handle id, answer what) {
  if (what.stale) ++stale_answers_;
  what.source = THARSIS_DNS_CACHED;
  say(id, std::move(what));
}

void desk::say_surely(tharsis_handle id, const subject& about, answer what, std::string_view source, std::string_view why, instant now) {
  describe(what, source, true, why);
  what.learned = now;
  if (what.source != THARSIS_DNS_LITERAL) cache_.fix(about, what, {never, never, never});
  say(id, std::move(what));
}

void desk::on_looked_up(const subject& about, tharsis_status status, std::vector<tharsis_address> addresses, instant now, std::vector<refusal> refused) {
  if (status == THARSIS_OK && addresses.empty()) status = THARSIS_E_NOT_FOUND;
  answer what = status == THARSIS_OK ? of_family(about, std::move(addresses), THARSIS_DNS_SYSTEM,
                                                       "the system's resolver gave only others")
                                           : failure(about, status);
  if (!refused.empty()) {
    what.verdict = word(finding::hijack);
    what.unbelieved = status == THARSIS_E_NOT_FOUND;
    if (what.unbelieved)
      what.reason = "the name '" + about.name + "' has no usable address: " + ip_text(refused[0].address) + " from the system's resolver: " + refused[0].why +
                    "; where this network itself has the name its domain is of class local (dns.domains)";
    what.refused = std::move(refused);
  }
  describe(what, "system", false, "the system's resolver says so");
  on_answer(about, std::move(what), now);
}

void desk::on_answer(const subject& about, answer what, instant now) {
  const auto found = lookups_.find(about);
  if (found == lookups_.end() || !found->second.started) return;
  const auto waiting = std::move(found->second.waiting);
  lookups_.erase(found);
  refreshing_.erase(about);
  if (const domain_rule* const rule = settings_.domains.find(about.name)) what.stale_max = rule->stale_max;
  // Open mode asks nobody for proofs, and where the profile has nobody but the system ask there are none.
  const bool only_system = what.source == THARSIS_DNS_SYSTEM && (settings_.servers.empty() || settings_.is_local(about.name));
  what = cache_.put(about, std::move(what), now, settings_.mode_of(about.name) != trust::open && !only_system);
  if (auto last = last_resort(about, what)) what = cache_.put(about, std::move(*last), now, false);
  (void)publish_known(about, now);  // It may have come to be known meanwhile.
  for (const tharsis_handle id : waiting) {
    close(id);
    if (what.stale) ++stale_answers_;
    say(id, what);
  }
}

// The profile's, where nobody who is trusted says that there is nothing and nothing is known.
std::optional<answer> desk::last_resort(const subject& about, const answer& failed) const {
  const auto known = settings_.last_resort.find(about.name);
  if (failed.status == THARSIS_OK || failed.trusted || known == settings_.last_resort.end()) return std::nullopt;
  answer a = of_family(about, known->second, THARSIS_DNS_LAST_RESORT, "dns.last_resort gives it only others");
  if (a.status != THARSIS_OK) return std::nullopt;
  describe(a, "last_resort", false, "all else failed: " + failed.reason);
  a.refused = failed.refused;
  return a;
}

void desk::on_cancel(tharsis_handle id) {
  if (const auto found = open_.find(id); found != open_.end())
    withdraw(id, withdrawn(found->second.about, "by its asker"));
}

void desk::on_deadline(instant now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const tharsis_handle id = due_.begin()->second;
    question& q = open_.at(id);
    cache::found known = q.deadline < q.until || settings_.cache.stale_wait >= settings_.timeout ? cache_.find(q.about, now) : cache::found{};
    if (known.as != cache::use::nothing) {
      lookup& l = lookups_.at(q.about);
      l.waiting.erase(id);
      l.kept = true;
      close(id);
      say_known(id, std::move(known.what));
    } else if (q.deadline < q.until) {
      due_.erase(due_.begin());
      q.deadline = q.until;
      due_.emplace(q.deadline, id);
    } else {
      answer none = too_late(q.about, settings_.timeout);
      auto last = last_resort(q.about, none);
      withdraw(id, last ? std::move(*last) : std::move(none));
    }
  }
}

void desk::on_network(instant now) {
  cache_.on_network(now);
  for (auto& [about, l] : lookups_) {
    if (!std::exchange(l.started, false)) continue;
    given_up_.push_back(about);
    refreshing_.erase(about);
    (l.waiting.empty() ? to_refresh_.push_back(about) : to_start_.push_back(about));
  }
  prefetch_list(now);
}

void desk::on_doubted(const std::string& name, const tharsis_address& at, instant now) {
  for (const uint32_t family : {0u, 4u, 6u}) {
    const answer known = cache_.find({name, family}, now).what;
    const auto one = std::find_if(known.candidates.begin(), known.candidates.end(), [&](const candidate& c) { return same_ip(c.address, at); });
    if (one == known.candidates.end() || (one->proven && is_vouched(one->source))) continue;  // A trusted server's: it is the way there that lies.
    // What was proven by its certificate, and is no longer, is kept for nobody.
    if (known.trusted) cache_.forget(name);
    else cache_.doubt({name, family});
  }
}

bool desk::is_vouched(const std::string& source) const {
  const auto has = [&](const std::vector<server>& list) { return std::any_of(list.begin(), list.end(), [&](const server& s) { return s.text == source && s.vouched(); }); };
  const auto& rules = settings_.domains.all();
  return has(settings_.servers) || std::any_of(rules.begin(), rules.end(), [&](const domain_rule& r) { return has(r.servers); });
}

void desk::on_stop() {
  stopped_ = true;
  while (!open_.empty()) withdraw(open_.begin()->first, withdrawn(open_.begin()->second.about, "dns is stopping"));
  for (const auto& [about, l] : lookups_)
    if (l.started) given_up_.push_back(about);
  lookups_.clear();
  refreshing_.clear();
}

// The question leaves its lookup; the last one out gives the lookup up. A fresh one asks anew, and is
// not held up by one that was started on a network of before.
void desk::withdraw(tharsis_handle id, answer why) {
  const auto left = lookups_.find(open_.at(id).about);
  left->second.waiting.erase(id);
  if (left->second.waiting.empty() && (stopped_ || !left->second.kept)) {
    if (left->second.started) given_up_.push_back(left->first);
    lookups_.erase(left);
  }
  close(id);
  say(id, std::move(why));
}

void desk::close(tharsis_handle id) {
  const auto place = open_.find(id);
  due_.erase({place->second.deadline, id});
  open_.erase(place);
}

std::vector<subject> desk::take_lookups() {
  std::vector<subject> fresh;
  const auto start = [&](const subject& about) {
    const auto found = lookups_.find(about);
    if (found == lookups_.end() || std::exchange(found->second.started, true)) return false;
    fresh.push_back(about);
    return true;
  };
  for (const subject& about : std::exchange(to_start_, {})) start(about);
  while (!to_refresh_.empty() && refreshing_.size() < settings_.refreshes_max) {
    const subject about = std::move(to_refresh_.front());
    to_refresh_.pop_front();
    if (start(about)) refreshing_.insert(about);
  }
  return fresh;
}

void desk::say(tharsis_handle id, answer what) {
  if (what.verdict.empty()) describe(what, {}, false, {});
  if (what.status != THARSIS_OK) ++stats_.failed;
  else if (what.source == THARSIS_DNS_LITERAL) ++stats_.literal;
  else if (what.source == THARSIS_DNS_PINNED) ++stats_.pinned;
  else if (what.source == THARSIS_DNS_CACHED) ++stats_.cached;
  else if (what.source == THARSIS_DNS_SERVERS) ++stats_.servers;
  else if (what.source == THARSIS_DNS_TABLE) ++stats_.table;
  else if (what.source == THARSIS_DNS_HOSTS) ++stats_.hosts;
  else if (what.source == THARSIS_DNS_LAST_RESORT) ++stats_.last_resort;
  else ++stats_.system;
  replies_.push_back({id, std::move(what)});
}

}  // namespace tharsis::dns
