// A thread of the host that waits for an answer: what it waits on, shared with the strand of dns, so that either may go first.
#pragma once
#include <memory>
#include <semaphore>
#include <string>

#include "plugins/dns/core/known_answer.h"

namespace tharsis::dns {

struct blocking_question {
  // By the strand of dns, once.
  void answer_with(known_answer::owned a, std::string why) {
    what = std::move(a);
    reason = std::move(why);
    there.release();
  }

  std::binary_semaphore there{0};
  // Once it is there:
  known_answer::owned what;
  std::string reason;
};

}  // namespace tharsis::dns
