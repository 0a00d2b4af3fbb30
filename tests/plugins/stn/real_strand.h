// stn on strands of real threads, for tests and benchmarks.
#pragma once
#include <functional>
#include <future>
#include <stdexcept>

#include "plugins/stn/dispatcher.h"
#include "runtime/real_platform.h"

namespace tharsis::test {

// With a thread of its own. Throws where there is none.
inline const tharsis_strand& open_strand(const runtime::real_platform& p, const char* name) {
  const tharsis_strand* s = nullptr;
  tharsis_error why = no_error();
  if (p.table()->strand_open(p.table()->self, name, THARSIS_STRAND_DEDICATED, &s, &why) != THARSIS_OK) throw std::runtime_error(why.text);
  return *s;
}

// Runs f on the strand and waits until it has. Throws where the strand takes nothing.
inline void on_strand(const tharsis_strand& s, std::function<void()> f) {
  std::packaged_task<void()> work(std::move(f));
  auto done = work.get_future();
  const auto wake = [](void* context, tharsis_handle) { (*static_cast<std::packaged_task<void()>*>(context))(); };
  if (s.loop->post(s.loop->self, s.id, wake, &work, 0) != THARSIS_OK) throw std::runtime_error("the strand takes no work");
  done.get();
}

// One link to a server on this machine.
inline stn::settings one_link(uint16_t port) {
  stn::settings s;
  s.links.resize(1);
  s.links[0].name = "main";
  s.links[0].endpoints = {{"tcp", "127.0.0.1", port}};
  return s;
}

// Ends the dispatcher on its strand and tells when that is done.
inline task<void> shut(stn::dispatcher* tasks, std::promise<void>* stopped) {
  co_await tasks->stop();
  stopped->set_value();
}

}  // namespace tharsis::test
