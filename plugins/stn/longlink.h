// A long link: one coroutine that connects, carries tasks and pushes, and connects again.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/auth_hook.h"
#include "plugins/stn/core/link_history.h"
#include "plugins/stn/core/link_totals.h"
#include "plugins/stn/core/on_demand.h"
#include "plugins/stn/core/links_report.h"
#include "plugins/stn/core/phase_clock.h"
#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/core/session.h"
#include "plugins/stn/core/signalling.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/dialer.h"
#include "plugins/stn/interval_memory.h"
#include "plugins/stn/keep_datagrams.h"
#include "plugins/stn/link_book.h"
#include "plugins/stn/link_codec.h"
#include "plugins/stn/link_events.h"
#include "plugins/stn/link_lanes.h"
#include "plugins/stn/push_board.h"
#include "plugins/stn/second_connection.h"
#include "plugins/stn/server_moves.h"
#include "plugins/stn/stream_line.h"
#include "plugins/stn/successor.h"
#include "plugins/stn/udp_way.h"
#include "plugins/stn/wake_company.h"
#include "plugins/stn/way_home.h"
#include "plugins/stn/weak_watch.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

// Who gave the tasks.
class answer_taker {
 public:
  // From the link of this number. What its `body` shows is gone after the call.
  virtual void take(answer a, size_t link) = 0;
  // A caller is to make a body; before answers of the same turn.
  virtual void ask(const encode_wish& wish, size_t link) = 0;
  // The link is in another state.
  virtual void on_state(size_t link) = 0;

 protected:
  ~answer_taker() = default;
};

// What all links share, and which outlives them.
struct link_surroundings {
  strand& place;
  const host& tables;
  switchboard& ways;
  codec_shelf& codecs;
  const std::string& client_id;
  const link_events& events;
  push_board& pushes;
  const counts& count;
  interval_memory& memory;
  link_book& book;
  auth_hook& auth;
  answer_taker& taker;
  const activity& use;
  wake_company& company;
  weak_watch& weak;
  traffic& counted;
  const stream_settings& streams;
  weak_memory& weakness;
  const task_settings& tasks;
};

