// Takes questions and sees to it that each gets exactly one reply: at once when it is an address, is
// pinned or remembered; else from the system's resolver, which is asked once for all who wait for the
// same; or that there was none in time.
//
// Pure: the owner passes the time, starts the lookups that it takes, gives up those it is told to,
// and hands the replies out.
#pragma once
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/cache.h"
#include "plugins/dns/core/known_names.h"
#include "plugins/dns/core/proven_memory.h"
#include "plugins/dns/core/settings.h"

namespace tharsis::dns {

class desk {
 public:
  struct reply {
    tharsis_handle id;
    answer what;
  };

  // `known`, who outlives it: names that need nobody to be asked. Null: there are none beside the pins.
  explicit desk(const settings& s, known_names* known = nullptr) : settings_(s), cache_(s.cache), proven_(s.cache.stale_max, s.cache.entries), known_(known) {}

  // `id` is new; `about.name` comes from canonical_name().
  void on_question(tharsis_handle id, const subject& about, instant now);
  // An id that has its reply is no failure.
  void on_cancel(tharsis_handle id);
  // The end of a lookup that was taken and not given up.
  void on_looked_up(const subject& about, tharsis_status status, std::vector<tharsis_address> addresses, instant now);
  // The same, of a lookup that says more.
  void on_answer(const subject& about, answer what, instant now);
  void on_deadline(instant now);
  // Traffic takes another way now. Names may mean something else there: nothing is remembered but what trusted servers said, and who
  // still waits is not kept waiting for a resolver of before.
  void on_network();
  // Everything open is answered now, everything asked later at once: CANCELLED.
  void on_stop();

  // When to come back with on_deadline().
  instant deadline() const { return due_.empty() ? never : due_.begin()->first; }

  std::vector<reply> take_replies() { return std::exchange(replies_, {}); }
  // Lookups to start, after those to give up: nobody waits for them any more.
  std::vector<subject> take_lookups();
  std::vector<subject> take_given_up() { return std::exchange(given_up_, {}); }

  const tharsis_dns_stats& stats() const { return stats_; }
  size_t open() const { return open_.size(); }

 private:
  struct lookup {
    bool started = false;
    std::set<tharsis_handle> waiting;
  };
  struct question {
    subject about;
    instant deadline;
  };

  void say(tharsis_handle id, answer what);
  void say_surely(tharsis_handle id, answer what, std::string_view source, std::string_view why, instant now);
  void withdraw(tharsis_handle id, answer why);
  void close(tharsis_handle id);

  const settings settings_;
  cache cache_;
  proven_memory proven_;
  known_names* const known_;
  std::map<tharsis_handle, question> open_;
  std::set<std::pair<instant, tharsis_handle>> due_;
  std::map<subject, lookup> lookups_;
  std::vector<reply> replies_;
  std::vector<subject> given_up_;
  tharsis_dns_stats stats_{};
  bool stopped_ = false;
};

}  // namespace tharsis::dns
