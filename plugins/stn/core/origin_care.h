// How far an HTTP client spares the servers that it talks to, by origin: until when one has asked to be left alone, and how
// many repetitions it bears. As core/server_care.h does it for a link's one server.
//
// Pure.
#pragma once
#include <list>
#include <string>

#include "plugins/stn/core/retry_budget.h"
#include "plugins/stn/core/server_rest.h"

namespace tharsis::stn {

class origin_care {
 public:
  // Servers that a client repeats anything to, at most; those that were asked last.
  static constexpr size_t known_max = 64;

  origin_care(const rest_settings& rest, const budget_settings& budget) : rests_(rest), budget_(budget) {}

  // It has said that it has too much to do, and wants to be asked `told` later. Until when it is left alone; now: it is not.
  instant on_busy(const std::string& origin, duration told, uint64_t random, instant now) { return rests_.on_busy(origin, told, random, now); }
  // When it may be asked; the past: now.
  instant until(const std::string& origin) const { return rests_.until(origin); }

  // A request goes there for the first time.
  void on_first(const std::string& origin, instant now) { budget_of(origin).on_first(now); }
  // One is to go again. False: there is no repetition left.
  [[nodiscard]] bool spend(const std::string& origin, instant now) { return budget_of(origin).take(now); }

 private:
  struct entry {
    std::string origin;
    retry_budget of;
  };
  // What was used last stands first.
  retry_budget& budget_of(const std::string& origin) {
    for (auto e = known_.begin(); e != known_.end(); ++e) {
      if (e->origin != origin) continue;
      known_.splice(known_.begin(), known_, e);
      return known_.front().of;
    }
    known_.push_front({origin, retry_budget(budget_)});
    if (known_.size() > known_max) known_.pop_back();
    return known_.front().of;
  }

  server_rest<std::string> rests_;
  const budget_settings budget_;
  std::list<entry> known_;
};

}  // namespace tharsis::stn
