// co_await blocking(place, function): run it on a thread where it may block, and take its value.
#pragma once
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis {

namespace detail {
// Shared between the thread that works and the coroutine that waits, which may be destroyed first.
template <class F, class R>
struct blocking_job {
  F function;
  strand* place;
  std::optional<R> value;
  std::exception_ptr thrown;  // Instead of a value.
  signal* listener;           // Null once nobody waits any more.
};
}  // namespace detail

// `function` takes nothing, returns a value, and owns all it uses: it may outlive the waiting
// coroutine, but not the strand (a plugin stops only when strand::blocking is 0). An empty answer:
// too much is waiting already. What it throws is a defect like any other: it is thrown again where it is waited for.
template <class F, class R = std::invoke_result_t<F>>
task<std::optional<R>> blocking(strand& place, F function) {
  using job = detail::blocking_job<F, R>;
  struct abandon {  // The frame may be destroyed while the work is under way.
    std::shared_ptr<job> work;
    ~abandon() { work->listener = nullptr; }
  };
  signal finished(place);
  const auto work = std::make_shared<job>(job{std::move(function), &place, {}, {}, &finished});
  const abandon guard{work};
  auto* context = new std::shared_ptr<job>(work);
  const auto run = [](void* c) {
    job& j = **static_cast<std::shared_ptr<job>*>(c);
    try {
      j.value.emplace(j.function());
    } catch (...) {  // On this thread there is nobody to hold it back.
      j.thrown = std::current_exception();
    }
  };
  const auto wake = [](void* c, tharsis_handle) {
    const std::unique_ptr<std::shared_ptr<job>> mine(static_cast<std::shared_ptr<job>*>(c));
    strand& home = *(*mine)->place;
    if (--home.blocking == 0) home.ready(std::exchange(home.blocking_over, 0));
    if ((*mine)->listener != nullptr) (*mine)->listener->raise();
  };
  const tharsis_loop& loop = place.loop();
  if (loop.run_blocking(loop.self, run, wake, context, 0) != THARSIS_OK) {
    delete context;
    co_return std::nullopt;
  }
  ++place.blocking;
  co_await finished.wait();
  if (work->thrown) std::rethrow_exception(work->thrown);
  co_return std::move(work->value);
}

// Suspends until no blocking work of this strand is under way: the last thing a plugin waits for when
// it stops. One coroutine at a time.
inline task<void> blocking_over(strand& place) {
  signal over(place);
  struct disarmed {
    strand& place;
    ~disarmed() { place.disarm(std::exchange(place.blocking_over, 0)); }
  };
  const disarmed guard{place};
  while (place.blocking > 0) {
    place.blocking_over = place.arm([](void* s) { static_cast<signal*>(s)->raise(); }, &over);
    co_await over.wait();
  }
}

}  // namespace tharsis
