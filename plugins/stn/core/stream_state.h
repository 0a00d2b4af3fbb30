// One open stream of a link: its halves, what its application was asked for, and how it stands on the connection.
#pragma once
#include <algorithm>

#include "plugins/stn/core/stream_order.h"
#include "plugins/stn/core/stream_rate.h"
#include "plugins/stn/core/stream_settings.h"
#include "plugins/stn/core/stream_way.h"
#include "sdk/pure/stream_receiver.h"
#include "sdk/pure/stream_sender.h"

namespace tharsis::stn {

struct stream_state {
  stream_state(stream_order o, const stream_settings& s, streams::stream_pool& sending, streams::stream_pool& receiving)
      : order(std::move(o)), up_rate(order.rate), down_rate(order.rate), retry(s.retry_after) {
    if (streams::goes_up(order.direction)) up.emplace(s.sender(), sending, order.size);
    if (streams::comes_down(order.direction)) down.emplace(s.receiver(), receiving);
  }

  bool up_over() const { return !up || up->finished(); }
  bool down_over() const { return !down || down->complete(); }
  // What its application has already is added up first.
  bool recalls() const { return recalled_to < order.have; }
  // The server owes something.
  bool waits_for_server() const { return number != 0 && (!opened || (up && !up->finished() && (up->in_flight() > 0 || up->written_all()))); }
  void on_cut() {
    number = 0;
    opened = told_done = false;
    if (up) up->on_cut();
    if (down) down->on_cut();
    way.clear();
  }
  stream_progress progress() const {
    stream_progress p;
    p.state = paused ? THARSIS_STN_STREAM_PAUSED : opened ? THARSIS_STN_STREAM_RUNS : number != 0 ? THARSIS_STN_STREAM_OPENS : THARSIS_STN_STREAM_WAITS;
    if (up) p.up = up->confirmed();
    if (up) p.up_size = up->size().value_or(streams::size_unknown);
    if (down) p.down = down->confirmed();
    if (down) p.down_size = down->size().value_or(streams::size_unknown);
    p.opens = opens;
    if (!opened) p.reason = trouble;
    if (!opened && !trouble.empty()) p.trouble = trouble_is;
    return p;
  }
  void be_in_trouble(tharsis_status is, std::string why) {
    trouble_is = is;
    trouble = std::move(why);
  }

  const stream_order order;
  std::optional<streams::stream_sender> up;
  std::optional<streams::stream_receiver> down;
  stream_rate up_rate, down_rate;
  stream_way way;  // Of what comes down.

  uint32_t number = 0;  // On this connection; 0: none yet.
  bool opened = false;
  instant asked_open_at{};
  bool told_done = false;  // That all came down.
  uint32_t opens = 0;
  uint64_t turn = 0;  // When it had its last one.
  instant retry_at{};  // Not opened before.
  duration retry;      // The next pause.
  std::string trouble;  // Empty: none.
  tharsis_status trouble_is = THARSIS_OK;

  bool paused = false;
  bool asked = false;  // on_room waits for its answer,
  uint64_t asked_at = 0;
  size_t asked_room = 0;
  uint64_t recalled_to = 0;
  sha256_sum recalled;
  uint64_t readable = 0;  // So much may be given.
  stream_progress told;
  instant told_at{};
};

}  // namespace tharsis::stn
