// A long link: one coroutine that connects, carries tasks and pushes, and connects again.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/link_totals.h"
#include "plugins/stn/core/links_report.h"
#include "plugins/stn/core/on_demand.h"
#include "plugins/stn/core/phase_clock.h"
#include "plugins/stn/core/push_twins.h"
#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/dialer.h"
#include "plugins/stn/link_codec.h"
#include "plugins/stn/link_companions.h"
#include "plugins/stn/link_course.h"
#include "plugins/stn/link_journal.h"
#include "plugins/stn/link_proof.h"
#include "plugins/stn/link_rhythm.h"
#include "plugins/stn/link_surroundings.h"
#include "plugins/stn/own_connection.h"
#include "plugins/stn/server_blame.h"
#include "plugins/stn/signal_keeper.h"
#include "plugins/stn/stream_line.h"
#include "plugins/stn/task_desk.h"
#include "plugins/stn/way_home.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class longlink final : private own_connection::owner,
                       private link_companions::owner,
                       private link_course::traveller,
                       private task_desk::listener,
                       private wakes_along {
 public:
  // `number`: for the taker.
  longlink(const link_surroundings& around, const link_settings& s, size_t number, const answer_time_settings& times);
  ~longlink();

  void start();
  // What the network is now; before start() and whenever it changes.
  void on_network(const tharsis_network_state& now);
  // Something is asked for on this network, or is no more (sdk/abi/stn_heal.h). `anew`: by it what is dialled is another thing, so
  // an attempt that is under way is of no use.
  void on_healing(const std::string& sentence, bool anew);
  // Who provides authentication has come or gone.
  void on_auth_provider();
  // The connection, also one that has not proved itself yet, is given up, and the next one begins at once; also where
  // the link rests.
  void reconnect(const std::string& sentence);
  // It is reached there from now on. Where it is up, a connection to them is made and proved first.
  void set_endpoints(std::vector<endpoint> to) { course_.set_endpoints(std::move(to)); }
  // The profile says this of it now. Nothing that waits is lost; a connection that is no longer right is given up when
  // another one is there, or at once where what is said on it has changed.
  void change(link_settings next) { course_.change(std::move(next)); }
  // The server's wish, until it has another one; 0: none.
  void set_heartbeat(duration interval);
  // It connects, if it rests, though there is no task for it.
  void want();
  // The memory knows more than it did.
  void recall();
  void submit(std::unique_ptr<request> r);
  // False: the task is not here.
  bool cancel(uint64_t id) { return desk_.cancel(id); }
  // See task_queue.
  void on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why) {
    desk_.on_encoded(id, connection, std::move(body), why);
  }
  const request* find(uint64_t id) const { return tasks_.find(id); }
  size_t unanswered() const { return tasks_.unanswered(); }
  void on_order_free(uint64_t order) { desk_.on_order_free(order); }
  void send_again(const std::string& user) { desk_.send_again(user); }
  void take_unsent(uint32_t group, std::vector<std::unique_ptr<request>>& into) { tasks_.take_unsent(group, place_.now(), into); }
  void end_tasks(const ending& e, std::string_view user) { desk_.end(e, user); }
  // See tharsis_stn.
  void touch();
  // See tharsis_stn_links.
  void keep_signalling();
  // Its large bodies, made with the first one; always the same hearer, who outlives them.
  stream_line& streams(stream_hearer& heard);
  // They end so, if there are any.
  void end_streams(tharsis_status status, const std::string& why);
  uint32_t connection() const { return static_cast<uint32_t>(totals_.connects); }  // Of now, or the last.

  // Answers what is open, and ends the connection if there is one; the rest is wait_stopped().
  void stop();
  // The same for another reason, which tasks hear as `tasks`.
  void leave(const loss& why, const ending& tasks);
  task<void> wait_stopped(instant deadline);

  size_t number() const { return number_; }
  const std::string& name() const { return settings_.name; }
  endpoint_terms terms() const { return terms_of(course_.planned()); }
  const link_totals& totals() const { return totals_; }
  // How it is and was.
  link_report snapshot() const;
  uint32_t state() const { return journal_.state(); }
  uint32_t why() const { return journal_.down_why(); }  // It is down, or was last.
  uint32_t failures() const { return journal_.failures(); }  // Attempts in a row that did not come up.

 private:
  // Its life, and what may keep it from connecting.
  task<void> run();
  task<bool> arrive(instant prove_by);
  task<result<std::unique_ptr<stream>>> find_way(instant deadline);
  bool has_codec();
  void on_codec();
  bool may_connect();
  bool is_in_portal();
  bool is_needed() const;
  void rest();
  void begin_attempt();
  void on_connection();
  void take_pending();
  void follow_aside();
  void on_down(const loss& why);
  void tell_connect(const loss& why);
  void tell_spread(const loss& why) const;
  void tell_interval(const learned_interval& before, const learned_interval& now) const;
  void on_twin(const push& p) const;
  loss not_reached(error why) const;

  // Its own connection, those beside it, and which of them takes its place.
  bool is_up() const override { return up_; }
  void on_up() override;
  void on_question() override;
  void on_moved(size_t read, size_t written) override;
  void on_push(const push& p) override;
  void on_pong() override;
  void on_lane_first() override;
  void on_companions() override { nudge(); }
  bool has_successor() const { return course_.has_successor() || companions_.has_successor(); }
  void take_successor();
  void take_next();

  // Where it leads.
  void take_numbers(const link_settings& next) override;
  void on_plan() override;
  void on_led_away() override;
  void on_speech() override;
  void on_successor() override;
  void on_course() override { nudge(); }
  void leave_lanes();
  void leave_plan();

  void on_task_answer(const answer& a) override;
  void on_server_spared(const spared_server& s) override { blame_.on_spared(s, up_); }
  void on_tasks() override { nudge(); }
  void on_company() override;
  void note_network(const tharsis_network_state& now, const traffic_way& before);
  live_connection::surroundings speech();
  const std::string& user() const { return settings_.user.empty() ? account_ : settings_.user; }
  const endpoint& target() const { return course_.target(); }
  void enter(phase p) { phases_.enter(p, place_.now()); }
  void report(uint32_t state, loss why, duration gap = {});
  void nudge();

  const link_surroundings around_;
  strand& place_;
  link_settings settings_;  // In force; the course changes where they lead.
  const size_t number_;
  std::string account_;       // Of the host.
  bool hello_known_ = false;  // A server has taken it.
  uint64_t connections_ = 0;  // Of all kinds, that were made so far.
  phase_clock phases_;
  dialer dialer_;
  link_journal journal_;
  link_codec codec_;
  task_desk desk_;
  task_queue& tasks_;  // The desk's.
  const own_keys keys_;
  link_rhythm rhythm_;
  stn::reconnect pace_;
  on_demand demand_;
  way_home home_;  // From a backup address.
  link_course course_;
  link_proof proof_;
  server_blame blame_;
  signal_keeper signals_;
  link_totals totals_;
  push_twins twins_;
  link_companions companions_;
  own_connection own_;
  std::unique_ptr<stream_line> streams_;
  instant server_ends_{};  // Which the link has left; the past where it has not said so.
  signal nudge_;        // While there is no connection; else its stream's own.
  bool moved_ = false;  // The network has, since it was dialled: that it does not come up says nothing about the endpoint.
  std::string healed_;  // Why the attempt that is under way begins anew; as a rule empty.
  bool up_ = false;
  instant down_since_{}, up_since_{};
  bool ending_ = false;
  loss farewell_{THARSIS_STN_WHY_NONE, THARSIS_OK, {}};  // Why it ends.
  bool foreground_ = true;
  int64_t woke_ = 0;
  bool network_there_ = true, costly_ = false;
  task_set running_;
};

}  // namespace tharsis::stn
