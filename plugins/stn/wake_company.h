// The links of an instance wake a mobile radio together: when one of them sends something in the background, the others
// hear of it, and send what they would have had to send soon. On stn's strand.
#pragma once
#include <algorithm>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class wakes_along {
 public:
  // The radio is awake.
  virtual void on_company() = 0;

 protected:
  ~wakes_along() = default;
};

class wake_company {
 public:
  // Whoever joins leaves before it dies.
  void join(wakes_along& one) { all_.push_back(&one); }
  void leave(wakes_along& one) { std::erase(all_, &one); }

  // `who` has sent something. What the others send then is no news.
  void woke(const wakes_along& who, instant now) {
    if (now < told_until_) return;
    told_until_ = later(now, once_in);
    for (wakes_along* one : std::vector(all_))
      if (one != &who) one->on_company();
  }

 private:
  // A radio stays awake for longer than this.
  static constexpr duration once_in = std::chrono::seconds(1);

  std::vector<wakes_along*> all_;
  instant told_until_ = instant::min();
};

}  // namespace tharsis::stn
