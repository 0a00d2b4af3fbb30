// Which task `tharsis stn send` starts when, and what has become of each.
//
// A closed loop keeps `in_flight` tasks open. An open loop starts task i at start + i / rate, whatever
// the answers do: a driver that comes late neither moves the schedule nor shortens what it measures.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sdk/abi/abi.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct send_plan {
  int64_t count = 1;
  int64_t in_flight = 1;
  double rate = 0;  // Tasks a second, whatever in_flight says; 0: a closed loop.
  duration deadline = 15s;  // Total time of each task.
  bool times = false;       // Keep how long each took.
};

struct send_report {
  int64_t sent = 0, ok = 0, failed = 0;  // sent = ok + failed once all is over.
  std::map<std::string, int64_t> reasons;  // Of what failed: how often each.
  // Of the answered: from the moment when the task was due. Nothing without an answer.
  std::optional<duration> p50, p95, p99, max;
  std::optional<duration> first_answer;  // From the start.
  std::optional<duration> elapsed;       // From the first answer to the last.
  instant began{};                       // By the clock of the loop; and where the plan says `times`:
  std::vector<std::optional<duration>> times;  // by task, nothing of one without an answer.
};

class send_schedule {
 public:
  struct turn {
    int64_t number;  // From 0.
    instant due;
    instant deadline;
  };

  send_schedule(const send_plan& plan, instant start) : plan_(plan), start_(start) {}

  // The next task, if it is time for one. It counts as sent and is open until its outcome comes.
  std::optional<turn> take(instant now);
  // When take() has the next one; `never`: no more come, or first an outcome must.
  instant due() const;

  // What became of an open task, as it counts: an answer behind its deadline is none. Nothing: it is not open.
  std::optional<tharsis_status> on_outcome(int64_t number, tharsis_status status, instant now);

  // No more tasks; what is open counts as cancelled. Answers their numbers, in order.
  std::vector<int64_t> end();

  bool over() const { return sent_ == plan_.count && open_ == 0; }
  bool all_answered() const { return over() && static_cast<int64_t>(latencies_.size()) == sent_; }
  send_report report() const;

 private:
  send_plan plan_;
  const instant start_;
  int64_t sent_ = 0;
  int64_t open_ = 0;
  std::deque<instant> due_;  // Of the last tasks, up to sent_: since when each is due; `never` once it is over.
  std::vector<duration> latencies_;
  std::vector<std::optional<duration>> times_;
  std::map<std::string, int64_t> reasons_;
  std::optional<duration> first_answer_, last_answer_;
};

}  // namespace tharsis::stn
