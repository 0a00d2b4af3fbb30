// A fleet whose servers slow down under the load that they have: what its clients' repetitions do to them then. Servers take
// tasks one after the other and do not know that nobody waits any more, so a queue that is longer than a client's patience is
// work for nothing; whoever sends again makes it longer. Of `tharsis stn simulate-fleet --overload`.
//
// The clients' decisions are those of links: core/retry_budget, core/server_rest, core/breaker, core/answer_times.
#pragma once
#include <cstdint>
#include <deque>
#include <queue>
#include <string>
#include <vector>

#include "plugins/stn/core/breakers.h"
#include "plugins/stn/core/retry_budget.h"
#include "plugins/stn/core/server_rest.h"
#include "plugins/stn/core/settings.h"
#include "sdk/pure/dice.h"

namespace tharsis::stn {

struct overload_scenario {
  int64_t clients = 20'000;
  int64_t servers = 4;
  duration between = 20s;      // Two tasks of a client, on the average.
  int64_t load = 70;           // Of what the servers can do, in per cent, when all is well.
  duration slow_at = 60s;      // Then they need `factor` times as long for each task,
  duration slow_for = 60s;     // for so long.
  int64_t factor = 4;
  int64_t open_most = 65'536;  // Tasks that a server lets wait; more it refuses, for a twentieth of the work of one.
  duration retry_after = 1s;   // And says when to come again.
  duration round_trip = 50ms;
  duration length = 20min;
};

struct overload_policy {
  std::string name;
  task_settings tasks;
  breaker_settings breaker;
  duration patience{};  // With one attempt; 0: what core/answer_times says.
};
// As it is shipped, or as the person has it.
overload_policy our_overload_policy(const task_settings& tasks, const breaker_settings& breaker);
// What many clients do: after two seconds without an answer they ask again, as long as the task has time.
overload_policy naive_overload_policy();
// The same with nothing but a budget.
overload_policy budgeted_overload_policy(const budget_settings& budget);
overload_policy mars_overload_policy();

struct overload_result {
  std::string policy;
  std::vector<float> answered;  // By second in which tasks ended: the share of them that were answered in time.
  std::vector<float> sent;      // By second: requests that came to servers, per task that was begun on the average.
  double before = 0, during = 0, at_end = 0;  // Shares: until it slows, while it is slow, and in the last minute.
  double worst_load = 0;                      // Requests in the worst second, by what the servers can do when all is well.
  duration recovered = never - instant{};     // After the servers were well again: until 95 % were answered for ten seconds. Or never.
  bool recovers() const { return recovered != never - instant{}; }
};

class overload_run {
 public:
  // All of them outlive it.
  overload_run(const overload_scenario& s, const overload_policy& p, uint64_t seed);
  overload_result run();

 private:
  enum class step : uint8_t { begin, send, answer, refuse, give_up };
  struct event {
    instant at;
    uint32_t client;
    uint32_t attempt;  // Of the client, that it belongs to.
    step what;
    uint16_t server;
    bool operator>(const event& other) const { return at != other.at ? at > other.at : client > other.client; }
  };
  struct client {
    client(const overload_policy& p) : budget(p.tasks.budget), rest(p.tasks.rest), servers(p.breaker) {}
    retry_budget budget;
    server_rest<uint32_t> rest;  // By server.
    breaker_board<uint32_t> servers;
    instant deadline = never;  // Of its task; never: it has none.
    uint32_t attempt = 0;      // Over all its life.
    int64_t sends = 0;         // Of the task.
  };
  struct server {
    instant free_at{};
  };
  duration each(instant now) const;
  void plan(instant at, uint32_t number, step what, uint16_t server = 0);
  instant next_task(instant now);
  void begin_task(uint32_t number, instant now);
  void send(uint32_t number, instant now);
  void send_again(uint32_t number, instant now);
  void end_task(uint32_t number, bool answered, instant now);
  void on(const event& e);
  uint16_t choose(client& c, uint32_t number, instant now);
  size_t second_of(instant at) const { return static_cast<size_t>((at - begin_) / 1s); }

  const overload_scenario& scenario_;
  const overload_policy& policy_;
  const duration patience_;
  const instant begin_ = instant(1h);
  dice chance_;
  std::deque<client> clients_;
  std::vector<server> servers_;
  std::priority_queue<event, std::vector<event>, std::greater<>> queue_;
  std::vector<uint32_t> good_, bad_, requests_;  // By second.
};

// For a person; and one JSON object.
std::string overload_table(const overload_scenario& s, const std::vector<overload_result>& all);
std::string overload_json(const overload_scenario& s, uint64_t seed, const std::vector<overload_result>& all);

}  // namespace tharsis::stn
