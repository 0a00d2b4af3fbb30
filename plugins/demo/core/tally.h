// Counts what the demo saw and judges whether all of the job was done: pure.
#pragma once
#include <algorithm>
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
  // An answer for this line; `good` when the server echoed the right text.
  void on_answer(size_t line, bool good, const std::string& failure);
  void on_push() { ++(outage_over_ ? pushes_after_ : pushes_before_); }
  void on_link_up(uint32_t count, duration gap_before);
  // The link is not up, because of this.
  void on_link_down(const std::string& reason);
  void on_verdict(const std::string& sentence);

  bool answered_all() const { return answered_ == answers_.size(); }
  uint64_t answered() const { return answered_; }
  uint64_t lines() const { return answers_.size(); }
  uint64_t pushes() const { return pushes_before_ + pushes_after_; }
  uint64_t pushes_after_outage() const { return pushes_after_; }
  bool link_up() const { return link_up_; }
  // Nothing more needs to happen on the network.
  bool satisfied(int64_t outages_wanted) const;

  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t failed = 0;
  uint64_t answered_twice = 0;
  uint32_t connects = 0;
  duration longest_gap{};
  std::string headline;       // What sdt said about the outage.
  std::string link_reason;    // Why the link went down last.
  std::string first_failure;  // Of a task, for the summary.

  // From other places, when the work is over.
  struct {
    uint64_t executions = 0, keys = 0, repeats = 0;
    bool known = false;
    std::string failure;
  } server;
  struct {
    std::string file;
    uint64_t lines = 0, tasks_found = 0;
    std::string failure;
  } log;
  struct {
    uint64_t queries = 0, literal = 0, pinned = 0, cached = 0, system = 0, failed = 0;
  } dns;

  // Executions that no key of ours asked for: those beyond one for each key, by the gateway's count
  // of keys, which can be no larger than the number that was sent.
  uint64_t duplicates() const {
    const uint64_t keys = std::min(server.keys, sent);
    return server.executions > keys ? server.executions - keys : 0;
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
  bool link_up_ = false;
};

}  // namespace tharsis::demo
