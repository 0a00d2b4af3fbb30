// What a second connection carries while the first one is there: at first nothing; then copies of what was sent on the first
// one and may be sent twice; and once it leads, all that is yet to be sent.
#pragma once
#include "plugins/stn/core/task_queue.h"

namespace tharsis::stn {

class second_share final : public session_tasks {
 public:
  explicit second_share(task_queue& tasks) : tasks_(tasks) {}

  void copy() {
    if (!std::exchange(copies_, true)) tasks_.begin_copies();
  }
  void lead() { leads_ = true; }
  // The second connection is gone, or the only one: what it carried is the queue's own matter.
  void end() {
    tasks_.end_copies();
    copies_ = leads_ = false;
  }
  uint64_t copies_in_all() const { return count_; }

  bool write_next(std::vector<uint8_t>& out, framing& frames, instant now) override {
    if (copies_ && tasks_.write_copy(out, frames)) return ++count_, true;
    return leads_ && tasks_.write_on_second(out, frames, now);
  }
  bool wrote_again() const override { return tasks_.wrote_again(); }
  bool next_is_keyed() const override { return copies_ && tasks_.has_copies(); }

  // A server that refuses a copy may still be about to answer the request.
  void on_answer(const mars::frame_view& f, instant now) override {
    if (f.refusal.empty() || !tasks_.on_copy_refused(f.sequence)) tasks_.accept(f, now);
  }
  bool expects(uint32_t sequence) const override { return tasks_.expects(sequence); }
  void on_answer_begun(uint32_t sequence, instant now) override { tasks_.on_answer_begun(sequence, now); }
  size_t sent() const override { return tasks_.on_second(); }

  // The first connection's to judge, and the link's when this one is its own.
  bool on_slow(instant) override { return false; }
  instant slow_deadline() const override { return never; }

 private:
  task_queue& tasks_;
  bool copies_ = false;
  bool leads_ = false;
  uint64_t count_ = 0;
};

}  // namespace tharsis::stn
