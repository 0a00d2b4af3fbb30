#include "sdk/async/resolver.h"

#include <algorithm>

#include "sdk/async/any_number.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// It asks nobody, so more than a hop between strands, and a file that is read at the start, is a dns that has other worries.
constexpr duration rank_max = 100ms;

// Older providers say less of them.
std::vector<known_address> known_of(const tharsis_dns_answer& a) {
  std::vector<known_address> all = unknown_addresses({a.addresses, a.addresses + a.count});
  if (!THARSIS_HAS(&a, candidates) || a.candidates == nullptr) return all;
  for (size_t i = 0; i < all.size(); ++i) {
    const tharsis_dns_candidate* const c = a.candidates[i];
    if (c == nullptr || !THARSIS_HAS(c, avoided)) continue;
    all[i].connect = duration(c->connect);
    all[i].avoided = c->avoided != 0;
  }
  return all;
}

bool is_meant(uint32_t source) {
  return source == THARSIS_DNS_PINNED || source == THARSIS_DNS_TABLE || source == THARSIS_DNS_HOSTS || source == THARSIS_DNS_LAST_RESORT;
}

}  // namespace

resolver::asking::~asking() {
  if (owner.open_.erase({service != nullptr, id}) == 0) return;  // It was answered.
  if (service == nullptr) owner.net_.close(owner.net_.self, id);
  // A provider that has been withdrawn since knows nothing of it, and must not be called.
  else if (service == owner.dns()) service->cancel(service->self, id);
}

task<result<std::vector<tharsis_address>>> resolver::resolve(std::string name, instant deadline) {
  auto found = co_await find(std::move(name), deadline);
  if (!found) co_return found.failure();
  co_return addresses_of(found->list);
}

task<result<resolver::known_addresses>> resolver::find(std::string name, instant deadline) {
  known_addresses found;
  if (const auto literal = parse_ip(name)) {
    found.list.push_back({*literal});
    co_return std::move(found);
  }
  question q(place_);
  tharsis_handle id = 0;
  tharsis_error reason = no_error();
  if (const tharsis_status s = ask(name, q, id, &reason); s != THARSIS_OK) co_return error_from(s, reason);
  open_[{q.service != nullptr, id}] = &q;
  const asking guard{*this, q.service, id};
  while (q.status == THARSIS_PENDING)
    if (co_await q.answered.wait(deadline) == 0)
      co_return error{THARSIS_E_TIMEOUT, "the name '" + name + "' was not resolved in time"};
  found = {std::move(q.addresses), q.usual, q.service != nullptr, is_meant(q.source)};
  heed(found.list);
  if (q.status == THARSIS_OK && !found.list.empty()) co_return std::move(found);
  if (q.reason.empty()) q.reason = "the name '" + name + "' has no address (" + std::string(status_name(q.status)) + ")";
  co_return error{q.status == THARSIS_OK ? THARSIS_E_NOT_FOUND : q.status, q.reason};
}

task<resolver::known_addresses> resolver::rank(std::vector<tharsis_address> list, order by) {
  known_addresses ranked;
  if (const tharsis_dns* const service = ranker(); service != nullptr) ranked = co_await ranked_by(service, list);
  else ranked = ranked_here(list, by);
  if (ranked.list.empty()) ranked.list = unknown_addresses(list);
  ranked.ranked = true;
  heed(ranked.list);
  if (by == order::best_first) co_return std::move(ranked);
  known_addresses given{unknown_addresses(list), ranked.usual, true};
  for (known_address& one : given.list)
    for (const known_address& k : ranked.list)
      if (k.at == one.at) one = k;
  mark(given.list);  // Of those that rest too.
  co_return std::move(given);
}

task<resolver::known_addresses> resolver::ranked_by(const tharsis_dns* service, std::vector<tharsis_address> list) {
  if (list.size() > THARSIS_DNS_RANKED_MAX) list.resize(THARSIS_DNS_RANKED_MAX);  // Nobody gets to dial more.
  question q(place_);
  q.service = service;
  tharsis_handle id = 0;
  if (service->rank(service->self, list.data(), list.size(), &resolver::on_dns, this, &id, nullptr) != THARSIS_OK) co_return known_addresses{};
  open_[{true, id}] = &q;
  const asking guard{*this, service, id};
  const instant deadline = later(place_.now(), rank_max);
  while (q.status == THARSIS_PENDING)
    if (co_await q.answered.wait(deadline) == 0) break;
  known_addresses ranked{std::move(q.addresses), q.usual, true};
  co_return std::move(ranked);
}

