// What all links share, and who takes what comes of their tasks.
#pragma once
#include <string>

#include "plugins/stn/auth_hook.h"
#include "plugins/stn/codec_shelf.h"
#include "plugins/stn/core/activity.h"
#include "plugins/stn/core/stream_lane.h"
#include "plugins/stn/core/task_queue.h"
#include "plugins/stn/core/traffic.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/interval_memory.h"
#include "plugins/stn/link_book.h"
#include "plugins/stn/link_events.h"
#include "plugins/stn/push_board.h"
#include "plugins/stn/switchboard.h"
#include "plugins/stn/wake_company.h"
#include "plugins/stn/weak_memory.h"
#include "plugins/stn/weak_watch.h"

namespace tharsis::stn {

// Who gave the tasks.
class answer_taker {
 public:
  // From the link of this number. What its `body` shows is gone after the call.
  virtual void take(answer a, size_t link) = 0;
  // A caller is to make a body; before answers of the same turn.
  virtual void ask(const encode_wish& wish, size_t link) = 0;
  // The link is in another state.
  virtual void on_state(size_t link) = 0;

 protected:
  ~answer_taker() = default;
};

// All of it outlives them.
struct link_surroundings {
  strand& place;
  const host& tables;
  switchboard& ways;
  codec_shelf& codecs;
  const std::string& client_id;
  const link_events& events;
  push_board& pushes;
  const counts& count;
  interval_memory& memory;
  link_book& book;
  auth_hook& auth;
  answer_taker& taker;
  const activity& use;
  wake_company& company;
  weak_watch& weak;
  traffic& counted;
  const stream_settings& streams;
  weak_memory& weakness;
  const task_settings& tasks;
};

}  // namespace tharsis::stn
