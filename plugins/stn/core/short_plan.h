// Where the next attempt of a short link's task goes, and whether there is one.
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sdk/abi/abi.h"

namespace tharsis::stn {

// Hosts in the order of the profile; one that cannot be reached gives way to the next. The answers of a host, however
// they read, say nothing against it.
class short_hosts {
 public:
  // Numbers below `first` are of the endpoints, the rest of the fallback. There is at least one endpoint.
  short_hosts(size_t first, size_t fallback) : first_(first), fallback_(fallback) { assert(first > 0); }

  // Of the attempt with this number, from 1 on.
  size_t pick(int64_t attempt) const {
    if (attempt == 1 || fallback_ == 0) return turn_ % first_;
    return first_ + fallback_turn_ % fallback_;
  }
  // All that the attempt may go to, that one first.
  std::vector<size_t> order(int64_t attempt) const {
    const size_t first = pick(attempt), begin = first < first_ ? 0 : first_, count = first < first_ ? first_ : fallback_;
    std::vector<size_t> all;
    for (size_t i = 0; i < count; ++i) all.push_back(begin + (first - begin + i) % count);
    return all;
  }
  // That host could not be reached. Harmless to say twice: only the one in use gives way.
  void on_unreachable(size_t host) {
    if (host < first_) turn_ += host == turn_ % first_;
    else fallback_turn_ += host == first_ + fallback_turn_ % fallback_;
  }

 private:
  size_t first_, fallback_;
  size_t turn_ = 0, fallback_turn_ = 0;
};

// May an attempt that failed so be followed by another? `repeatable`: carrying it out twice does no harm; `sent`:
// the server may have it.
inline bool may_follow(tharsis_status status, bool sent, bool repeatable) {
  switch (status) {
    case THARSIS_E_INVALID:      // The next one would be as wrong.
    case THARSIS_E_CANCELLED:
    case THARSIS_E_DENIED:       // What the profile forbids stays forbidden.
    case THARSIS_E_UNTRUSTED: return false;
    default: return !sent || repeatable;
  }
}

// What a status other than 200 means for a task: worth another try later, or not.
inline tharsis_status status_of_answer(int http_status) {
  if (http_status == 200) return THARSIS_OK;
  return http_status == 408 || http_status == 425 || http_status == 429 || http_status >= 500 ? THARSIS_E_BUSY : THARSIS_E_DENIED;
}

}  // namespace tharsis::stn
