// When a link that is on a backup address tries one of its server's own: every `return_every`, a fifth more or
// less, and only while somebody uses the application.
#pragma once
#include <cstdint>

#include "plugins/stn/core/dial_settings.h"

namespace tharsis::stn {

class return_pace {
 public:
  explicit return_pace(const backup_settings& s) : every_(s.return_every) {}

  // Other settings, from the next try on.
  void change(const backup_settings& s) { every_ = s.return_every; }

  // On a backup address, or not any more.
  void on_backup(instant now, uint64_t random) { due_ = every_ > duration::zero() ? later(now, spread(random)) : never; }
  void on_own() { due_ = never; }
  // A try is over; the next one.
  void on_tried(instant now, uint64_t random) {
    ++turn_;
    on_backup(now, random);
  }
  void on_foreground(bool is) { foreground_ = is; }

  instant due() const { return foreground_ ? due_ : never; }
  // Which of the addresses: each in its turn.
  size_t turn() const { return turn_; }

 private:
  duration spread(uint64_t random) const {
    const auto fifth = every_ / 5;
    return every_ - fifth + duration(static_cast<int64_t>(random % static_cast<uint64_t>(2 * fifth.count() + 1)));
  }

  duration every_;
  instant due_ = never;
  bool foreground_ = true;
  size_t turn_ = 0;
};

}  // namespace tharsis::stn
