// How the application is used, by what the host tells of it and by the time that has passed since: the sooner
// somebody may look, the sooner things are to work; whom nobody looks at costs the battery, and the server, little.
#pragma once
#include "sdk/pure/time.h"

namespace tharsis::stn {

enum class usage {
  fresh,      // In the foreground for a moment only: somebody has just opened it, and looks.
  used,       // In the foreground.
  long_used,  // In the foreground for so long that nobody may be there any more.
  left,       // In the background for a moment only: who left may come back.
  inactive,   // In the background.
};

struct activity_settings {
  // Who opens an application waits for what it shows, about so long;
  duration fresh = 60s;
  // after so long without a change it is as likely left open as looked at.
  duration long_used = 600s;
  // Who looks something up elsewhere is back within minutes.
  duration inactive = 600s;
  bool operator==(const activity_settings&) const = default;
};

class activity {
 public:
  explicit activity(const activity_settings& s) : settings_(s) {}

  // True: it has changed. What the first word tells of the background has been so all the time.
  bool on_foreground(bool is, instant now) {
    if (told_ && is == foreground_) return false;
    if (told_ || is) since_ = now;
    foreground_ = is;
    return told_ = true;
  }

  bool foreground() const { return foreground_; }
  usage state(instant now) const {
    if (!foreground_) return now < later(since_, settings_.inactive) ? usage::left : usage::inactive;
    if (now < later(since_, settings_.fresh)) return usage::fresh;
    return now < later(since_, settings_.long_used) ? usage::used : usage::long_used;
  }
  // When it changes by time alone.
  instant next_change(instant now) const {
    switch (state(now)) {
      case usage::fresh: return later(since_, settings_.fresh);
      case usage::used: return later(since_, settings_.long_used);
      case usage::left: return later(since_, settings_.inactive);
      default: return never;
    }
  }

 private:
  activity_settings settings_;
  bool told_ = false;
  bool foreground_ = true;         // Until the host says otherwise,
  instant since_ = instant::min();  // and since then.
};

}  // namespace tharsis::stn
