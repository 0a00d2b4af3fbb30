// How the addresses of servers behave, by network: which to try first, and which not at all for a while.
//
// It is told of every connection that came about or failed. An address that failed often of late is banned;
// when its ban is over it is tried again, by one at a time, until it has proved itself. Now and then one that nobody
// has looked at for long is tried before one that is known to be good (explore()), so that a better one is found. It
// can be kept as text for the next start.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis {

struct address_score_settings {
  // Of the last eight results; one or two lost connections are bad luck.
  int failures_to_ban = 3;
  // Long enough for a server to be restarted, short enough to come back to the nearest one. Each further failure
  // without a success between adds as much, up to ban_max.
  duration ban = 6min;
  duration ban_max = 30min;
  // A burst of attempts on a network that is just failing is one result, not eight.
  duration throttle = 10s;
  // What was seen so long ago says half as much.
  duration half_life = 1h;
  // What a failed attempt costs who waits for it: the stagger of a race and some more.
  duration failure_costs = 2s;
  // Of an address that nobody has tried: more than of most that are good, so that these come first, and less than of one
  // that is slow or has failed of late, so that it gets its chance.
  duration unknown_costs = 250ms;
  // Addresses whose costs differ by less are taken as equals and stay in the order that was given.
  duration alike = 50ms;
  // One probe of an address whose ban is over is waited for, for so long.
  duration probe_timeout = 30s;
  // Whoever resolves a name and then has its addresses put in order dials once: what is decided for the first list holds for the second.
  // They are a hop between strands apart, also on a machine that is busy.
  duration one_dial = 100ms;
  // Of about twenty dials one explores, and of ten no more than one: where that leads nowhere it costs the stagger of a race, a quarter of
  // a second at most, so it costs all of them some milliseconds on average. A process that has just begun has other worries: its first dials do not.
  int explore_min = 10, explore_max = 30;
  // What was seen since is known well enough, so that whoever dials each second looks around each ten minutes.
  duration explore_again = 10min;
  // Older results are not taken from a file.
  duration kept_for = 24h;
};

class address_score {
 public:
  explicit address_score(const address_score_settings& s = {}) : settings_(s) {}

  // By its id, as tharsis.network/1 tells it; every network has its own results.
  void on_network(std::string_view id);
  // Without a network failures say nothing about addresses.
  void on_reachable(bool is) { reachable_ = is; }

  // A connection came about, in so long. Ports are told apart. True: something is remembered that was not.
  bool on_success(const tharsis_address& a, duration latency, instant now);
  // It did not, or broke. Only a failure of the way counts: an answer that means nothing, a certificate, a refusal
  // by the application say nothing about the address.
  bool on_failure(const tharsis_address& a, tharsis_status why, instant now);
  static bool counts(tharsis_status why);
  // Another one has answered, and this one, which had its time, had not. It weighs as a failure, and
  // bans nobody: a lost packet looks the same. True: as above.
  bool on_silent(const tharsis_address& a, instant now);

  // How long connecting took of late on this network, to this address, and to the one that was of use last; 0: unknown.
  duration latency(const tharsis_address& a) const;
  duration usual_latency() const;

  // All ports of this IP, on every network: a server, or who knows of it, has asked for that.
  void ban(const tharsis_address& ip, instant now, duration length);
  bool banned(const tharsis_address& a, instant now) const;

  // The list in the order to try, without those that are banned. Never empty unless the list is: where all are
  // banned, they come in the order in which their bans end. Of an address without a port the one that was of use last
  // counts. `tried`: it is going to be dialled, so that of an address whose ban is over this is the one probe; else it is only looked at.
  std::vector<tharsis_address> order(const std::vector<tharsis_address>& list, instant now, bool tried = true);
  // Once such a list is going to be dialled: the place in it of the address that comes first this once, 0: it stays as it is. Only where the
  // first is known to be good is there something to compare with; then it is one that nobody has tried, or that was good and not
  // seen for longest. Never one that is banned, has failed or was silent since, or that `may` refuses. `random`: gives any 64 bits,
  // and is asked for them when it is decided which dial is the next that explores.
  using allowed = std::function<bool(const tharsis_address&)>;
  using chance = std::function<uint64_t()>;
  size_t explore(std::span<const tharsis_address> ordered, instant now, const chance& random, const allowed& may = {});

  // One line an address. `wall_seconds` since 1970 is now.
  std::string text(instant now, int64_t wall_seconds) const;
  // Takes over what such a text says, except where something is known already; lines that are too old or from
  // the future are left out.
  //   THARSIS_E_PROTOCOL  a line means nothing; the sentence says which. Then nothing was taken.
  error read(std::string_view text, instant now, int64_t wall_seconds);

  size_t size() const { return known_.size(); }
  // Twenty networks of a person's life with a dozen addresses each.
  static constexpr size_t known_max = 256;
  static constexpr size_t banned_max = 64;

 private:
  struct entry {
    std::string network;  // As it stands in the file.
    tharsis_address address{};
    uint8_t results = 0;  // The newest in bit 0; 1: a failure.
    int count = 0;        // How many results there are, at most 8.
    double failing = 0;   // The share of failures, newer ones weigh more; 0 before any.
    duration latency{};   // Smoothed; 0: unknown.
    instant changed{};    // When the last result came.
    std::optional<instant> failed, succeeded, silent, probed;
    bool probed_twice = false;  // By the second list of its dial, too.
  };
  entry* find(const tharsis_address& a);
  const entry* find(const tharsis_address& a) const;
  entry& make(const tharsis_address& a);
  void note(entry& e, bool failure, instant now);
  void weigh(entry& e, bool failure, instant now);
  // What is left of what was seen last, from 1 to 0.
  double fading(const entry& e, instant now) const;
  int failures(const entry& e) const;
  instant ban_end(const entry* e, const tharsis_address& a) const;
  bool on_probation(const entry& e) const;
  bool is_probed(const entry& e, instant now) const;
  void probe(entry& e, instant now) const;
  bool is_good(const entry& e) const;
  size_t least_known(std::span<const tharsis_address> ordered, instant now, const allowed& may) const;
  duration cost(const entry* e, instant now) const;
  std::optional<entry> read_line(std::string_view line, instant now, int64_t wall_seconds) const;

  address_score_settings settings_;
  std::string network_ = "-";  // As files have it.
  bool reachable_ = true;
  std::list<entry> known_;  // What was of use last stands first.
  std::list<std::pair<tharsis_address, instant>> server_bans_;  // Until when; the oldest first.
  // Of exploring: how many dials are left until one does; when the last was; whether it did; whether its second list may still come.
  std::optional<int> dials_left_;
  instant dialled_{};
  bool exploring_ = false, second_ = false;
};

}  // namespace tharsis
