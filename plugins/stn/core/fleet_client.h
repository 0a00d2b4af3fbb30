// One client of a simulated fleet: the machines of a real link, and as much around them as they need. It is in one
// state at any time, and knows when it has to be woken next.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "plugins/stn/core/fleet_attempt.h"
#include "plugins/stn/core/fleet_pace.h"
#include "plugins/stn/core/heartbeat.h"
#include "plugins/stn/core/silence.h"
#include "sdk/pure/address_score.h"
#include "sdk/pure/dice.h"

namespace tharsis::stn {

enum class fleet_use : uint8_t { foreground, background, idle };

// What all clients share; it outlives them.
struct fleet_world {
  const fleet_scenario& scenario;
  const fleet_policy& policy;
  std::vector<fleet_server> servers;
  fleet_tally tally;
};

class fleet_client {
 public:
  enum class state : uint8_t { up, pausing, dialling, proving };

  // Has been connected to this server for long.
  fleet_client(fleet_world& w, uint32_t number, uint64_t seed, uint16_t server, instant now);
  fleet_client(const fleet_client&) = delete;

  state is() const { return state_; }
  uint16_t server() const { return server_; }
  fleet_use use() const { return use_; }
  // Its connection leads to a server that is alive and knows it.
  bool connected(const fleet_world& w) const { return state_ == state::up && w.servers[server_].life() == life_; }

  // Its server told it, or its system tells it, at `at`, that the connection is over.
  void on_word_of_end(uint16_t incident, instant at);
  // Its server is gone, and nobody told.
  void on_silent_end(uint16_t incident) { incident_ = incident; }

  instant wake(instant now) const;
  void on_wake(fleet_world& w, instant now);

 private:
  void settle(instant now);
  void on_wake_up(fleet_world& w, instant now);
  void on_pulse(fleet_world& w, instant now);
  void on_dialling(fleet_world& w, instant now);
  void on_proving(fleet_world& w, instant now);
  void send_task(fleet_world& w, instant now);
  void send_ping(fleet_world& w, instant now);
  void begin_attempt(fleet_world& w, instant now);
  void come_up(fleet_world& w, instant now);
  void go_down(fleet_world& w, instant now, reconnect::end by);
  void fail_attempt(instant now);
  instant next_task(const fleet_scenario& s, instant now);
  std::vector<uint16_t> roads(const fleet_world& w, instant now);

  dice chance_;
  fleet_pace pace_;
  heartbeat rhythm_;
  silence silence_;
  std::unique_ptr<fleet_attempt> attempt_;
  std::unique_ptr<address_score> score_;
  duration round_trip_;
  instant task_at_ = never;
  instant wanted_until_ = instant::min();  // A task waits for the link.
  instant answer_at_ = never, pong_at_ = never, end_at_ = never, proved_at_ = never;
  instant noticed_at_ = never;
  uint32_t number_;
  uint32_t life_ = 0;
  uint16_t server_;
  uint16_t incident_ = 0;  // That took its connection; 0: none.
  state state_ = state::up;
  fleet_use use_;
  bool noticed_ = false;
};

}  // namespace tharsis::stn
