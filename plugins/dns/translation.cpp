#include "plugins/dns/translation.h"

#include <algorithm>
#include <span>
#include <utility>

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
  close();
  prefix_.reset();
  if (now.families == THARSIS_NETWORK_V6) work_.spawn(discover());
}

// Right after a change of networks a resolver often is not there yet. That there is no such name is an answer: nobody translates here.
task<void> translation::discover() {
  constexpr duration first_pause = 1s, longest_pause = 64s;
  signal nobody(place_);
  for (duration pause = first_pause;; pause = std::min(2 * pause, longest_pause)) {
    status_ = THARSIS_PENDING;
    tharsis_error why = no_error();
    const tharsis_status asked = host_.net->resolve(host_.net->self, text_of(nat64_name), 6, &translation::on_resolved, this, &query_, &why);
    if (asked != THARSIS_OK) status_ = asked, query_ = 0;
    while (status_ == THARSIS_PENDING) co_await answered_.wait();
    if (prefix_) found_();
    if (status_ == THARSIS_OK || status_ == THARSIS_E_NOT_FOUND) co_return;
    co_await nobody.wait(later(place_.now(), pause));
  }
}

void translation::close() {
  work_.clear();
  if (query_ != 0) host_.net->close(host_.net->self, std::exchange(query_, 0));
}

void translation::on_resolved(void* self, tharsis_handle, tharsis_status status, const tharsis_address* list, size_t count) {
  translation& t = *static_cast<translation*>(self);
  t.query_ = 0;
  t.status_ = status;
  t.answered_.raise();
  if (status == THARSIS_OK) t.prefix_ = find_nat64_prefix(std::span(list, count));
}

std::vector<tharsis_address> translation::apply(uint32_t family, answer& a) const {
  return prefix_ ? translate(*prefix_, family, a) : std::vector<tharsis_address>();
}

}  // namespace tharsis::dns
