// Keeps an application that has run wild from taking its servers with it: equal requests that come too often,
// and more bytes than a metered network should carry. Both are off unless the profile says otherwise.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct repeat_settings {
  int64_t most = 0;          // So many equal requests pass; 0: any number.
  int64_t kept = 30;         // Different requests that are remembered; the one that came longest ago is forgotten.
  duration review = 60min;   // Every so often
  duration fresh = 10min;    // those that came within this
  int64_t suspect = 75;      // at least so often stay,
  int64_t suspect_as = 99;   // as if they had come so often at most.
  bool operator==(const repeat_settings&) const = default;
};

struct flow_settings {
  int64_t capacity = 0;            // Bytes that pass at once; 0: any number.
  duration drain = 60min;          // In which a full bucket runs empty,
  int64_t inactive_share = 4;      // and this times slower while nobody uses the application.
  int64_t inactive_level = 75;     // Per cent of the bucket that are filled at most when it becomes so.
  bool everywhere = false;         // Not on cellular networks only.
  bool operator==(const flow_settings&) const = default;
};

class task_limits {
 public:
  enum class verdict { fine, repeated, flood };

  task_limits(const repeat_settings& r, const flow_settings& f) : repeats_(r), flow_(f) {}

  bool on() const { return repeats_.most > 0 || flow_.capacity > 0; }
  void on_network(bool cellular) { cellular_ = cellular; }
  void on_active(bool active, instant now) {
    drain(now);
    if (active_ && !active) level_ = std::min(level_, static_cast<double>(flow_.capacity) * static_cast<double>(flow_.inactive_level) / 100);
    active_ = active;
  }

  // A request of `bytes` bytes with this fingerprint wants to be sent.
  verdict check(uint64_t fingerprint, size_t bytes, bool any_repeats, bool any_flow, instant now) {
    if (!any_repeats && repeats_.most > 0 && !count(fingerprint, now)) return verdict::repeated;
    if (any_flow || flow_.capacity == 0 || !(cellular_ || flow_.everywhere)) return verdict::fine;
    drain(now);
    if (level_ + static_cast<double>(bytes) > static_cast<double>(flow_.capacity)) return verdict::flood;
    level_ += static_cast<double>(bytes);
    return verdict::fine;
  }

 private:
  struct entry {
    uint64_t fingerprint;
    int64_t count;
    instant at;
  };

  bool count(uint64_t fingerprint, instant now) {
    review(now);
    const auto found = std::find_if(seen_.begin(), seen_.end(), [&](const entry& e) { return e.fingerprint == fingerprint; });
    if (found != seen_.end()) {
      found->at = now;
      return found->count < repeats_.most && ++found->count > 0;
    }
    const auto oldest = std::min_element(seen_.begin(), seen_.end(), [](const entry& a, const entry& b) { return a.at < b.at; });
    if (static_cast<int64_t>(seen_.size()) < repeats_.kept)
      seen_.push_back({fingerprint, 1, now});
    else
      *oldest = {fingerprint, 1, now};
    return true;
  }
  void review(instant now) {
    if (reviewed_at_ == never) reviewed_at_ = now;
    if (now - reviewed_at_ < repeats_.review) return;
    reviewed_at_ = now;
    std::erase_if(seen_, [&](const entry& e) { return now - e.at > repeats_.fresh || e.count < repeats_.suspect; });
    for (entry& e : seen_) e.count = std::min(e.count, repeats_.suspect_as);
  }
  void drain(instant now) {
    if (drained_at_ == never) drained_at_ = now;
    const double share = std::chrono::duration<double>(now - drained_at_) / std::chrono::duration<double>(flow_.drain);
    const double rate = static_cast<double>(flow_.capacity) / (active_ ? 1.0 : static_cast<double>(flow_.inactive_share));
    level_ = std::max(0.0, level_ - share * rate);
    drained_at_ = now;
  }

  repeat_settings repeats_;
  flow_settings flow_;
  bool cellular_ = false, active_ = true;
  std::vector<entry> seen_;
  instant reviewed_at_ = never, drained_at_ = never;
  double level_ = 0;
};

}  // namespace tharsis::stn
