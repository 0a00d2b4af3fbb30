// When to try again after a loss: at once the first time, unless the server has ended the connection and nobody
// waits (then it may have ended all of its, and chance spreads them); then after pauses drawn from a range that doubles
// (with chance, so that the clients of a server that comes back do not come all at once). How far it doubles
// depends on who waits: tasks, somebody who looks at the application, or nobody; and on whether there is a
// network, and an account to be served. While tasks wait it grows with the outage instead. Only a connection that lived takes the pauses back; whatever makes the
// next try more likely to help (another network, an account, somebody who comes back) ends the pause.
#pragma once
#include <algorithm>

#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

class reconnect {
 public:
  // Who has ended a connection: its server, by a word or a reset; or silence, the network, ourselves.
  enum class end : uint8_t { by_server, otherwise };

  // `use` outlives it.
  reconnect(const reconnect_settings& s, const activity& use) : settings_(s), use_(use) {}

  // Other settings from now on.
  void change(const reconnect_settings& s) {
    settings_ = s;
    rung_ = 0;
  }

  void on_up(instant now) { up_at_ = now; }

  // An attempt begins.
  void on_attempt(instant now) {
    const bool soon = attempt_at_ != never && now - attempt_at_ < settings_.ladder_soon;
    if (soon && rung_ + 1 < settings_.ladder.size()) ++rung_;
    if (!soon && rung_ > 0) --rung_;
    attempt_at_ = now;
  }

  // A task wants the link, whether it is there or not.
  void on_task(instant now) { task_at_ = now; }

  // The connection, or the attempt at one, has failed. `random` is any 64 bits.
  void on_down(instant now, uint64_t random, end by = end::otherwise) {
    const duration lived = up_at_ != never ? now - up_at_ : duration::zero();
    const bool lively = now < later(task_at_, settings_.spread_lively);
    const bool cut = up_at_ != never && lively && lived >= settings_.lived_lively;
    if (up_at_ != never && lived >= settings_.lived) losses_ = 0;
    if (losses_ == 0 || cut) out_since_ = now;
    up_at_ = never;
    down_at_ = now;
    at_once_ = losses_ == 0 || cut;
    spreads_ = at_once_ && by == end::by_server && !lively;
    share_ = static_cast<double>(random >> 11) / static_cast<double>(1ULL << 53);
    losses_ = std::min(losses_ + 1, losses_max);
  }

  // The server has refused who we are: neither a task nor another network is a reason to ask sooner. `at_least`: its
  // own wish.
  void on_refused(instant now, duration at_least) {
    duration pause = settings_.refused_min;
    for (int i = 0; i < refusals_ && pause < settings_.refused_max; ++i) pause *= 2;
    refusals_ = std::min(refusals_ + 1, losses_max);
    refused_pause_ = std::max(std::min(pause, settings_.refused_max), at_least);
    refused_until_ = later(now, refused_pause_);
  }
  // Who we are has changed, or was accepted.
  void forgive() {
    refusals_ = 0;
    refused_until_ = instant{};
    refused_pause_ = duration::zero();
  }
  duration refused_pause() const { return refused_pause_; }

  // Traffic takes another way now: what failed before says nothing about it.
  void on_network() {
    go_now();
    losses_ = 0;  // The next loss begins an outage of its own.
    rung_ = 0;
  }
  void on_network_there(bool is) { network_ = is; }

  // Another server may be tried at once.
  void on_alternative() { go_now(); }

  // Somebody looks at the application again. It may be for a moment only, and often: the server is asked once for
  // each time.
  void on_return() {
    go_now();
    losses_ = std::min(losses_, 1);
    rung_ = 0;
  }

  // The radio is awake now, for something else. True: the pause ends, of which more than half is over.
  [[nodiscard]] bool on_company(instant now) {
    const duration whole = pause(false, now);
    if (whole == duration::zero() || now < refused_until_ || now - down_at_ <= whole / 2) return false;
    at_once_ = true;
    return true;
  }

  // Whether somebody is logged in.
  void on_account(bool is) {
    if (is && account_ != account::there) on_return();
    if (is || account_ == account::there) account_ = is ? account::there : account::gone;
  }

  // How much later than at once the next try is, so that the clients of a server do not all come; until a task wants it.
  duration spread() const { return at_once_ && spreads_ ? spread_pause() : duration::zero(); }

  // When to try. `wanted`: tasks wait for the link.
  instant due(bool wanted, instant now) const { return std::max(refused_until_, later(down_at_, pause(wanted, now))); }

 private:
  enum class account { untold, there, gone };
  static constexpr int losses_max = 64;  // More would not make the pause longer.

  bool nobody() const { return account_ == account::gone || (account_ == account::untold && settings_.account_expected); }

  duration longest(bool wanted, usage use) const {
    if (wanted) return settings_.pauses_wanted.of(use);
    duration most = settings_.pauses.of(use);
    if (use == usage::fresh || use == usage::used) return most;
    if (!network_) most = std::max(most, settings_.pause_no_network);
    if (nobody()) most = std::max(most, use == usage::inactive ? settings_.pause_no_account_inactive : settings_.pause_no_account);
    return most;
  }

  duration range(bool wanted, usage use) const {
    const duration most = longest(wanted, use);
    if (use == usage::inactive && !wanted && network_ && !nobody() && !settings_.ladder.empty())
      return std::min(settings_.ladder[rung_], most);
    if (settings_.grows == reconnect_settings::growth::at_once) return most;
    duration grown = settings_.pause_min;
    if (wanted && settings_.outage_share > 0)
      return std::min(std::max(grown, (down_at_ - out_since_) * settings_.outage_share / 100), most);
    for (int i = 2; i < losses_ && grown < most; ++i) grown *= 2;
    return std::min(grown, most);
  }

  duration pause(bool wanted, instant now) const {
    if (at_once_) return wanted ? duration::zero() : spread();
    const double chance = static_cast<double>(settings_.jitter) / 100;
    return part(range(wanted, use_.state(now)), 1 - chance + chance * share_);
  }
  duration spread_pause() const { return part(use_.foreground() ? settings_.spread_foreground : settings_.spread, share_); }
  static duration part(duration whole, double share) { return duration(static_cast<int64_t>(static_cast<double>(whole.count()) * share)); }
  void go_now() {
    at_once_ = true;
    spreads_ = false;
  }

  reconnect_settings settings_;
  const activity& use_;
  instant up_at_ = never;
  instant down_at_{};
  instant out_since_{};  // The first loss of this outage.
  instant attempt_at_ = never;
  size_t rung_ = 0;  // Of the ladder.
  bool at_once_ = true;
  bool spreads_ = false;  // It would be at once, but chance says when.
  instant task_at_ = instant::min();
  double share_ = 0;
  int losses_ = 0;
  bool network_ = true;
  account account_ = account::untold;
  int refusals_ = 0;
  instant refused_until_{};
  duration refused_pause_{};
};

}  // namespace tharsis::stn
