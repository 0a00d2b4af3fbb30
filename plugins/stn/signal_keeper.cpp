#include "plugins/stn/signal_keeper.h"

#include <utility>
#include <vector>

namespace tharsis::stn {

void signal_keeper::follow(session& talk, const tharsis_address& at, instant now) {
  if (now < burst_.deadline()) return;
  const bool due = burst_.on_deadline(now);
  if (!burst_.running()) return close();
  if (!due) return;
  if (settings_.signalling.by == signalling_settings::way::udp) {
    std::vector<uint8_t> frame;
    mars::append_frame(frame, {mars::command_keep, 0, {}, {}, {}}, settings_.client_version);
    datagrams_.send(at, frame);
  } else if (!talk.keep_awake()) {
    burst_.end();
    if (!std::exchange(refused_, true))
      host_.warning("links." + settings_.name + ".signalling.by is 'link', and codec '" + settings_.codec +
                    "' has nothing to say that keeps a radio awake; use by: udp");
  }
}

}  // namespace tharsis::stn
