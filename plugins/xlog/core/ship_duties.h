// What is to be shipped when: lines before an error, what somebody asked for, and at its times everything. What could not be
// shipped is owed until it was. Pure.
#pragma once
#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/ship_plan.h"
#include "plugins/xlog/core/ship_settings.h"
#include "sdk/abi/network.h"
#include "sdk/pure/shipping.h"
#include "sdk/pure/time.h"

namespace tharsis::xlog {

// One attempt: what of the files, and what it is for.
struct ship_duty {
  enum class reason { look, error, asked, wish } why = reason::look;
  ship_selection wanted;
  bool with_files = true;  // Else the receiver is only asked what it wants.
  std::string wish;        // Its id.
};

class ship_duties {
 public:
  ship_duties(const ship_settings& s, instant now) : settings_(s), look_at_(now) {}

  void on_network(uint32_t type, int32_t metered, instant now) {
    const bool was_free = free_;
    online_ = type != THARSIS_NETWORK_NONE;
    free_ = (type == THARSIS_NETWORK_WIFI || type == THARSIS_NETWORK_WIRED) && metered != 1;
    if (!was_free && free_ && settings_.on_wifi) look_at_ = std::min(look_at_, now);
  }
  void on_error(int64_t wall, instant now) {
    if (!settings_.on_error) return;
    error_since_ = std::min(error_since_.value_or(wall - settings_.last.count()), wall - settings_.last.count());
    // Errors that come in a row are sent together.
    if (error_at_ == never) error_at_ = later(std::max(now, last_error_ == instant{} ? now : later(last_error_, ship_between_errors)), ship_after_error);
  }
  void on_asked(const ship_selection& what, instant now) {
    if (asked_.size() >= asked_max) asked_.pop_front();
    asked_.push_back(what);
    asked_at_ = now;
  }
  void on_wishes(const std::vector<shipping::wish>& wishes) {
    if (!settings_.on_request) return;
    wishes_.assign(wishes.begin(), wishes.end());
  }

  // What is due; nothing: see deadline(). It stays due until on_done() says otherwise.
  std::optional<ship_duty> next(instant now) const {
    if (!online_) return {};
    if (now >= error_at_) return ship_duty{ship_duty::reason::error, {settings_.level, *error_since_, ship_selection().until}, true, {}};
    if (!asked_.empty() && now >= asked_at_) return ship_duty{ship_duty::reason::asked, asked_.front(), true, {}};
    if (!wishes_.empty()) return ship_duty{ship_duty::reason::wish, {wishes_[0].level, wishes_[0].since, wishes_[0].until}, true, wishes_[0].id};
    if (now < look_at_) return {};
    const bool all = settings_.always || (settings_.on_wifi && free_);
    if (!all && !settings_.on_request) return {};
    ship_selection everything;
    everything.level = settings_.level;
    return ship_duty{ship_duty::reason::look, everything, all, {}};
  }
  void on_done(const ship_duty& d, bool worked, instant now) {
    const instant again = later(now, settings_.ask_every);
    switch (d.why) {
      case ship_duty::reason::look: look_at_ = again; break;
      case ship_duty::reason::error:
        last_error_ = now;
        error_at_ = worked ? never : again;
        if (worked) error_since_.reset();
        break;
      case ship_duty::reason::asked:
        if (worked) asked_.pop_front();
        else asked_at_ = again;
        break;
      case ship_duty::reason::wish: wishes_.pop_front(); break;  // It is told again as long as it is one.
    }
  }
  instant deadline(instant now) const {
    if (!online_) return never;
    instant at = error_at_;
    if (!asked_.empty()) at = std::min(at, asked_at_);
    const bool looks = settings_.always || settings_.on_request || (settings_.on_wifi && free_);
    if (looks) at = std::min(at, look_at_);
    return wishes_.empty() ? at : now;
  }

 private:
  static constexpr size_t asked_max = 16;

  const ship_settings settings_;
  bool online_ = true, free_ = false;
  instant look_at_;
  instant error_at_ = never, last_error_{};
  std::optional<int64_t> error_since_;
  std::deque<ship_selection> asked_;
  instant asked_at_{};
  std::deque<shipping::wish> wishes_;
};

}  // namespace tharsis::xlog
