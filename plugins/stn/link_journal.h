// What a link has to tell of itself: the state that it is in and why, each attempt to connect with its times, the causes that
// gather while something is wrong, and the times that it went down.
#pragma once
#include <optional>
#include <string>

#include "plugins/stn/core/link_history.h"
#include "plugins/stn/core/links_report.h"
#include "plugins/stn/core/phase_clock.h"
#include "plugins/stn/dialer.h"
#include "plugins/stn/link_events.h"

namespace tharsis::stn {

class link_journal {
 public:
  // How the link is at the moment that is told.
  struct moment {
    std::string endpoint;
    uint64_t connects;
    size_t waiting;
    std::optional<duration> lived;  // It was up, for so long.
    duration gap;                   // That it had not been up before.
  };

  // All of them outlive it.
  link_journal(strand& place, const link_events& events, const link_settings& s, const phase_clock& phases, const dialer& way)
      : place_(place), events_(events), settings_(s), phases_(phases), dialer_(way) {}

  void start() { since_ = place_.wall(); }

  // It is in another state, or in the same for another reason.
  void tell(uint32_t state, loss why, const moment& m);

  // What the next attempt is made for, unless a task wants it.
  void expect(uint32_t because) { because_ = because; }
  uint32_t expected() const { return because_; }
  // One begins. Answers what it is made for.
  uint32_t on_attempt(bool wanted);
  // What its time went to so far.
  phase_times attempt_times() const;
  // It has ended, or is up, with status OK.
  void tell_attempt(const loss& why, const std::string& endpoint) const;
  void on_failed() { ++failures_; }
  void on_up();

  // Something that may explain what comes next.
  void note(uint32_t why, std::string text) { causes_.note(place_.wall(), why, std::move(text)); }
  // It has not come.
  void calm() { causes_.clear(); }

  uint32_t state() const { return state_; }
  const loss& reason() const { return reason_; }
  uint32_t down_why() const { return down_why_; }   // It is down, or was last.
  uint32_t failures() const { return failures_; }  // Attempts in a row that did not come up.
  void report(link_report& into) const;

 private:
  strand& place_;
  const link_events& events_;
  const link_settings& settings_;
  const phase_clock& phases_;
  const dialer& dialer_;
  uint32_t state_ = THARSIS_STN_DOWN;                    // As it was told last,
  loss reason_{THARSIS_STN_WHY_NONE, THARSIS_OK, {}};    // why,
  int64_t since_ = 0;                                    // and when, by the wall's clock.
  uint32_t down_why_ = THARSIS_STN_WHY_NONE;             // The last time that it was told to be down.
  std::string trouble_;                                  // Of that time, since it was up.
  uint32_t because_ = THARSIS_STN_WHY_START;
  uint32_t tried_because_ = THARSIS_STN_WHY_NONE;        // The attempt that is under way,
  phase_times tried_at_{};                               // and how far the clock was when it began.
  uint32_t failures_ = 0;
  cause_chain causes_;
  link_history history_;
};

}  // namespace tharsis::stn
