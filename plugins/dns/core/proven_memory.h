// What trusted servers have said of names: kept longer than it holds, for when nobody trusted answers. An address that was
// proven last week is better than one that a stranger gives today, and no stranger's "no such name" erases it.
// Only who proved who they are can change it or take it away. Pure.
#pragma once
#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "plugins/dns/core/answer.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {

class proven_memory {
 public:
  // Nothing is kept for longer than `stale_max`; of names not more than `entries`, the longest unused goes first.
  proven_memory(duration stale_max, size_t entries) : stale_max_(stale_max), entries_(entries) {}

  // The answer to give where servers said `what`: itself where something of it is proven, else what was proven before,
  // marked as stale.
  answer weigh(const subject& about, answer what, instant now) {
    if (what.trusted) {
      forget(about);
      if (what.status == THARSIS_OK) keep(about, what, now);
      return what;
    }
    const auto known = places_.find(about);
    const bool fresh = std::any_of(what.candidates.begin(), what.candidates.end(), [](const candidate& c) { return c.proven; });
    if (fresh || known == places_.end()) return what;
    if (now - known->second->what.learned > stale_max_) {
      forget(about);
      return what;
    }
    kept_.splice(kept_.begin(), kept_, known->second);
    answer again = known->second->what;
    again.stale = true;
    again.verdict = what.verdict;
    again.life = again_after;
    again.refused = std::move(what.refused);
    for (const candidate& c : what.candidates)
      if (!has(again, c)) again.refused.push_back({c.address, c.source, "it is not proven, and other addresses were before"});
    return again;
  }

  size_t size() const { return kept_.size(); }

 private:
  // RFC 8767, 4: so long a stale answer is used before servers are asked again.
  static constexpr duration again_after = 30s;

  struct entry {
    subject about;
    answer what;
  };
  static bool has(const answer& a, const candidate& c) {
    for (const auto& address : a.addresses)
      if (same_ip(address, c.address)) return true;
    return false;
  }
  void keep(const subject& about, answer what, instant now) {
    what.learned = now;
    what.refused.clear();
    kept_.push_front({about, std::move(what)});
    places_[about] = kept_.begin();
    if (kept_.size() <= entries_) return;
    forget(subject(kept_.back().about));
  }
  void forget(const subject& about) {
    const auto found = places_.find(about);
    if (found == places_.end()) return;
    kept_.erase(found->second);
    places_.erase(found);
  }

  const duration stale_max_;
  const size_t entries_;
  std::list<entry> kept_;  // The last used first.
  std::map<subject, std::list<entry>::iterator> places_;
};

}  // namespace tharsis::dns
