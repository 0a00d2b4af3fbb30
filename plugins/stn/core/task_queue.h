// All tasks of one link that have no answer yet: those that wait, by priority and then in the order in
// which they were submitted, and those whose request was sent on the connection of now, by its sequence.
//
// The one promise: every task gets exactly one answer, whatever happens to the connection.
//
// A task costs this machine no memory of its own: lists and indexes go through the requests.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugins/stn/core/chained_index.h"
#include "plugins/stn/core/request.h"
#include "plugins/stn/core/settings.h"
#include "sdk/pure/error.h"
#include "sdk/pure/metrics.h"

namespace tharsis::stn {

struct answer {
  std::unique_ptr<request> of;
  tharsis_status status = THARSIS_OK;
  std::span<const uint8_t> body;  // Where it was received: valid until more is.
  std::string reason;             // One sentence unless OK.
};

class task_queue {
 public:
  struct counts {
    counter sent, repeated, stray;
    histogram round_trip;
  };
  // `phases` are the link's, and outlive the queue.
  task_queue(std::string link, const phase_clock& phases, counts c = {})
      : link_(std::move(link)), phases_(phases), counts_(c) {}
  task_queue(const task_queue&) = delete;
  ~task_queue();

  void submit(std::unique_ptr<request> r, instant now);
  // False: it is not here.
  bool cancel(uint64_t id, instant now);

  // Puts the next request behind what is in `out`; it counts as sent from here on. False: none waits.
  bool write_next(std::vector<uint8_t>& out, uint32_t client_version, instant now);

  void on_answer(const mars::frame_view& f, instant now);
  // The first bytes of an answer are there.
  void on_answer_begun(uint32_t sequence, instant now);

  // The connection has died. What was sent waits again in its old place, if its key allows.
  void on_loss(const error& why, instant now);

  // Tasks whose time is over. Ask when deadline() has passed; harmless to ask early.
  void on_deadline(instant now);
  instant deadline() const { return deadlines_.empty() ? never : deadlines_.front().first; }

  // Answers everything.
  void end(tharsis_status status, const std::string& reason, instant now);

  std::vector<answer> take_answers() { return std::exchange(answers_, {}); }

  size_t unanswered() const { return tasks_.size(); }
  size_t sent() const { return by_sequence_.size(); }
  size_t deadlines_kept() const { return deadlines_.size(); }  // Those of answered tasks too, for a while.

 private:
  static constexpr size_t priorities = THARSIS_STN_PRIORITY_MAX - THARSIS_STN_PRIORITY_MIN + 1;
  struct list {
    request* first = nullptr;
    request* last = nullptr;
    void insert(request& r, request* before);  // Null: at the end.
    void remove(request& r);
  };

  list& waiting_of(const request& r) { return waiting_[static_cast<size_t>(THARSIS_STN_PRIORITY_MAX - r.priority)]; }
  request* next_waiting() const;
  void wait_again(request& r, instant now);
  void stop_waiting(request& r, instant now);
  void stop_being_sent(request& r);
  void finish(request& r, instant now, tharsis_status status, std::span<const uint8_t> body, std::string reason);
  void forget_deadlines();
  uint32_t free_sequence();

  std::string link_;
  const phase_clock& phases_;
  counts counts_;
  chained_index<request, &request::id, &request::next_by_id> tasks_;
  chained_index<request, &request::sequence, &request::next_by_sequence> by_sequence_;
  std::array<list, priorities> waiting_;  // The most urgent first.
  list sent_;                             // In the order in which they were.
  // A heap, the earliest first. What was answered leaves it when it comes to the front.
  std::vector<std::pair<instant, uint64_t>> deadlines_;
  std::vector<answer> answers_;
  std::string trouble_;  // Why the link went down the last time.
  uint32_t last_sequence_ = 0;
};

}  // namespace tharsis::stn
