// A connection beside the one that a link has: dialled and proved there, and then alive until it dies or the link takes it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/dialer.h"
#include "plugins/stn/live_connection.h"

namespace tharsis::stn {

class side_connection final : private live_connection::owner {
 public:
  class listener {
   public:
    // It is up: once for each live(). Tasks may be sent on it in this turn.
    virtual void on_side_up() = 0;
    // Bytes were read: what the session has made of them is valid until this returns. `bytes` may be 0.
    virtual void on_side_read(size_t bytes) = 0;
    virtual void on_side_written(size_t bytes) = 0;
    virtual void on_side_push(const push& p) = 0;

   protected:
    ~listener() = default;
  };

  // `next`: which way it takes. `phases`: how far it is. All of them outlive it.
  side_connection(const live_connection::surroundings& s, const host& tables, switchboard& ways, const link_settings& next,
                  phase_clock& phases, session_tasks& tasks, listener& heard)
      : around_(s), next_(next), phases_(phases), tasks_(tasks), listener_(heard), extras_(ways.extras()), dialer_(s.place, tables, ways, next, phases), rhythm_(next.heartbeat) {}
  side_connection(const side_connection&) = delete;

  // From the dialling until it dies, and why. One at a time; who destroys the task calls drop().
  task<loss> live(endpoint to);
  void drop() { live_.reset(); }
  // Nobody needs it any more: live() ends soon, but not inside this call.
  void finish();

  // The name of its server_memory; while it is up.
  uint64_t memory() const { return live_->talk().memory().name; }
  // In what words the server has asked its clients to go elsewhere, the last time, once; while there is one, wire() is valid. Who
  // takes the connection over is asked instead.
  std::optional<std::vector<uint8_t>> take_move() { return live_ ? live_->talk().take_move() : std::nullopt; }
  const stream& wire() const { return live_->wire(); }
  bool up() const { return live_ && live_->is_ready(); }
  // See session.
  void be_patient(bool is) { live_->talk().be_patient(is); }
  // The link's from now on, after up(); the task of live() is to be destroyed first.
  std::unique_ptr<live_connection> take() { return std::move(live_); }
  // Its codec has gone.
  void on_codec_gone(const std::string& sentence);
  // There is something to send.
  void nudge() {
    if (live_) live_->nudge();
  }

  dialer& dialled() { return dialer_; }
  const dialer& dialled() const { return dialer_; }

 private:
  task<loss> speak(instant prove_by);
  std::optional<loss> turn();
  void on_read(size_t bytes) override { listener_.on_side_read(bytes); }
  void on_output(size_t bytes) override { listener_.on_side_written(bytes); }
  void on_question() override { phases_.enter(phase::auth, around_.place.now()); }

  const live_connection::surroundings around_;
  const link_settings& next_;
  phase_clock& phases_;
  session_tasks& tasks_;
  listener& listener_;
  extra_connections& extras_;
  dialer dialer_;
  heartbeat rhythm_;
  std::unique_ptr<live_connection> live_;
  bool told_ = false;  // That it is up.
  bool finished_ = false;
};

}  // namespace tharsis::stn
