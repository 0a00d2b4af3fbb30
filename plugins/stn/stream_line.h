// The connection of a link's streams: made when one wants it, beside the link's own, to the same endpoint and with the same proof;
// closed when none has wanted it for a while.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "plugins/stn/core/reconnect.h"
#include "plugins/stn/core/stream_lane.h"
#include "plugins/stn/core/stream_move.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/side_connection.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

// Who told streams to go, and hears what becomes of them.
class stream_hearer {
 public:
  // Not to be answered inside the call.
  virtual void on_stream(stream_event e) = 0;

 protected:
  ~stream_hearer() = default;
};

class stream_line final : private side_connection::listener, private session_tasks {
 public:
  // The server `at` which the streams are has asked its clients to go elsewhere. `wire`: the connection to it.
  using move_heard = std::function<void(std::span<const uint8_t> words, const endpoint& at, const stream& wire)>;
  // Of the link; all of it outlives the line.
  struct surroundings {
    live_connection::surroundings speech;
    const host& tables;
    switchboard& ways;
    const activity& use;
    const stream_settings& numbers;
    const counts& count;
    std::function<const link_settings&()> planned;       // How its server is reached now.
    std::function<void(const push&)> push_aside;         // One that belongs to no stream.
    move_heard on_move;
  };
  stream_line(surroundings s, stream_hearer& heard);
  ~stream_line() { running_.clear(); }

  // What applications say; then look() sees to what follows.
  stream_lane& lane() { return lane_; }
  void look();

  // An answer of the link itself; see stream_lane.
  void on_answer(duration took) { lane_.on_answer(took, place_.now()); }
  // `another`: what is open may lead nowhere.
  void on_network(bool there, bool costly, bool another);
  // The link is up where planned() says. What it has left there `ends`, or in the past: nobody has said that it does.
  void on_link_up(instant ends);
  void on_codec_gone(const std::string& sentence) { side_.on_codec_gone(sentence); }
  // All streams end so, and the connection.
  void end(tharsis_status status, const std::string& why);

 private:
  task<void> run();
  task<void> tick();
  void anew();
  void go();
  void stay();
  void close();
  void hand_over();
  void on_side_up() override;
  void on_side_read(size_t bytes) override;
  void on_side_written(size_t bytes) override {
    around_.count.stream_sent.add(bytes);
    if (bytes > 0) looked_.raise();  // What a rate holds back has another time now.
  }
  void on_side_push(const push& p) override;
  bool write_next(std::vector<uint8_t>& out, framing& frames, instant now) override;
  bool wrote_again() const override { return false; }
  bool next_is_keyed() const override { return false; }
  void on_answer(const mars::frame_view&, instant) override {}
  bool expects(uint32_t) const override { return false; }
  void on_answer_begun(uint32_t, instant) override {}
  size_t sent() const override { return lane_.waiting(); }
  bool on_slow(instant) override { return false; }
  instant slow_deadline() const override { return never; }

  const surroundings around_;
  strand& place_;
  stream_hearer& hearer_;
  stream_lane lane_;
  link_settings settings_;  // As planned() said when it was dialled,
  endpoint at_;             // and where.
  phase_clock phases_;
  side_connection side_;
  stn::reconnect pace_;
  stream_move move_;
  bool network_there_ = true;
  bool nonsense_ = false;
  int nonsense_times_ = 0;    // In a row, with nothing moved
  uint64_t moved_before_ = 0;  // since so much had been.
  bool ended_ = false;
  uint32_t sequence_ = 0;
  instant idle_since_ = never;
  error trouble_ = fine();
  signal changed_;  // For run(),
  signal looked_;   // and for tick().
  task_set ticking_, running_;
};

}  // namespace tharsis::stn
