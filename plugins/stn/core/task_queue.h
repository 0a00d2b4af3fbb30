// All tasks of one link that have no answer yet: those that wait, by priority and then in the order in
// which they were submitted; those whose request was sent on the connection of now, by its sequence; and
// those for which something else has to happen first (see core/request.h).
//
// The one promise: every task gets exactly one answer, whatever happens to the connection.
//
// A task costs this machine no memory of its own: lists and indexes go through the requests.
//
// task_queue.cpp has a task's way from submit() to its answer, task_queue_failures.cpp what becomes of one whose try has
// failed, and task_queue_second.cpp what a second connection beside the first carries for a moment.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugins/stn/core/answer_times.h"
#include "plugins/stn/core/chained_index.h"
#include "plugins/stn/core/request.h"
#include "plugins/stn/core/request_list.h"
#include "plugins/stn/core/server_care.h"
#include "plugins/stn/core/session_tasks.h"
#include "plugins/stn/core/settings.h"
#include "plugins/stn/core/server_memory.h"
#include "plugins/stn/core/side_way.h"
#include "plugins/stn/core/task_deadlines.h"
#include "sdk/pure/error.h"
#include "sdk/pure/framing.h"
#include "sdk/pure/metrics.h"

namespace tharsis::stn {

struct answer {
  std::unique_ptr<request> of;
  tharsis_status status = THARSIS_OK;
  std::span<const uint8_t> body;  // Where it was received: valid until more is.
  std::string reason;             // One sentence unless OK.
  uint32_t why = THARSIS_STN_ANSWERED;
  int32_t code = 0;
};

// The turn of a task whose caller makes the body.
struct encode_wish {
  uint64_t id;
  caller from;
  uint32_t sends, connection;
  size_t short_link = 0;  // That wants it, from 1 on; 0: the long link.
};

// Why tasks are ended from outside.
struct ending {
  tharsis_status status;
  uint32_t why;
  std::string reason;
};

class task_queue final : public session_tasks {
 public:
  struct counts {
    counter sent, repeated, stray;
    histogram round_trip;
    counter busy, no_budget, keyed;
  };
  // `phases` are the link's, and outlive the queue. `kind`: "link" or "short link", for sentences.
  task_queue(const std::string& link, const phase_clock& phases, counts c = {}, const answer_time_settings& s = {}, const std::string& kind = "link")
      : link_(kind + " '" + link + "'"), phases_(phases), counts_(c), times_(s), care_({}, {}, 0, c.busy, c.no_budget) {}
  task_queue(const task_queue&) = delete;
  ~task_queue();

  // How far its server is spared; before the first task. `seed`: of chance.
  void spare(const rest_settings& rest, const budget_settings& budget, uint64_t seed) { care_ = server_care(rest, budget, seed, counts_.busy, counts_.no_budget); }
  std::vector<spared_server> take_spared() { return care_.take_told(); }
  // Of the repetitions that a server bears one is wanted, of this request. False: there is none left, and that was told.
  [[nodiscard]] bool spend(const request& r, instant now) { return care_.spend(r.command, now); }
  retry_budget& budget() { return care_.budget(); }

  void submit(std::unique_ptr<request> r, instant now);
  // False: it is not here.
  bool cancel(uint64_t id, instant now);

  // The connection is up; the link has been so many times now.
  void on_up(uint32_t connection, instant now);
  // What the server of the connection says of its memory; before on_up(). `keys`: those that tasks get there; outlive the queue.
  void on_memory(const server_memory& m, const own_keys& keys) { company_.memory = m, keys_ = &keys; }
  // Another way through the network, of this kind. `gone`: none at all.
  void on_network(bool gone, bool cellular, instant now);

  // Offers requests to another way first, to datagrams before the lanes; both outlive that. Null: to none.
  void use(side_way* datagrams) { company_.datagrams = datagrams; }
  void spread_by(side_way* lanes) { company_.lanes = lanes; }
  // What went another way is to be written here too, unless nobody waits for it any more (no copy: instead);
  void write_too(uint32_t sequence, bool is_copy = true) { too_.push_back({sequence, false, is_copy}); }
  // or on whichever lane the lanes choose.
  void carry_too(uint32_t sequence) { too_.push_back({sequence, true, true}); }
  // Another way has sent it once more.
  void on_copy(uint32_t sequence);
  // The codec does not carry it, as the way found out that was to write it.
  void on_not_carried(uint32_t sequence, error why, instant now);
  // A request that is out; null: none is by this sequence. [for a look]
  const request* out(uint32_t sequence) const { return by_sequence_.find(sequence); }

