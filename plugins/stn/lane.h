// One lane of a link: a connection beside the link's own, and the share of its tasks that it carries.
#pragma once
#include <memory>

#include "plugins/stn/core/lane_policy.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/side_connection.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class lane final : private session_tasks, private side_connection::listener {
 public:
  class owner {
   public:
    virtual void on_lane_up(lane& l) = 0;
    // Bytes were read: answers that have come of them are valid until this returns. `bytes` may be 0.
    virtual void on_lane_read(size_t bytes) = 0;
    virtual void on_lane_written(size_t bytes) = 0;
    virtual void on_lane_push(const push& p) = 0;
    // It did not come up, or has died. It is to be destroyed, but not inside this call.
    virtual void on_lane_ended(lane& l, const loss& why) = 0;

   protected:
    ~owner() = default;
  };

  // `number`: the policy's. All of it outlives the lane.
  lane(uint32_t number, const live_connection::surroundings& s, const host& tables, switchboard& ways, task_queue& tasks, lane_policy& policy, owner& by)
      : number_(number), place_(s.place), policy_(policy), tasks_(tasks), owner_(by), side_(s, tables, ways, s.settings, phases_, *this, *this), running_(s.place) {}

  // Dials, and lives until it dies. Once.
  void start(endpoint to) { running_.spawn(run(std::move(to))); }
  // Nobody needs it any more; on_lane_ended() comes later.
  void finish() { side_.finish(); }
  // It is up, and becomes the link's own connection. Not inside a call of its own.
  std::unique_ptr<live_connection> take();

  void nudge() { side_.nudge(); }
  void on_codec_gone(const std::string& sentence) { side_.on_codec_gone(sentence); }
  uint32_t number() const { return number_; }
  bool ended() const { return ended_; }
  dialer& dialled() { return side_.dialled(); }
  uint64_t server() const { return side_.memory(); }  // The name of its server_memory.

 private:
  task<void> run(endpoint to);

  bool write_next(std::vector<uint8_t>& out, framing& frames, instant now) override;
  bool wrote_again() const override { return wrote_again_; }
  int take_companions() override { return policy_.take_companions(number_); }
  bool next_is_keyed() const override { return false; }
  void on_answer(const mars::frame_view& f, instant now) override;
  bool expects(uint32_t sequence) const override { return policy_.owes(number_, sequence) && tasks_.expects(sequence); }
  void on_answer_begun(uint32_t sequence, instant now) override;
  size_t sent() const override { return policy_.owed(number_); }
  bool on_slow(instant) override { return false; }
  instant slow_deadline() const override { return never; }

  void on_side_up() override;
  void on_side_read(size_t bytes) override { owner_.on_lane_read(bytes); }
  void on_side_written(size_t bytes) override { owner_.on_lane_written(bytes); }
  void on_side_push(const push& p) override { owner_.on_lane_push(p); }

  const uint32_t number_;
  strand& place_;
  lane_policy& policy_;
  task_queue& tasks_;
  owner& owner_;
  phase_clock phases_;
  side_connection side_;
  bool wrote_again_ = false;
  bool ended_ = false;
  task_set running_;
};

}  // namespace tharsis::stn
