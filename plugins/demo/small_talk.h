// The demo's second client: says something every now and then until it is stopped, whatever happens
// to the link. What it says reaches the first client as pushes.
#pragma once
#include "plugins/demo/core/settings.h"
#include "plugins/demo/courier.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis::demo {

class small_talk {
 public:
  small_talk(const host& tables, strand& place, settings s)
      : tables_(tables), place_(place), settings_(std::move(s)), courier_(tables), events_(place) {}
  small_talk(const small_talk&) = delete;

  // Ends with the host's stopped(), after stop().
  task<void> life();
  void stop();

 private:
  void say(uint64_t number);
  static void on_answer(void* context, const courier::answer& a);

  const host& tables_;
  strand& place_;
  const settings settings_;
  courier courier_;
  signal events_;
  uint64_t answered_ = 0, failed_ = 0;
  bool stopping_ = false;
};

}  // namespace tharsis::demo
