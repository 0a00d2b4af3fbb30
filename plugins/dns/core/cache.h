// Remembers answers for a while: bounded, the one unused for longest goes first. Pure.
#pragma once
#include <algorithm>
#include <list>
#include <map>
#include <string>
#include <utility>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/settings.h"

namespace tharsis::dns {

class cache {
 public:
  explicit cache(const settings::cache_settings& s) : settings_(s) {}

  // Null when nothing is known any more. Valid until the next put().
  const answer* find(const subject& about, instant now) {
    const auto found = places_.find(about);
    if (found == places_.end()) return nullptr;
    const auto place = found->second;
    if (now >= place->until) {
      entries_.erase(place);
      places_.erase(found);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, place);
    return &place->what;
  }

  // What says nothing about the name is not kept: nobody answered in time, or the asker withdrew.
  void put(const subject& about, answer what, instant now) {
    const bool failed = what.status == THARSIS_E_NOT_FOUND || what.status == THARSIS_E_NETWORK;
    if (what.status != THARSIS_OK && !failed) return;
    if (const auto old = places_.find(about); old != places_.end()) {
      entries_.erase(old->second);
      places_.erase(old);
    }
    const duration life = life_of(what, failed);
    if (life <= duration::zero()) return;
    entries_.push_front({about, std::move(what), later(now, life)});
    places_[about] = entries_.begin();
    if (entries_.size() <= settings_.entries) return;
    places_.erase(entries_.back().about);
    entries_.pop_back();
  }

  void clear() {
    entries_.clear();
    places_.clear();
  }

  size_t size() const { return entries_.size(); }

 private:
  // What a source says of its answer holds, within bounds; no zone knows of a failure of the network.
  duration life_of(const answer& what, bool failed) const {
    if (what.source != THARSIS_DNS_SERVERS || what.status == THARSIS_E_NETWORK) return failed ? settings_.negative_ttl : settings_.ttl;
    if (failed) return std::min(what.life.value_or(settings_.negative_ttl), settings_.negative_ttl_max);
    return std::clamp(what.life.value_or(duration::zero()), settings_.ttl_min, settings_.ttl_max);
  }

  struct entry {
    subject about;
    answer what;
    instant until;
  };
  const settings::cache_settings settings_;
  std::list<entry> entries_;  // The last used first.
  std::map<subject, std::list<entry>::iterator> places_;
};

}  // namespace tharsis::dns
