// Counts what the demo saw and judges whether all of the job was done: pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::demo {

class tally {
 public:
  explicit tally(size_t lines) : answers_(lines, 0) {}

  // A task was handed to stn, or refused by it.
  void on_sent() { ++sent; }
  // An answer for this line; `ok` when the server echoed the right text.
  void on_answer(size_t line, bool ok, const std::string& failure);
  void on_push() { ++(outage_over_ ? pushes_after_ : pushes_before_); }
  void on_link_up(uint32_t count, duration gap_before);
  void on_verdict(const std::string& sentence, bool link_down);

  bool answered_all() const { return answered_ == answers_.size(); }
  // Pushes came before the outage and again after it.
  bool pushes_proven() const { return pushes_after_ > 0; }
  uint64_t pushes() const { return pushes_before_ + pushes_after_; }

  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t failed = 0;
  uint64_t answered_twice = 0;
  uint32_t connects = 0;
  duration longest_gap{};
  std::string headline;       // What sdt said while the link was down.
  std::string first_failure;  // Of a task, for the summary.

  // From other places, when the work is over.
  struct {
    uint64_t executions = 0, keys = 0, repeats = 0;
    bool known = false;
  } server;
  struct {
    std::string file;
    uint64_t lines = 0, tasks_found = 0;
    std::string failure;
  } log;
  struct {
    uint64_t queries = 0, pinned = 0, cached = 0, system = 0, failed = 0;
  } dns;

  uint64_t lines() const { return answers_.size(); }
  int64_t duplicates() const {
    return static_cast<int64_t>(server.executions) - static_cast<int64_t>(server.keys);
  }

  // One sentence per thing that was promised and did not happen; empty when all is well.
  std::vector<std::string> shortfalls(int64_t outages_wanted) const;
  // The one line of --json.
  std::string json() const;

 private:
  std::vector<uint8_t> answers_;
  uint64_t answered_ = 0;
  uint64_t pushes_before_ = 0, pushes_after_ = 0;
  bool outage_over_ = false;
};

}  // namespace tharsis::demo
