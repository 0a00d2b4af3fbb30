#include "plugins/dns/core/desk.h"

#include <algorithm>

#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

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
    return say_surely(id, of_family(about, {*literal}, THARSIS_DNS_LITERAL, "it is an address of the other family"), "literal", "it is an address", now);
  if (const auto pinned = settings_.pins.find(about.name); pinned != settings_.pins.end())
    return say_surely(id, of_family(about, pinned->second, THARSIS_DNS_PINNED, "dns.pins gives it only others"), "pinned", "dns.pins says so", now);
  if (auto known = known_ == nullptr ? std::nullopt : known_->find(about)) {
    known->learned = now;
    return say(id, std::move(*known));
  }
  if (const answer* const known = cache_.find(about, now)) {
    answer again = *known;
    again.source = THARSIS_DNS_CACHED;
    return say(id, std::move(again));
  }
  const instant deadline = later(now, settings_.timeout);
  open_[id] = {about, deadline};
  due_.emplace(deadline, id);
  lookups_[about].waiting.insert(id);
}

void desk::say_surely(tharsis_handle id, answer what, std::string_view source, std::string_view why, instant now) {
  describe(what, source, true, why);
  what.learned = now;
  say(id, std::move(what));
}

void desk::on_looked_up(const subject& about, tharsis_status status, std::vector<tharsis_address> addresses,
                        instant now) {
  if (status == THARSIS_OK && addresses.empty()) status = THARSIS_E_NOT_FOUND;
  answer what = status == THARSIS_OK ? of_family(about, std::move(addresses), THARSIS_DNS_SYSTEM,
                                                       "the system's resolver gave only others")
                                           : failure(about, status);
  describe(what, "system", false, "the system's resolver says so");
  on_answer(about, std::move(what), now);
}

void desk::on_answer(const subject& about, answer what, instant now) {
  const auto found = lookups_.find(about);
  if (found == lookups_.end()) return;
  const auto waiting = std::move(found->second.waiting);
  lookups_.erase(found);
  what.learned = now;
  // Open mode asks nobody for proofs.
  if (what.source == THARSIS_DNS_SERVERS && settings_.mode != trust::open) what = proven_.weigh(about, std::move(what), now);
  cache_.put(about, what, now);
  for (const tharsis_handle id : waiting) {
    close(id);
    say(id, what);
  }
}

void desk::on_cancel(tharsis_handle id) {
  if (const auto found = open_.find(id); found != open_.end())
    withdraw(id, withdrawn(found->second.about, "by its asker"));
}

void desk::on_deadline(instant now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const tharsis_handle id = due_.begin()->second;
    withdraw(id, too_late(open_.at(id).about, settings_.timeout));
  }
}

void desk::on_network() {
  cache_.clear();
  for (auto& [about, l] : lookups_)
    if (std::exchange(l.started, false)) given_up_.push_back(about);
}

void desk::on_stop() {
  stopped_ = true;
  while (!open_.empty()) withdraw(open_.begin()->first, withdrawn(open_.begin()->second.about, "dns is stopping"));
}

// The question leaves its lookup; the last one out gives the lookup up. A fresh one asks anew, and is
// not held up by one that was started on a network of before.
void desk::withdraw(tharsis_handle id, answer why) {
  const auto left = lookups_.find(open_.at(id).about);
  left->second.waiting.erase(id);
  if (left->second.waiting.empty()) {
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
  for (auto& [about, l] : lookups_)
    if (!std::exchange(l.started, true)) fresh.push_back(about);
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
  else ++stats_.system;
  replies_.push_back({id, std::move(what)});
}

}  // namespace tharsis::dns
