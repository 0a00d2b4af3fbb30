// The line on the terminal that tells how far a command is, while it lives. Nothing in pipes, and nothing of what is soon done.
#pragma once
#include "plugins/xlog/core/progress_text.h"
#include "plugins/xlog/merged_lines.h"
#include "sdk/abi/loop.h"
#include "sdk/async/command.h"
#include "sdk/pure/harmless.h"

namespace tharsis::xlog {

class live_progress {
 public:
  live_progress(const command_call& call, const tharsis_loop* loop)
      : call_(call), loop_(loop), began_(loop->now(loop->self)), pace_(began_), seen_(call.live({})) {}
  live_progress(const live_progress&) = delete;
  live_progress& operator=(const live_progress&) = delete;
  ~live_progress() {
    if (seen_) call_.live({});
  }

  void tell(const merged_lines& work) {
    if (!seen_) return;
    const int64_t now = loop_->now(loop_->self);
    if (!pace_.is_due(now)) return;
    call_.live("xlog " + call_.name() + ": " + harmless(progress_text({work.bytes_done(), work.bytes_in_all(), now - began_, work.source().shown})));
  }

 private:
  const command_call& call_;
  const tharsis_loop* const loop_;
  const int64_t began_;
  progress_pace pace_;
  const bool seen_;  // By somebody.
};

}  // namespace tharsis::xlog
