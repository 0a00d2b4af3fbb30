// A long link: one coroutine that connects, carries tasks and pushes, and connects again.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/link_totals.h"
#include "plugins/stn/core/phase_clock.h"
#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/core/session.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/dialer.h"
#include "plugins/stn/interval_memory.h"
#include "plugins/stn/link_events.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

// Who gave the tasks.
class answer_taker {
 public:
  // What its `body` shows is gone after the call.
  virtual void take(answer a) = 0;

 protected:
  ~answer_taker() = default;
};

class longlink {
 public:
  // All of them outlive the link.
  longlink(strand& place, const host& tables, resolver& names, const link_settings& s,
           const std::string& client_id, const link_events& events, const counts& c, interval_memory& memory,
           answer_taker& taker);

  void start();
  // What the network is now; before start() and whenever it changes.
  void on_network(const tharsis_network_state& now);
  // The memory knows more than it did.
  void recall();
  void submit(std::unique_ptr<request> r);
  // False: the task is not here.
  bool cancel(uint64_t id);

  // Answers what is open, and ends the connection if there is one; the rest is wait_stopped().
  void stop();
  task<void> wait_stopped(instant deadline);

  const std::string& name() const { return settings_.name; }
  const link_totals& totals() const { return totals_; }

 private:
  struct open_wire;
  // The way that traffic takes.
  struct way {
    uint64_t generation = 0;
    std::string interface, network;
    bool is_another(const way& before) const;
  };
  task<void> run();
  task<void> expire();
  task<error> carry(std::unique_ptr<stream> wire, instant prove_by);
  std::optional<error> send(stream& wire, session& talk, bool& more);
  std::optional<error> receive(stream& wire, session& talk, bool& more);
  std::optional<error> follow_network(session& talk);
  std::optional<error> judge(stream& wire, session& talk);
  error broken(const stream& wire, tharsis_status status) const;
  const endpoint& target() const { return settings_.endpoints[turn_ % settings_.endpoints.size()]; }
  void on_up();
  void on_down(const error& why);
  void enter(phase p) { phases_.enter(p, place_.now()); }
  void remember();
  void hand_over();
  void nudge();
  void report(uint32_t state, const error& why, duration gap = {});

  strand& place_;
  const host host_;
  const link_settings& settings_;
  const std::string& client_id_;
  const link_events& events_;
  const counts& counts_;
  interval_memory& memory_;
  answer_taker& taker_;
  phase_clock phases_;
  dialer dialer_;
  task_queue tasks_;
  heartbeat rhythm_;
  learned_interval remembered_;
  reconnect pace_;
  signal nudge_;                       // While there is no connection; else its stream's own.
  signal deadlines_;                   // The first deadline of a task may have changed.
  stream* wire_ = nullptr;             // Of carry().
  std::vector<uint8_t> output_;        // What send() writes; kept, so that its memory is.
  size_t turn_ = 0;                    // Which endpoint.
  uint32_t state_ = THARSIS_STN_DOWN;  // As it was told last.
  std::string trouble_;                // Of the last time that it was down, since it was up.
  way way_;    // Now,
  way dialed_;  // and when it was dialled, or was last found to carry on.
  bool moved_ = false;  // Since it was dialled: a failure to come up says nothing about the endpoint.
  bool up_ = false;
  bool ending_ = false;
  instant down_since_{};
  link_totals totals_;
  task_set running_;
};

}  // namespace tharsis::stn