  // What `frames` do not carry is answered so.
  bool write_next(std::vector<uint8_t>& out, framing& frames, instant now) override;
  bool wrote_again() const override { return wrote_again_; }
  // A second connection beside the one that is up: what was sent, and may be sent twice, is to go on both from here on, until
  // end_copies().
  void begin_copies();
  void end_copies() { company_.copying = false, copies_.clear(); }
  bool has_copies() const;
  // As write_next(), on the second connection: another of these,
  bool write_copy(std::vector<uint8_t>& out, framing& frames);
  // or one that nobody has sent yet, and that was not made for the first one or bound to it.
  bool write_on_second(std::vector<uint8_t>& out, framing& frames, instant now);
  // The server does not want it there. False: it was no copy.
  bool on_copy_refused(uint32_t sequence);
  // How many of those sent are on the second connection.
  size_t on_second() const { return on_second_; }
  // Whether some would be lost with the first one.
  bool needs_first() const;
  // It has died. What it alone carried is treated as on_loss() says.
  void on_second_loss(const error& why, instant now);

  // For a link that carries each request by itself: the next one is on its way from here on, until on_end(),
  // on_tries_over(), or cancel() and the like, whatever comes first; that on_end() comes by its deadline is its
  // carrier's promise. Valid so long. Null: none is ready.
  request* send_next(instant now);
  void on_end(request& r, const ending& how, std::span<const uint8_t> body, instant now);
  // It has failed as often as it may, and another try later may be better.
  void on_tries_over(request& r, const ending& how, instant now);
  // What stands in the sentences of those that waited in vain.
  void on_trouble(std::string text) { trouble_ = std::move(text); }

  // Null: it is not here. [for a look]
  const request* find(uint64_t id) const { return tasks_.find(id); }

  // Whose callers are to make a body now.
  std::vector<encode_wish> take_wishes() { return std::exchange(wishes_, {}); }
  // One was made, for that connection; or the task ends so. Harmless when the task is gone.
  void on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, instant now, uint32_t why = THARSIS_STN_NOT_ENCODED);

  bool next_is_keyed() const override;
  int take_companions() override { return company_.lanes == nullptr ? 0 : company_.lanes->take_companions(); }
  size_t next_size() const override;

  // The connection's own, which is another way's to judge where there is one.
  void on_answer(const mars::frame_view& f, instant now) override;
  // An answer that ends its task, whichever way it came.
  void accept(const mars::frame_view& f, instant now);
  bool expects(uint32_t sequence) const override { return by_sequence_.find(sequence) != nullptr; }
  void on_answer_begun(uint32_t sequence, instant now) override;

  // The connection has died. What was sent waits again in its old place, if its key allows; but not what the lanes carry, nor
  // what a second one carries too, which is the link's own when on_up() comes next.
  void on_loss(const error& why, instant now);
  // The same for these alone: a lane has died.
  void on_lane_loss(const std::vector<uint32_t>& sequences, const error& why, instant now);

  // Tasks whose time is over. Ask when deadline() has passed; harmless to ask early.
  void on_deadline(instant now);
  instant deadline() const;
  bool on_slow(instant now) override;
  instant slow_deadline() const override { return sent_.first == nullptr ? never : slow_at_; }

  // Parked tasks wait again, as far as the budget goes: each is a repetition, unless nothing of its last try had gone to the wire.
  void revive(instant now);
  // The task that held up those of this order has ended where it was judged.
  void on_order_free(uint64_t order, instant now);
  // What this user has sent is sent again, as far as it may.
  void send_again(const std::string& user, instant now);

  // Those of this group that were not sent go to another link.
  void take_unsent(uint32_t group, instant now, std::vector<std::unique_ptr<request>>& into);

  // Answers everything; of one user only, where one is named.
  void end(const ending& e, instant now, std::string_view user = {});

