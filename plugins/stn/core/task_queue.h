// All tasks of one link that have no answer yet: those that wait, in the order in which they were
// submitted, and those whose request was sent on the connection of now, by its sequence.
//
// The one promise: every task gets exactly one answer, whatever happens to the connection.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/stn/core/settings.h"
#include "sdk/pure/error.h"
#include "sdk/pure/metrics.h"

namespace tharsis::stn {

struct request {
  uint64_t id = 0;  // Unique, and growing with the order of submission.
  uint32_t command = 0;
  std::vector<uint8_t> body;
  std::vector<uint8_t> key;  // Empty: must not be sent twice.
  instant deadline = never;
};

struct answer {
  uint64_t id = 0;
  tharsis_status status = THARSIS_OK;
  std::vector<uint8_t> body;
  std::string reason;  // One sentence unless OK.
};

class task_queue {
 public:
  struct counts {
    counter sent, repeated, stray;
    histogram round_trip;
  };
  explicit task_queue(std::string link, counts c = {}) : link_(std::move(link)), counts_(c) {}

  void submit(request r);
  void cancel(uint64_t id);

  // The next request for the wire; counts as sent from here on.
  std::optional<mars::frame> take_frame(instant now);

  void on_answer(mars::frame f, instant now);

  // The connection has died. What was sent waits again in its old place, if its key allows.
  void on_loss(const error& why);

  // Tasks whose time is over. Ask when deadline() has passed; harmless to ask early.
  void on_deadline(instant now);
  instant deadline() const { return deadlines_.empty() ? never : deadlines_.begin()->first; }

  // Answers everything.
  void end(tharsis_status status, const std::string& reason);

  std::vector<answer> take_answers() { return std::exchange(answers_, {}); }

  size_t unanswered() const { return tasks_.size(); }
  size_t sent() const { return sent_.size(); }

 private:
  struct entry {
    request asked;
    uint32_t sequence = 0;  // 0: waits.
    instant sent_at{};
  };
  using entries = std::map<uint64_t, entry>;

  void finish(entries::iterator at, answer a);
  uint32_t free_sequence();

  std::string link_;
  counts counts_;
  entries tasks_;
  std::set<uint64_t> waiting_;
  std::map<uint32_t, uint64_t> sent_;
  std::set<std::pair<instant, uint64_t>> deadlines_;
  std::vector<answer> answers_;
  std::string trouble_;  // Why the link went down the last time.
  uint32_t last_sequence_ = 0;
};

}  // namespace tharsis::stn
