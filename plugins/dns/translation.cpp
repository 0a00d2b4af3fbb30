#include "plugins/dns/translation.h"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/dns/system_question.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::dns {

std::vector<tharsis_address> translate(const nat64_prefix& prefix, uint32_t family, answer& a) {
  std::vector<tharsis_address> own;
  if (family == 4 || a.status != THARSIS_OK) return own;
  const bool native = std::any_of(a.addresses.begin(), a.addresses.end(), [](const auto& one) { return one.family == 6; });
  if (family == 6 && native) {
    std::erase_if(a.addresses, [](const auto& one) { return one.family == 4; });
    std::erase_if(a.candidates, [](const candidate& c) { return c.address.family == 4; });
    return own;
  }
  // What needs no translation comes first.
  std::stable_partition(a.addresses.begin(), a.addresses.end(), [](const auto& one) { return one.family == 6; });
  for (auto& one : a.addresses)
    if (one.family == 4 && !is_loopback(one)) one = through_nat64(prefix, one), a.trusted = false, a.translated = true;
  for (candidate& c : a.candidates)
    if (c.address.family == 4 && !is_loopback(c.address)) {
      c.address = through_nat64(prefix, c.address);
      c.why += ", through this network's NAT64";
      if (is_well_known(prefix)) continue;
      c.proven = false;
      own.push_back(c.address);
    }
  return own;
}

void settle_translated(const std::string& name, trust mode, const std::vector<tharsis_address>& own, answer& a) {
  const auto is_doubted = [&](const candidate& c) { return !c.proven && std::any_of(own.begin(), own.end(), [&](const auto& o) { return same_ip(o, c.address); }); };
  if (mode == trust::open || std::none_of(a.candidates.begin(), a.candidates.end(), is_doubted)) return;
  if (mode == trust::guarded) {
    if (a.verdict == word(finding::proven)) a.verdict = word(finding::single);
    return;
  }
  std::erase_if(a.candidates, [&](const candidate& c) {
    if (!is_doubted(c)) return false;
    std::erase_if(a.addresses, [&](const auto& one) { return same_ip(one, c.address); });
    a.refused.push_back({c.address, c.source, "only this network's resolver says that it leads there, and strict mode takes nothing that is not proven"});
    return true;
  });
  if (!a.addresses.empty()) return;
  a.status = THARSIS_E_DENIED;
  a.translated = false;
  a.verdict = "not_trusted";
  a.reason = "the name '" + name + "' was not resolved: its addresses are reached through a translator that only this network's resolver tells of, and none has proved itself yet";
}

void translation::on_network(const tharsis_network_state& now) {
  if (now.generation == generation_) return;
  generation_ = now.generation;
  work_.clear();
  prefix_.reset();
  if (now.families == THARSIS_NETWORK_V6) work_.spawn(discover());
}

// Right after a change of networks a resolver often is not there yet. That there is no such name is an answer: nobody translates here.
task<void> translation::discover() {
  constexpr duration first_pause = 1s, longest_pause = 64s;
  signal nobody(place_);
  for (duration pause = first_pause;; pause = std::min(2 * pause, longest_pause)) {
    const findings said = co_await ask_system(host_, place_, std::string(nat64_name), type::aaaa, never);
    prefix_ = find_nat64_prefix(said.addresses);
    if (prefix_) found_();
    if (said.what != findings::kind::failed) co_return;
    co_await nobody.wait(later(place_.now(), pause));
  }
}

std::vector<tharsis_address> translation::apply(uint32_t family, answer& a) const {
  return prefix_ ? translate(*prefix_, family, a) : std::vector<tharsis_address>();
}

}  // namespace tharsis::dns