  bool has_answers() const { return !answers_.empty(); }
  std::vector<answer> take_answers() { return std::exchange(answers_, {}); }

  size_t unanswered() const { return tasks_.size(); }
  size_t sent() const override { return by_sequence_.size() + (company_.lanes == nullptr ? 0 : company_.lanes->owed()); }
  size_t deadlines_kept() const { return deadlines_.size(); }  // Those of answered tasks too, for a while.
  answer_times::quality quality() const { return times_.now(); }

 private:
  static constexpr size_t priorities = THARSIS_STN_PRIORITY_MAX - THARSIS_STN_PRIORITY_MIN + 1;
  request_list& waiting_of(const request& r) { return waiting_[static_cast<size_t>(THARSIS_STN_PRIORITY_MAX - r.priority)]; }
  request_list& list_of(const request& r);
  bool write_again(std::vector<uint8_t>& out, framing& frames, instant now);
  bool goes_aside(const request& r, instant now);
  bool may_go(request& r, instant now);
  bool is_for_here(const request& r) const;
  bool has_right_key(request& r, instant now);
  void count_send(request& r);
  void count_copy(request& r) { r.keyed_copies += r.memory != 0 ? 1 : 0; }
  void lose_try(request& r, const error& why, instant now);
  request* next_waiting() const;
  request* next_ready(instant now);
  std::vector<request*> in_order() const;
  bool cannot_go(request& r, instant now);
  void wait_again(request& r, instant now);
  void stop_waiting(request& r, instant now);
  void be_sent(request& r, instant now);
  void lose(carried by, const error& why, instant now);
  void carry(request& r, carried by);
  void stop_being_sent(request& r, instant now);
  void leave_list(request& r, instant now);
  void repeat(request& r, instant now);
  void fail_try(request& r, instant now, tharsis_status status, uint32_t why, const std::string& what, const std::string& because);
  void park(request& r, instant now);
  bool is_spared(request& r, instant now);
  void spare_server(request& r, std::string_view refusal, duration told, instant now);
  void ask_again(instant now);
  void set_aside(request& r, stage where, request_list& in, instant now);
  void take_back(request& r, instant now);
  void finish(request& r, instant now, tharsis_status status, uint32_t why, std::span<const uint8_t> body, std::string reason);
  void forget_deadlines();
  uint32_t free_sequence();

  const std::string link_;  // "link 'main'"
  const phase_clock& phases_;
  counts counts_;
  answer_times times_;
  chained_index<request, &request::id, &request::next_by_id> tasks_;
  chained_index<request, &request::sequence, &request::next_by_sequence> by_sequence_;
  std::array<request_list, priorities> waiting_;  // The most urgent first.
  request_list sent_;                             // In the order in which they were.
  request_list preparing_, parked_, spared_;
  std::unordered_map<uint64_t, request_list> orders_;  // Those of which a task is on its way, and who waits behind it.
  task_deadlines deadlines_;
  instant slow_at_ = never;
  std::vector<answer> answers_;
  std::vector<encode_wish> wishes_;
  server_care care_;
  instant revived_at_ = instant::min();  // The last time that somebody looked.
  instant spared_until_ = never;  // The first of those that are spared may be asked again.
  struct written_too {
    uint32_t sequence;
    bool by_any;   // Lane, if the lanes like.
    bool is_copy;  // It has gone before.
  };
  // What belongs to one of a link's connections: the link's own, but for the moment in which a second one beside it writes.
  struct company {
    side_way* datagrams = nullptr;
    side_way* lanes = nullptr;
    bool copying = false;
    server_memory memory;  // Of its server; of the last one's while there is none.
    bool second = false;
  };
  company company_;
  std::vector<written_too> too_;
  std::vector<uint32_t> copies_;  // Sequences, the first one last.
  const own_keys* keys_ = nullptr;
  size_t on_second_ = 0;
  std::string trouble_;  // Why the link went down the last time.
  uint32_t last_sequence_ = 0;
  uint32_t connection_ = 0;  // Of now, or the last.
  bool up_ = false;
  bool no_network_ = false;
  bool wrote_again_ = false;
};

}  // namespace tharsis::stn
