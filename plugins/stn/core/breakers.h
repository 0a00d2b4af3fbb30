// The breakers of many servers, by address (shared by all long links) or by origin (of a short link's hosts): see
// core/breaker.h.
#pragma once
#include <algorithm>
#include <list>
#include <string>
#include <vector>

#include "plugins/stn/core/breaker.h"
#include "sdk/pure/address.h"

namespace tharsis::stn {

inline std::string server_text(const tharsis_address& a) { return to_text(a); }
inline const std::string& server_text(const std::string& origin) { return origin; }

template <class Key>
class breaker_board {
 public:
  // Addresses with something to tell, at most: those of a few links, each with a dozen.
  static constexpr size_t known_max = 128;

  explicit breaker_board(const breaker_settings& s) : settings_(s) {}

  // Leaves out who is to be left alone, and never makes a list empty: where that is everybody, all stay, in the order in which
  // they may be tried again. The first one is tried. `address_of(entry)`.
  template <class Entry, class Of>
  void sift(std::vector<Entry>& list, Of address_of, instant now) {
    if (!settings_.use || list.empty()) return;
    const auto rests = [&](const Entry& e) {
      const entry* const b = find(address_of(e));
      return b != nullptr && !b->of.passes(now);
    };
    if (!std::all_of(list.begin(), list.end(), rests)) {
      std::erase_if(list, rests);
    } else {
      std::stable_sort(list.begin(), list.end(), [&](const Entry& a, const Entry& b) { return find(address_of(a))->of.passes_at() < find(address_of(b))->of.passes_at(); });
    }
    if (entry* const first = find(address_of(list.front())); first != nullptr) first->of.on_try(settings_, now);
  }

  void on_success(const Key& at, instant now) {
    if (entry* const b = find(at); b != nullptr) b->of.on_success(settings_, now);
    else if (settings_.use) make(at).of.on_success(settings_, now);
  }
  // True: it is left alone from now on, and was not. See breaker::on_failure().
  bool on_failure(const Key& at, std::string why, duration at_least, uint64_t random, instant now) {
    if (!settings_.use) return false;
    return make(at).of.on_failure(settings_, std::move(why), at_least, random, now);
  }
  std::string words(const Key& at, instant now) const {
    const entry* const b = find(at);
    return b == nullptr ? std::string() : b->of.words(settings_, now);
  }
  // Who is left alone now, one sentence each: "192.0.2.1:443: ...".
  std::vector<std::string> open(instant now) const {
    std::vector<std::string> all;
    for (const entry& b : known_)
      if (b.of.is(now) != breaker::state::closed) all.push_back(server_text(b.at) + ": " + b.of.words(settings_, now));
    return all;
  }
  duration left_alone_for(const Key& at, instant now) const {
    const entry* const b = find(at);
    return b == nullptr ? duration() : std::max(b->of.passes_at() - now, duration());
  }

 private:
  struct entry {
    Key at;
    breaker of;
  };
  entry* find(const Key& at) {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.at == at; });
    return found == known_.end() ? nullptr : &*found;
  }
  const entry* find(const Key& at) const { return const_cast<breaker_board*>(this)->find(at); }
  // What was used last stands first; what was not for longest goes.
  entry& make(const Key& at) {
    const auto found = std::find_if(known_.begin(), known_.end(), [&](const entry& e) { return e.at == at; });
    if (found != known_.end()) known_.splice(known_.begin(), known_, found);
    else known_.push_front({at, {}});
    if (known_.size() > known_max) known_.pop_back();
    return known_.front();
  }

  breaker_settings settings_;
  std::list<entry> known_;
};

using breakers = breaker_board<tharsis_address>;

}  // namespace tharsis::stn
