// How servers answer on each network, so that nobody waits for one that is dead: after a few questions in a row that others have
// answered, and it has not, it is asked still, but waited for no longer than a moment where another one has answered; each tenth
// question waits in full, and finds out whether it is back. And who wants to be left alone (HTTP 429 or 503 with Retry-After) is. Pure.
#pragma once
#include <algorithm>
#include <map>
#include <string>

#include "sdk/pure/time.h"

namespace tharsis::dns {

struct health_settings {
  // Questions in a row without a word until a server is waited for less; 0: each is waited for in full. One may be a lost datagram,
  // two a moment in a tunnel.
  int failures = 3;
  // For how long then. Longer than a server needs that is well, from abroad too, and as long as second answers are listened for anyway
  // (udp.late_window); people do not notice it.
  duration wait = 200ms;
  // Of so many questions one waits in full: often enough that a server which is slow only, or back, is found so within minutes.
  int full_each = 10;
  // Who wants to be left alone for longer than this has made a mistake, or means somebody else: we ask once for each name.
  duration rest_max = 5min;
};

class source_health {
 public:
  struct state {
    int failures = 0;       // Questions in a row without a word.
    bool brief = false;     // It is waited for no longer than health_settings::wait.
    instant rests_until{};  // It is not asked before.
  };
  explicit source_health(const health_settings& s) : settings_(s) {}

  // Traffic takes another way; an empty id is another network each time.
  void on_network(const std::string& id) {
    network_ = id;
    if (id.empty()) known_.erase(id);
    if (known_.size() > networks_max) std::erase_if(known_, [&](const auto& n) { return n.first != id; });
  }
  // What is known of the server, for a question that begins now: each so many-th one waits in full.
  state ask(const std::string& source, instant now) {
    state s = look(source, now);
    if (s.brief) s.brief = ++known_[network_][source].asked % std::max(settings_.full_each, 1) != 0;
    return s;
  }
  // The same for who only looks.
  state look(const std::string& source, instant now) const {
    state s;
    if (const auto rests = rests_.find(source); rests != rests_.end() && now < rests->second) s.rests_until = rests->second;
    s.failures = failures(source);
    s.brief = is_brief(s.failures);
    return s;
  }
  // It has said something, whatever. True: until now it was waited for less.
  bool on_answer(const std::string& source) {
    const bool was = is_brief(failures(source));
    if (const auto here = known_.find(network_); here != known_.end()) here->second.erase(source);
    return was;
  }
  // No word came in time, though others answered. True: from now on it is waited for less.
  bool on_silence(const std::string& source) {
    entry& e = known_[network_][source];
    e.failures = std::min(e.failures + 1, failures_max);
    return e.failures == settings_.failures;
  }
  // It wants to be left alone for so long, on any network. For how long it is.
  duration on_rest(const std::string& source, duration rest, instant now) {
    std::erase_if(rests_, [now](const auto& r) { return r.second <= now; });
    rest = std::min(rest, settings_.rest_max);
    rests_[source] = later(now, rest);
    return rest;
  }

  // For a person; empty: there is nothing to say.
  std::string sentence(const state& s, instant now) const {
    if (now < s.rests_until) return "it wants to be left alone for " + std::to_string(milliseconds(s.rests_until - now) / 1000 + 1) + " s more";
    if (s.failures == 0) return {};
    const std::string silent = "it left the last " + (s.failures == 1 ? std::string("question") : std::to_string(s.failures) + " questions") + " without a word";
    return s.brief ? silent + ", and is waited for no longer than " + std::to_string(milliseconds(settings_.wait)) + " ms where others have answered" : silent;
  }

 private:
  struct entry {
    int failures = 0;
    int asked = 0;  // While it was waited for less.
  };
  // Devices come back to a few.
  static constexpr size_t networks_max = 8;
  static constexpr int failures_max = 1'000'000;
  int failures(const std::string& source) const {
    const auto here = known_.find(network_);
    if (here == known_.end()) return 0;
    const auto known = here->second.find(source);
    return known == here->second.end() ? 0 : known->second.failures;
  }
  bool is_brief(int failures) const { return settings_.failures > 0 && failures >= settings_.failures; }

  const health_settings settings_;
  std::string network_;
  std::map<std::string, std::map<std::string, entry>> known_;  // By network and server.
  std::map<std::string, instant> rests_;
};

}  // namespace tharsis::dns
