// All streams of one link, and the connection that they share: who opens, who has the next turn, how much is under way, and
// what applications are asked and told. Messages, calls and instants in; messages and events out. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugins/stn/core/stream_farewells.h"
#include "plugins/stn/core/stream_pace.h"
#include "plugins/stn/core/stream_state.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

class stream_lane {
 public:
  explicit stream_lane(const stream_settings& s);
  stream_lane(const stream_lane&) = delete;

  // Of applications.
  void open(stream_order o, instant now);
  void write(uint64_t id, uint64_t offset, std::span<const uint8_t> bytes, bool last, instant now);
  void read(uint64_t id, uint64_t bytes, instant now);
  void on_given(uint64_t id, uint64_t bytes, instant now);  // on_piece has returned.
  void pause(uint64_t id, bool is, instant now);
  void cancel(uint64_t id, instant now);
  void end_all(tharsis_status status, const std::string& why, instant now);
  size_t size() const { return streams_.size(); }

  // `costly`: metered or cellular.
  void on_network(bool costly, instant now);
  // An answer of the link itself took so long, from its request's way to the wire to its first byte.
  void on_answer(duration took, instant now);

  // While `is`, none is opened: the connection is about to be another one.
  void hold(bool is) { held_ = is; }
  // Streams are in the middle of the connection of now.
  bool busy() const;

  // Whether there should be a connection.
  bool wants(instant now) const;
  bool up() const { return up_; }
  void on_up();
  void on_down(const error& why, instant now);
  // It could not be made.
  void on_trouble(const error& why, instant now);
  // A message. Anything but OK: what the server says means nothing, and the connection is of no use.
  error on_message(std::span<const uint8_t> body, instant now);
  // Bodies for the wire, about `room` bytes of them.
  void take_output(const std::function<void(std::span<const uint8_t>)>& say, size_t room, instant now, size_t data_most = streams::data_max);
  // How many streams wait for something of the server.
  size_t waiting() const;

  std::vector<stream_event> take_events() { return std::exchange(events_, {}); }
  instant deadline(instant now);
  void on_deadline(instant now);

  uint64_t in_flight() const;
  // Bytes that the server has confirmed, and that came from it, so far.
  uint64_t moved() const { return moved_; }
  const stream_pace& pace() const { return pace_; }
  uint64_t memory_left() const { return sending_.free() + receiving_.free(); }

 private:
  using holder = std::map<uint64_t, std::unique_ptr<stream_state>>;
  bool may_run(const stream_state& s) const { return !s.paused && (!costly_ || s.order.any_network || settings_.when_allowed == stream_settings::when::always); }
  bool may_open(const stream_state& s, instant now) const { return s.number == 0 && may_run(s) && !s.recalls() && now >= s.retry_at; }
  static bool waits_to_be_opened(const stream_state& s) { return s.number != 0 && !s.opened && s.trouble.empty(); }
  stream_state* find(uint64_t id);
  stream_state* numbered(uint32_t number);
  void look_after(stream_state& s, instant now);
  void ask(stream_state& s);
  void ask_for(stream_state& s, uint64_t offset, uint64_t room);
  void recall(stream_state& s, std::span<const uint8_t> bytes, bool last, instant now);
  void give(stream_state& s, instant now);
  void tell(stream_state& s, instant now);
  void settle(stream_state& s, instant now);
  void end(stream_state& s, tharsis_status status, std::string reason, streams::reset_code with, instant now);
  void fail(stream_state& s, const error& why, instant now);
  error on_known(stream_state& s, const streams::message& m, instant now);
  error on_opened(stream_state& s, const streams::message& m);
  error on_credit(stream_state& s, const streams::message& m, instant now);
  error on_data(stream_state& s, const streams::message& m, instant now);
  void on_reset(stream_state& s, const streams::message& m, instant now);
  void leave(stream_state& s);
  void say_open(stream_state& s, instant now);
  void say(const streams::message& m);
  void say_controls(instant now);
  bool say_data(instant now);
  stream_state* next_to_send(instant now);
  void share_window();

  const stream_settings settings_;
  stream_pace pace_, down_pace_;
  streams::stream_pool sending_, receiving_;
  holder streams_;
  std::vector<stream_event> events_;
  std::vector<uint8_t> body_;
  const std::function<void(std::span<const uint8_t>)>* wire_ = nullptr;  // Of take_output().
  size_t said_ = 0, data_most_ = 0;
  stream_farewells farewells_;
  bool costly_ = false;
  bool held_ = false;
  bool up_ = false;
  bool flight_full_ = false;
  uint32_t last_number_ = 0;
  uint64_t turns_ = 0;
  uint64_t moved_ = 0;
};

}  // namespace tharsis::stn
