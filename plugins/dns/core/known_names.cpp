#include "plugins/dns/core/known_names.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

using place_list = std::vector<const address_table::place*>;

// One after the other is drawn, those of more weight sooner.
place_list by_weight(place_list list, dice& chance) {
  for (size_t i = 0; i + 1 < list.size(); ++i) {
    uint64_t all = 0;
    for (size_t k = i; k < list.size(); ++k) all += list[k]->weight;
    uint64_t drawn = chance.below(all);
    size_t k = i;
    while (drawn >= list[k]->weight) drawn -= list[k++]->weight;
    std::swap(list[i], list[k]);
  }
  return list;
}

// One of each family in turn, the first one's first.
place_list in_turn(const place_list& list) {
  place_list turn, kinds[2];
  if (list.empty()) return turn;
  for (const auto* p : list) kinds[p->at.family == list[0]->at.family ? 0 : 1].push_back(p);
  for (size_t i = 0; i < list.size(); ++i)
    for (const place_list& kind : kinds)
      if (i < kind.size()) turn.push_back(kind[i]);
  return turn;
}

answer none_of_family(const subject& about, uint32_t source, const std::string& whence, std::optional<duration> life = {}) {
  answer a;
  a.life = life;
  a.status = THARSIS_E_NOT_FOUND;
  a.source = source;
  a.reason = "'" + about.name + "' has no " + (about.family == 4 ? "IPv4" : "IPv6") + " address: " + whence + " gives it only others";
  a.verdict = "not_found";
  a.trusted = true;
  return a;
}

}  // namespace

std::optional<answer> known_names::find(const subject& about) {
  if (const auto* list = hosts_.find(about.name)) {
    answer a;
    a.source = THARSIS_DNS_HOSTS;
    for (const auto& address : *list)
      if (about.family == 0 || address.family == about.family) a.addresses.push_back(address);
    if (a.addresses.empty()) return none_of_family(about, THARSIS_DNS_HOSTS, "the hosts file");
    a.trusted = true;
    describe(a, "hosts", true, "a hosts file says so");
    return a;
  }
  const address_table* t = table_.current(wall_);
  if (t == nullptr) return std::nullopt;
  const auto known = t->names.find(about.name);
  if (known == t->names.end()) return std::nullopt;
  return from_table(about, *t, known->second);
}

answer known_names::from_table(const subject& about, const address_table& t, const address_table::entry& e) {
  std::vector<std::string> regions;
  for (const auto& p : e.places) regions.push_back(p.region);
  const std::string first = regions_.first(regions);
  place_list near, far;
  for (const auto& p : e.places)
    if (about.family == 0 || p.at.family == about.family) (!first.empty() && p.region == first ? near : far).push_back(&p);
  place_list all = in_turn(by_weight(std::move(near), dice_));
  const place_list others = in_turn(by_weight(std::move(far), dice_));
  all.insert(all.end(), others.begin(), others.end());
  // As long as the table says, and never longer than it is valid.
  const duration life = std::chrono::seconds(std::min<int64_t>(e.life, seconds_left(t, wall_)));
  if (all.empty()) return none_of_family(about, THARSIS_DNS_TABLE, "the signed table", life);
  answer a;
  a.source = THARSIS_DNS_TABLE;
  a.trusted = true;
  a.life = life;
  a.verdict = word(finding::proven);
  for (const auto* p : all) {
    a.addresses.push_back(p->at);
    a.candidates.push_back({p->at, "table", true, "the signed table says so, serial " + std::to_string(t.serial) + (p->region.empty() ? "" : ", region " + p->region)});
  }
  return a;
}

void known_names::on_connected(const tharsis_address& a, duration took) {
  const address_table* t = table_.current(wall_);
  if (t == nullptr) return;
  for (const auto& [name, entry] : t->names)
    for (const auto& p : entry.places)
      if (same_ip(p.at, a)) return regions_.on_connected(p.region, took);
}

}  // namespace tharsis::dns
