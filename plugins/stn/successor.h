// A connection by another way, made and proved beside the one that a link has, which tasks move to when it is up.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "plugins/stn/auth_hook.h"
#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/core/session.h"
#include "plugins/stn/dialer.h"
#include "plugins/stn/link_codec.h"
#include "plugins/stn/push_board.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

// A connection that speaks.
struct live_wire {
  std::unique_ptr<stream> wire;
  std::unique_ptr<auth_exchange> exchange;  // Null: the application has no proof of its own.
  std::unique_ptr<session> talk;            // Null: it has not begun.
};

class successor final : private auth_asker {
 public:
  // Of the link; all of it outlives this.
  struct surroundings {
    strand& place;
    const host& tables;
    switchboard& ways;
    auth_hook& auth;
    const link_settings& settings;  // What is said on a connection.
    const link_codec& codec;
    const std::string& client_id;
    const activity& use;
    traffic& counted;
    std::function<const std::string&()> user;  // For the application's proof: who it is then.
  };
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

  // `next`: where it leads, and by which way. Attempts begin at once, and go on until one is up.
  successor(surroundings s, link_settings next, listener& heard);
  ~successor() { auth_.drop(question_); }

  bool up() const {
    const session* const talk = live_.talk.get();
    const bool asks = live_.exchange && live_.exchange->running();
    return talk != nullptr && talk->up() && talk->failure().status == THARSIS_OK && !asks;
  }
  const link_settings& next() const { return next_; }
  const endpoint& target() const { return next_.endpoints[turn_ % next_.endpoints.size()]; }
  size_t turn() const { return turn_; }
  const dialer& dialled() const { return dialer_; }
  // Another network, or another user: what was made so far is nothing any more. Not inside on_attempt().
  void anew();
  // Its codec has gone.
  void on_codec_gone(const std::string& sentence);
  // It is up, and the caller's from now on.
  live_wire take();

 private:
  task<void> run();
  task<loss> live();
  task<loss> talk(instant prove_by);
  std::optional<loss> turn(bool& more);
  std::optional<loss> receive(bool& more);
  std::optional<loss> follow_auth();
  std::optional<loss> send();
  void on_word(auth_word w) override;
  void tell(const loss* why);
  void begin_again();

  const surroundings around_;
  strand& place_;
  auth_hook& auth_;
  const link_settings next_;
  listener& listener_;
  phase_clock phases_;
  phase_times began_{};
  dialer dialer_;
  heartbeat rhythm_;
  task_queue no_tasks_;
  stn::reconnect pace_;
  live_wire live_;
  tharsis_handle question_ = 0;
  std::vector<uint8_t> output_;
  size_t turn_ = 0;
  uint32_t attempts_ = 0;
  bool told_ = false;  // This attempt.
  signal changed_;
  task_set running_;
};

}  // namespace tharsis::stn
