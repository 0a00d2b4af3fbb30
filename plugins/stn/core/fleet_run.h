// A fleet on virtual time: one policy, one scenario, one seed.
#pragma once
#include <deque>
#include <functional>
#include <queue>
#include <vector>

#include "plugins/stn/core/fleet_client.h"

namespace tharsis::stn {

class fleet_run {
 public:
  // The scenario has no mistake; it and the policy outlive the run.
  fleet_run(const fleet_scenario& s, const fleet_policy& p, uint64_t seed);
  fleet_run(const fleet_scenario& s, fleet_policy&& p, uint64_t seed) = delete;

  // All that happens up to this time of the scenario.
  void advance(duration to);
  duration now() const { return now_ - begin; }

  const fleet_tally& tally() const { return world_.tally; }
  const std::deque<fleet_client>& clients() const { return clients_; }
  const fleet_world& world() const { return world_; }

 private:
  // Clients look back on an hour of connection.
  static constexpr instant begin = instant(24h);
  static constexpr duration span_length = 250ms;
  struct wake {
    instant at;
    uint32_t client;
    bool operator>(const wake& other) const { return at != other.at ? at > other.at : client > other.client; }
  };
  void happen(size_t event);
  void strike(const fleet_event& e, uint16_t incident, uint16_t first, uint16_t last);
  void plan(uint32_t client);
  instant next_wake();
  static size_t span_of(instant at) { return static_cast<size_t>((at - begin) / span_length); }
  size_t open_servers() const;

  const fleet_scenario& scenario_;
  fleet_world world_;
  dice chance_;
  instant now_ = begin;
  instant next_sample_ = begin;
  size_t next_event_ = 0;
  std::vector<uint16_t> group_begins_;  // Its first server; behind the last group their number.
  std::deque<fleet_client> clients_;
  std::vector<instant> planned_;  // When each client is woken next; older entries of the queue mean nothing.
  // What is due in the span of now, in order; and behind it, unordered, span by span: a heap of a million would be
  // too large for any cache. What lies behind the end of the scenario is not kept.
  std::priority_queue<wake, std::vector<wake>, std::greater<>> queue_;
  std::vector<std::vector<wake>> spans_;
  size_t span_ = 0;
};

}  // namespace tharsis::stn