task<result<resolver::known_addresses>> resolver::find_ranked(std::string name, uint16_t port, instant deadline, order by) {
  auto found = co_await find(std::move(name), deadline);
  if (!found) co_return std::move(found);
  found->use_port(port);
  heed(found->list);  // What was advised of one port, which a name's addresses do not have.
  if (found->ranked) co_return std::move(found);
  auto ranked = co_await rank(addresses_of(found->list), by);
  co_return std::move(ranked);
}

void resolver::known_addresses::use_port(uint16_t port) {
  if (port == 0) return;
  std::vector<known_address> all;
  for (known_address& a : list) {
    if (a.at.port != 0 && a.at.port != port) ranked = false;
    a.at.port = port;
    if (std::none_of(all.begin(), all.end(), [&](const known_address& other) { return other.at == a.at; })) all.push_back(a);
  }
  list = std::move(all);
}

resolver::known_addresses resolver::ranked_here(const std::vector<tharsis_address>& list, order by) {
  known_addresses ranked{{}, memory_.usual(), true};
  const instant now = place_.now();
  std::vector<tharsis_address> ordered = memory_.order(list, now, true);
  if (by == order::best_first) memory_.explore(ordered, now, [this] { return random_ == nullptr ? 0 : any_number(*random_); });
  for (const tharsis_address& a : ordered) ranked.list.push_back(memory_.about(a, now));
  return ranked;
}

tharsis_status resolver::ask(const std::string& name, question& q, tharsis_handle& id, tharsis_error* error) {
  if (const tharsis_dns* const service = dns(); service != nullptr) {
    q.service = service;
    const tharsis_status s = service->resolve(service->self, text_of(name), 0, &resolver::on_dns, this, &id, error);
    if (s != THARSIS_E_GONE) return s;
    q.service = nullptr;  // dns is stopping.
  }
  return net_.resolve(net_.self, text_of(name), 0, &resolver::on_system, this, &id, error);
}

void resolver::tell(const tharsis_dns_feedback& what) {
  if (ranker() == nullptr)
    memory_.on_outcome({what.status, what.address, std::string(view(what.network)), duration(what.connect), duration(what.rest)}, place_.now());
  if (const tharsis_dns* const service = dns(); service != nullptr && THARSIS_HAS(service, feedback)) service->feedback(service->self, &what);
}

void resolver::advise(uint32_t code, const std::string& about, duration life) {
  memory_.advise(code, about, life, place_.now());
  // It is for whoever else dials, too.
  if (const tharsis_dns* const service = dns(); service != nullptr && THARSIS_HAS(service, advise) && service->advise != nullptr)
    service->advise(service->self, code, text_of(about), life.count(), nullptr);
}

void resolver::mark(std::vector<known_address>& list) const {
  for (known_address& a : list) a.avoided = a.avoided || avoids(a.at);
}

void resolver::heed(std::vector<known_address>& list) const {
  mark(list);
  std::stable_partition(list.begin(), list.end(), [](const known_address& a) { return !a.avoided; });
}

void resolver::on_network(const tharsis_network_state& now) { memory_.on_network(view(now.id), now.generation, now.type != THARSIS_NETWORK_NONE, now.metered > 0); }

const tharsis_dns* resolver::dns() const {
  if (registry_ == nullptr) return nullptr;
  return static_cast<const tharsis_dns*>(registry_->bound(registry_->self, THARSIS_DNS_ID));
}

const tharsis_dns* resolver::ranker() const {
  const tharsis_dns* const service = dns();
  return service != nullptr && THARSIS_HAS(service, rank) && service->rank != nullptr ? service : nullptr;
}

void resolver::on_dns(void* context, tharsis_handle id, const tharsis_dns_answer* answer) {
  auto& self = *static_cast<resolver*>(context);
  const auto found = self.open_.find({true, id});
  if (found == self.open_.end()) return;
  question& q = *found->second;
  self.open_.erase(found);
  q.status = answer->status;
  q.source = answer->source;
  q.reason = view(answer->reason);
  if (answer->status == THARSIS_OK) q.addresses = known_of(*answer);
  if (THARSIS_HAS(answer, usual_connect)) q.usual = duration(answer->usual_connect);
  q.answered.raise();
}

void resolver::on_system(void* context, tharsis_handle id, tharsis_status status, const tharsis_address* list,
                         size_t count) {
  auto& self = *static_cast<resolver*>(context);
  const auto found = self.open_.find({false, id});
  if (found == self.open_.end()) return;
  question& q = *found->second;
  self.open_.erase(found);
  q.status = status;
  if (status == THARSIS_OK) q.addresses = unknown_addresses({list, list + count});
  q.answered.raise();
}

}  // namespace tharsis