class longlink final : private live_connection::owner, private successor::listener, private second_connection::listener, private wakes_along {
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
  void set_endpoints(std::vector<endpoint> to);
  // The profile says this of it now. Nothing that waits is lost; a connection that is no longer right is given up when
  // another one is there, or at once where what is said on it has changed.
  void change(link_settings next);
  // The server's wish, until it has another one; 0: none.
  void set_heartbeat(duration interval);
  // It connects, if it rests, though there is no task for it.
  void want();
  // The memory knows more than it did.
  void recall();
  void submit(std::unique_ptr<request> r);
  // False: the task is not here.
  bool cancel(uint64_t id);
  // See task_queue.
  void on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why);
  const request* find(uint64_t id) const { return tasks_.find(id); }
  size_t unanswered() const { return tasks_.unanswered(); }
  void on_order_free(uint64_t order);
  void send_again(const std::string& user);
  void take_unsent(uint32_t group, std::vector<std::unique_ptr<request>>& into) { tasks_.take_unsent(group, place_.now(), into); }
  void end_tasks(const ending& e, std::string_view user);
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
  endpoint_terms terms() const { return terms_of(planned()); }
  const link_totals& totals() const { return totals_; }
  // How it is and was.
  link_report snapshot() const;
  uint32_t state() const { return state_; }
  uint32_t why() const { return down_why_; }  // It is down, or was last.
  uint32_t failures() const { return failures_; }  // Attempts in a row that did not come up.

 private:
  struct there;
  // The way that traffic takes.
  struct way {
    uint64_t generation = 0;
    std::string interface, network;
    std::string name() const { return interface + '/' + network; }
    bool is_another(const way& before) const;
  };
  task<void> run();
  task<void> expire();
  task<result<std::unique_ptr<stream>>> find_way(instant deadline);
  task<loss> carry(instant prove_by);
  std::optional<loss> turn(live_connection& c);
  std::optional<loss> receive(live_connection& c);
  std::optional<loss> follow_network(session& talk);
  std::optional<loss> follow_auth(live_connection& c);
  void follow_signalling(session& talk);
  void follow_datagrams(live_connection& c);
  void on_datagrams();
  void on_read(size_t bytes) override;
  void on_output(size_t bytes) override;
  void count_read(size_t bytes);
  void count_output(size_t bytes);
  void on_question() override;
  void on_bytes(size_t read, size_t written);
  void on_company() override;
  void tell_auth(uint32_t outcome, const std::string& sentence);
  bool may_connect();
  bool is_in_portal();
  bool is_needed() const;
  bool has_successor() const;
  bool may_have_second() const;
  instant second_at() const;
  void rest();
  instant next_look(const session& talk) const;
  std::optional<loss> go_idle(const stream& wire);
  task<void> say_farewell(stream& wire);
  void tell_connect(const loss& why);
  const std::string& user() const { return settings_.user.empty() ? account_ : settings_.user; }
  loss not_reached(error why) const;
  static bool is_by_server(const loss& why);
  bool lanes_live_on(const loss& why) const;
  bool is_overtaken() const;
  void on_lane_first();
  task<bool> arrive(instant prove_by);
  std::optional<loss> move_home();
  std::optional<loss> move_over(stream& wire, session& talk);
  std::optional<loss> follow_second(live_connection& c);
  live_connection::surroundings speech();
  const link_settings& planned() const { return pending_ ? *pending_ : next_ ? next_->next() : settings_; }
  void watch(const answer& a);
  void take_numbers(const link_settings& next);
  void speak_anew(link_settings next);
  void take_pending();
  void tell_spared(const spared_server& s);
  void on_server_failure(const std::string& sentence, duration at_least);
  void follow_moves(live_connection& c);
  void go(move_plan plan);
  void go_home();
  bool leave_told();
  // `anew`: also where it is there already.
  void lead_to(link_settings next, bool anew = false);
  void leave_plan();
  void leave_lanes();
  std::unique_ptr<live_connection> take_next();
  std::unique_ptr<live_connection> take_second();
  std::unique_ptr<live_connection> take_lane();
  link_lanes::errands lane_errands();
  void on_lanes();
  void on_attempt(const successor::attempt& a) override;
  void on_push_aside(const push& p) override { tell_push(p); }
  void on_second_read(size_t bytes) override { count_read(bytes); }
  void on_second_written(size_t bytes) override { count_output(bytes); }
  void on_second_push(const push& p) override { tell_push(p); }
  void on_second_news() override { nudge(); }
  void on_second_end(const second_attempt& a) override;
  void tell_push(const push& p);
  const endpoint& target() const { return settings_.endpoints[turn_ % settings_.endpoints.size()]; }
  bool has_codec();
  void on_codec();
  void on_up();
  void on_down(const loss& why);
  void begin_attempt();
  void on_refused(const loss& why);
  void note_network(const tharsis_network_state& now, const way& before);
  void note(uint32_t why, std::string text) { causes_.note(place_.wall(), why, std::move(text)); }
  void enter(phase p) { phases_.enter(p, place_.now()); }
  void remember();
  void hand_over();
  void nudge();
  void report(uint32_t state, loss why, duration gap = {});

  strand& place_;
  const host& host_;
  switchboard& ways_;
  link_settings settings_;
  const std::string& client_id_;
  const link_events& events_;
  push_board& pushes_;
  const counts& counts_;
  interval_memory& memory_;
  link_book& book_;
  auth_hook& auth_;
  const activity& use_;
  answer_taker& taker_;
  wake_company& company_;
  weak_watch& weak_;
  traffic& counted_;
  const stream_settings& stream_numbers_;
  const size_t number_;
  phase_clock phases_;
  dialer dialer_;
  way_home home_;  // From a backup address.
  link_codec codec_;
  task_queue tasks_;
  udp_way udp_;
  bool hello_known_ = false;  // A server has taken it.
  second_connection second_;
  link_lanes lanes_;
  heartbeat rhythm_;
  std::array<learned_interval, 2> remembered_;  // Awake, and dozing.
  stn::reconnect pace_;
  on_demand demand_;
  signalling signals_;
  keep_datagrams datagrams_;
  server_moves moves_;
  instant busy_at_{};        // The server has said so, as its breaker was told.
  bool live_spoke_ = false;  // There was a connection, so that what ended it may be the server's doing.
  bool signals_refused_ = false;  // By the codec, and it was said.
  std::shared_ptr<const auth_exchange> exchange_;  // Of this connection, or the last.
  bool auth_told_ = false;                 // How it ended.
  std::optional<loss> wish_;               // To give the connection up.
  std::string account_;                    // Of the host.
  bool foreground_ = true;
  signal nudge_;                       // While there is no connection; else its stream's own.
  signal deadlines_;                   // The first deadline of a task is sooner than
  instant expires_at_ = never;         // this, for which expire() waits.
  bool touched_ = false;               // The connection is to prove itself.
  std::unique_ptr<live_connection> live_;  // While carry() runs.
  size_t turn_ = 0;                    // Which endpoint.
  uint32_t state_ = THARSIS_STN_DOWN;  // As it was told last,
  loss reason_{THARSIS_STN_WHY_NONE, THARSIS_OK, {}};  // why,
  int64_t since_ = 0;                                  // and when, by the wall's clock.
  uint32_t down_why_ = THARSIS_STN_WHY_NONE;           // The last time that it was told to be down.
  uint32_t because_ = THARSIS_STN_WHY_START;           // It is tried next, unless tasks want it or the pause is over.
  uint32_t tried_because_ = THARSIS_STN_WHY_NONE;      // The attempt that is under way,
  phase_times tried_at_{};                             // and how far the clock was when it began.
  uint32_t failures_ = 0;
  cause_chain causes_;
  link_history history_;
  int64_t woke_ = 0;
  duration round_trip_{};
  bool asked_ = false;  // The connection for a proof, after a change of the network.
  std::string trouble_;                // Of the last time that it was down, since it was up.
  std::vector<endpoint> profile_endpoints_;  // Whatever was said otherwise since.
  std::unique_ptr<link_settings> pending_;   // From the next connection on.
  std::unique_ptr<successor> next_;    // Another connection, which is to take this one's place
  instant moving_by_ = never;          // by then, when it is up.
  bool overtaken_ = false;             // A lane was there first.
  bool adopted_ = false;               // This one came so,
  bool heard_ = false;                 // and has brought something since.
  std::string healed_;                 // Why the attempt that is under way begins anew; as a rule empty.
  bool led_away_ = false;              // The attempt that is under way leads where nobody wants to go any more.
  std::string next_trouble_;           // Of the successor, as it was told last.
  way way_;    // Now,
  way dialed_;  // and when it was dialled, or was last found to carry on.
  bool moved_ = false;  // Since it was dialled: a failure to come up says nothing about the endpoint.
  bool up_ = false;
  bool ending_ = false;
  loss farewell_{THARSIS_STN_WHY_NONE, THARSIS_OK, {}};  // Why it ends.
  instant down_since_{}, up_since_{};
  link_totals totals_;
  std::unique_ptr<stream_line> streams_;
  bool network_there_ = true, costly_ = false;
  task_set running_;
};

}  // namespace tharsis::stn
