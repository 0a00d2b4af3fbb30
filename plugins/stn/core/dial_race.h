// Which of a server's addresses are dialled when. They are tried in their order; the next one starts when connecting to
// the ones before takes longer than it should, at once when one has failed, and never more than `parallel` at a time.
// The first that is connected and verified wins; that is the owner's part.
//
// How long it should take is a quarter more than it did on this network; once two have not answered the path is not what
// it was, and the rest come twice as fast. When none is left, one that is known to answer, and does not, is dialled again:
// its first packet was lost, and the system sends that again only after a second.
#pragma once
#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>
#include <vector>

#include "plugins/stn/core/dial_settings.h"

namespace tharsis::stn {

// What is known before.
struct dial_terms {
  std::vector<duration> expected;  // Of each address: how long connecting to it takes as a rule; 0: nobody knows.
  duration usual{};                // The same of the last address of this network that was any good.
  bool weak = false;               // Packets get lost on this network, so that nobody waits for long.
  bool others = false;             // Somebody else can be tried who is as good.
};

class dial_race {
 public:
  dial_race(const dial_settings& s, dial_terms t, instant now)
      : settings_(s), expected_(std::move(t.expected)), usual_(t.usual), weak_(t.weak), others_(t.others), next_at_(now) {}

  // The number of an attempt that begins now; ask until there is none.
  std::optional<size_t> take_start(instant now) {
    if (now < deadline()) return std::nullopt;
    const size_t address = has_more() ? started_++ : *silent();
    attempts_.push_back({address, now});
    next_at_ = later(now, wait_behind(address));
    return attempts_.size() - 1;
  }
  // Each address has its first attempt in its order, so for these the two numbers are the same.
  size_t address(size_t attempt) const { return attempts_[attempt].address; }

  // One has got its connection and now proves who it is: give it time.
  void on_progress(size_t attempt, instant now) {
    attempts_[attempt].connected = true;
    next_at_ = later(now, is_fixed() ? settings_.stagger : std::max(settings_.stagger_max, 2 * (now - attempts_[attempt].since)));
  }

  void on_failed(size_t attempt, instant now) {
    assert(!attempts_[attempt].over);
    attempts_[attempt].over = true;
    next_at_ = now;
  }

  // Those that have not failed.
  int64_t running() const { return std::count_if(attempts_.begin(), attempts_.end(), [](const one& a) { return !a.over; }); }
  // Of the addresses some were not tried yet.
  bool has_more() const { return started_ < expected_.size(); }
  // All have failed.
  bool lost() const { return running() == 0 && !has_more(); }

  // Where there are others: when all addresses have been silent for so long that these have their turn.
  instant silent_until() const {
    if (!others_ || has_more() || any_connected()) return never;
    instant last = instant::min();
    for (size_t i = 0; i < attempts_.size() && i < expected_.size(); ++i) last = std::max(last, attempts_[i].since);
    return later(last, settings_.silent_endpoint);
  }

  // When take_start() has something to give; `never` while only a failure can change that.
  instant deadline() const {
    const bool fresh = has_more();
    const auto again = fresh ? std::nullopt : silent();
    if (!fresh && !again) return never;
    return std::max(fresh ? next_at_ : again_at(*again), free_at());
  }

 private:
  struct one {
    size_t address;
    instant since;
    bool connected = false, over = false;
  };
  // An attempt that has been silent for so long has lost its first packet twice, or nobody is there. It may still
  // come, and does not keep others from being tried.
  static constexpr duration in_flight = 1s;
  // So often an address is dialled: at 20 % loss each way one of the four gets through in 98 of a hundred cases.
  static constexpr size_t dials_max = 4;

  bool is_fixed() const { return settings_.stagger > duration::zero(); }
  bool any_connected() const {
    return std::any_of(attempts_.begin(), attempts_.end(), [](const one& a) { return a.connected && !a.over; });
  }

  duration wait_behind(size_t address) const {
    if (is_fixed()) return settings_.stagger;
    const duration least = std::min(settings_.stagger_min, settings_.stagger_max);
    if (weak_) return least;
    const duration known = expected_[address] > duration::zero() ? expected_[address] : usual_;
    const duration usual = known > duration::zero() ? std::clamp(known * 5 / 4, least, settings_.stagger_max) : settings_.stagger_max;
    return attempts_.size() < 2 || any_connected() ? usual : std::max(usual / 2, least);
  }

  // When one more may run.
  instant free_at() const {
    std::vector<instant> since;
    for (const one& a : attempts_)
      if (!a.over) since.push_back(a.since);
    const auto most = static_cast<size_t>(settings_.parallel);
    if (since.size() < most) return instant::min();
    return is_fixed() ? never : later(since[since.size() - most], in_flight);
  }

  // The address that is dialled again next, if there is one.
  std::optional<size_t> silent() const {
    std::optional<size_t> first;
    if (is_fixed() || any_connected()) return first;
    for (size_t i = 0; i < expected_.size(); ++i)
      if (expected_[i] > duration::zero() && may_again(i) && (!first || again_at(i) < again_at(*first))) first = i;
    return first;
  }
  bool may_again(size_t address) const {
    size_t dials = 0;
    for (const one& a : attempts_) {
      if (a.address != address) continue;
      ++dials;
      if (a.over) return false;
    }
    return dials > 0 && dials < dials_max;
  }
  instant again_at(size_t address) const {
    const duration wait = std::max(expected_[address] * 5 / 4, expected_[address] + 15ms);
    for (size_t i = attempts_.size(); i-- > 0;)
      if (attempts_[i].address == address) return later(attempts_[i].since, wait);
    return never;
  }

  dial_settings settings_;
  std::vector<duration> expected_;
  duration usual_;
  bool weak_, others_;
  instant next_at_;
  size_t started_ = 0;  // Addresses.
  std::vector<one> attempts_;
};

}  // namespace tharsis::stn
