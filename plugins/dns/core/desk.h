// Takes questions and sees to it that each gets exactly one reply: at once when it is an address, is
// pinned or remembered; else from a lookup, which is one for all who wait for the same; what is remembered and over when
// that takes long; or that there was none in time.
//
// Pure: the owner passes the time, starts the lookups that it takes, gives up those it is told to,
// and hands the replies out.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/cache.h"
#include "plugins/dns/core/known_names.h"
#include "plugins/dns/core/settings.h"

namespace tharsis::dns {

class desk {
 public:
  struct reply {
    tharsis_handle id;
    answer what;
  };

  // `known`, who outlives it: names that need nobody to be asked. Null: there are none beside the pins.
  explicit desk(const settings& s, known_names* known = nullptr) : settings_(s), cache_(s.cache), known_(known) {}

  // `id` is new; `about.name` comes from canonical_name().
  void on_question(tharsis_handle id, const subject& about, instant now);
  // An id that has its reply is no failure.
  void on_cancel(tharsis_handle id);
  // It is looked up unless it is known well, though nobody waits for it.
  void on_prefetch(const subject& about, instant now);
  // What the profile says is there to be read, and the profile's list is looked up.
  void on_start(instant now);
  // What was known at the end of the last start, the last used first; who waits for one of these has it now.
  void on_restored(const std::vector<cache::proof>& proofs, instant now);
  // What needs no lookup (say_surely) may be something else now.
  void on_known_changed(instant now);
  // The end of a lookup that was taken and not given up; of one of a network of before it is not heard. `refused`: addresses that it gave
  // and that cannot be the name's.
  void on_looked_up(const subject& about, tharsis_status status, std::vector<tharsis_address> addresses, instant now, std::vector<refusal> refused = {});
  // The same, of a lookup that says more.
  void on_answer(const subject& about, answer what, instant now);
  void on_deadline(instant now);
  // Traffic takes another way now. Names may mean something else there: nothing is remembered but what trusted servers said, which is
  // looked up again when it is used; who still waits is not kept waiting for a resolver of before; the list is looked up anew.
  void on_network(instant now);
  // Everything open is answered now, everything asked later at once: CANCELLED.
  void on_stop();
  // The address is not the name's: what was said of it with that address is forgotten, but for what a trusted server said.
  void on_doubted(const std::string& name, const tharsis_address& at, instant now);

  // When to come back with on_deadline().
  instant deadline() const { return due_.empty() ? never : due_.begin()->first; }

  std::vector<reply> take_replies() { return std::exchange(replies_, {}); }
  // Lookups to start, after those to give up: nobody waits for them any more. Of those for which nobody waits not more than
  // refreshes_max are under way.
  std::vector<subject> take_lookups();
  std::vector<subject> take_given_up() { return std::exchange(given_up_, {}); }

  const tharsis_dns_stats& stats() const { return stats_; }
  size_t open() const { return open_.size(); }
  // Answers that were given though their time was over; lookups that nobody waited for.
  uint64_t stale_answers() const { return stale_answers_; }
  uint64_t refreshes() const { return refreshes_; }
  // Lookups for which nobody waits now.
  size_t unattended() const {
    return static_cast<size_t>(std::count_if(lookups_.begin(), lookups_.end(), [](const auto& l) { return l.second.waiting.empty(); }));
  }
  const cache& known() const { return cache_; }
  cache& known() { return cache_; }

 private:
  struct lookup {
    bool started = false;
    bool kept = false;  // To its end, though nobody waits.
    std::set<tharsis_handle> waiting;
  };
  struct question {
    subject about;
    instant deadline;  // When it gets something stale, or its end.
    instant until;
  };

  void say(tharsis_handle id, answer what);
  void say_surely(tharsis_handle id, const subject& about, answer what, std::string_view source, std::string_view why, instant now);
  void withdraw(tharsis_handle id, answer why);
  std::optional<answer> last_resort(const subject& about, const answer& failed) const;
  void close(tharsis_handle id);
  bool publish_known(const subject& about, instant now);
  void restore(cache::proof p, instant now);
  bool is_vouched(const std::string& source) const;
  void look_up(const subject& about);
  void say_known(tharsis_handle id, answer what);
  void publish_pins(instant now);
  void prefetch_list(instant now);

  const settings settings_;
  cache cache_;
  known_names* const known_;
  std::map<tharsis_handle, question> open_;
  std::set<std::pair<instant, tharsis_handle>> due_;
  std::map<subject, lookup> lookups_;
  std::vector<subject> to_start_;
  std::deque<subject> to_refresh_;  // As above, but nobody waited when they came here.
  std::set<subject> refreshing_;
  std::vector<reply> replies_;
  std::vector<subject> given_up_;
  tharsis_dns_stats stats_{};
  uint64_t stale_answers_ = 0, refreshes_ = 0;
  bool stopped_ = false;
};

}  // namespace tharsis::dns
