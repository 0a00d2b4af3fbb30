// Which file lines of a time belong into: one for each day, or for each part of a day, by UTC or by local time.
#pragma once
#include <cstdint>
#include <functional>
#include <utility>

#include "sdk/pure/time.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {

class calendar {
 public:
  // How far local time is ahead of UTC at that wall time, in nanoseconds.
  using ahead = std::function<int64_t(int64_t wall)>;

  // Parts of a day are so long, the last may be shorter; zero: a day has one. Without `local` days are those of UTC.
  explicit calendar(duration every = {}, ahead local = {}) : every_(every), local_(std::move(local)) {}

  struct period {
    int64_t day = 0;   // Since 1970.
    int64_t part = 0;  // Of the day.
    bool operator==(const period&) const = default;
  };
  period period_of(int64_t wall) const {
    const int64_t local = local_ ? wall + local_(wall) : wall;
    const int64_t day = utc_day(local);
    return {day, parts() > 1 ? (local - day * day_length) / every_.count() : 0};
  }

  // Whether what is written now belongs into another file than the one begun in that period. A clock that is set back a
  // little, over a border, makes nobody turn back, as when summer time ends at midnight; one that was wrong by more does.
  bool is_over(const period& begun, int64_t wall) const {
    const int64_t now = index(period_of(wall)), then = index(begun);
    return now > then || now < then - 1;
  }

 private:
  int64_t parts() const { return every_ > duration::zero() && every_.count() < day_length ? (day_length - 1) / every_.count() + 1 : 1; }
  int64_t index(const period& p) const { return p.day * parts() + p.part; }

  duration every_;
  ahead local_;
};

}  // namespace tharsis::xlog
