// A connection by another way, made and proved beside the one that a link has, which tasks move to when it is up.
#pragma once
#include <memory>
#include <string>

#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/side_connection.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class successor final : private side_connection::listener {
 public:
  // Of an attempt that has ended.
  struct attempt {
    endpoint to;
    std::string address;
    phase_times took;
    uint32_t number;
    const loss* why;  // Null: it is up.
  };
  class listener {
   public:
    // Each attempt, the last one too. Then, if it is up, the link may take() it, but not inside this call.
    virtual void on_attempt(const attempt& a) = 0;
    virtual void on_push_aside(const push& p) = 0;

   protected:
    ~listener() = default;
  };

  // `next`: where it leads, and by which way. Attempts begin at once, and go on until one is up. All else outlives it.
  successor(const live_connection::surroundings& s, const host& tables, switchboard& ways, const activity& use, link_settings next, listener& heard);

  bool up() const { return side_.up(); }
  const link_settings& next() const { return next_; }
  const endpoint& target() const { return next_.endpoints[turn_ % next_.endpoints.size()]; }
  size_t turn() const { return turn_; }
  const dialer& dialled() const { return side_.dialled(); }
  // Another network, or another user: what was made so far is nothing any more. Not inside on_attempt().
  void anew();
  void on_codec_gone(const std::string& sentence) { side_.on_codec_gone(sentence); }
  // It is up, and the caller's from now on.
  std::unique_ptr<live_connection> take();

 private:
  task<void> run();
  void on_side_up() override { tell(nullptr); }
  void on_side_read(size_t) override {}
  void on_side_written(size_t) override {}
  void on_side_push(const push& p) override { listener_.on_push_aside(p); }
  void tell(const loss* why);

  strand& place_;
  switchboard& ways_;
  const link_settings next_;
  listener& listener_;
  phase_clock phases_;
  task_queue no_tasks_;
  side_connection side_;
  stn::reconnect pace_;
  phase_times began_{};
  size_t turn_ = 0;
  uint32_t attempts_ = 0;
  bool told_ = false;  // This attempt.
  signal changed_;
  task_set running_;
};

}  // namespace tharsis::stn
