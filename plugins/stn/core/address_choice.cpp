#include "plugins/stn/core/address_choice.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/dice.h"

namespace tharsis::stn {
namespace {

bool contains(const std::vector<candidate>& list, const tharsis_address& a) {
  return std::any_of(list.begin(), list.end(), [&](const candidate& c) { return c.address == a; });
}

void append(std::vector<candidate>& to, const std::vector<known_address>& from, address_source source, size_t most) {
  for (const known_address& a : from)
    if (to.size() < most && !contains(to, a.at)) to.push_back({a.at, source, a.connect, a.avoided});
}

}  // namespace

std::vector<tharsis_address> own_order(const std::vector<tharsis_address>& list, uint64_t client) {
  std::vector<std::pair<uint64_t, tharsis_address>> drawn[2];
  for (const tharsis_address& a : list) {
    uint64_t number = dice(client ^ a.port).next();
    for (const uint8_t byte : a.ip) number = dice(number ^ byte).next();
    drawn[a.family == 6].emplace_back(number, a);
  }
  for (auto& family : drawn)
    std::stable_sort(family.begin(), family.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<tharsis_address> ordered;
  size_t taken[2] = {0, 0};
  for (const tharsis_address& a : list) ordered.push_back(drawn[a.family == 6][taken[a.family == 6]++].second);
  return ordered;
}

std::vector<known_address> interleave(const std::vector<known_address>& list, dial_settings::family first) {
  std::vector<known_address> families[2];
  for (const known_address& a : list) families[a.at.family == 6].push_back(a);
  bool v6 = first == dial_settings::family::v6 || (first == dial_settings::family::given && !list.empty() && list[0].at.family == 6);
  std::vector<known_address> mixed;
  for (size_t taken[2] = {0, 0}; mixed.size() < list.size(); v6 = !v6)
    if (taken[v6] < families[v6].size()) mixed.push_back(families[v6][taken[v6]++]);
  return mixed;
}

std::vector<candidate> choose_addresses(const address_lists& lists, const dial_settings& s, const choice_terms& t) {
  std::vector<candidate> chosen;
  if (!lists.debug.empty()) {
    append(chosen, lists.debug, address_source::debug, lists.debug.size());
    return chosen;
  }
  const auto most = static_cast<size_t>(t.foreground ? s.addresses : s.addresses_background);
  const bool given = !lists.application.empty();
  append(chosen, interleave(given ? lists.application : lists.resolved, s.first), given ? address_source::application : address_source::resolver, most);
  std::vector<known_address> backup = lists.backup;
  if (!backup.empty())
    std::rotate(backup.begin(), backup.begin() + static_cast<std::ptrdiff_t>(t.random % backup.size()), backup.end());
  const auto least = static_cast<size_t>(s.backups);
  append(chosen, backup, address_source::backup, std::max({most, chosen.size() + least, size_t{1}}));
  return chosen;
}

}  // namespace tharsis::stn
