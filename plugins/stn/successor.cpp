#include "plugins/stn/successor.h"

namespace tharsis::stn {

successor::successor(const live_connection::surroundings& s, const host& tables, switchboard& ways, const activity& use, link_settings next, listener& heard)
    : place_(s.place),
      ways_(ways),
      next_(std::move(next)),
      listener_(heard),
      no_tasks_(next_.name, phases_),
      side_(s, tables, ways, next_, phases_, no_tasks_, *this),
      pace_(next_.reconnect, use),
      changed_(place_),
      running_(place_) {
  running_.spawn(run());
}

task<void> successor::run() {
  for (;;) {
    while (place_.now() < pace_.due(false, place_.now())) co_await changed_.wait(pace_.due(false, place_.now()));
    pace_.on_attempt(place_.now());
    began_ = phases_.at(place_.now());
    ++attempts_;
    told_ = false;
    const loss why = co_await side_.live(endpoint(target()));
    side_.dialled().blame(why.status);
    tell(&why);
    side_.drop();
    pace_.on_down(place_.now(), ways_.random());
    if (++turn_ % next_.endpoints.size() != 0) pace_.on_alternative();
  }
}

void successor::tell(const loss* why) {
  if (std::exchange(told_, true)) return;
  attempt a{target(), {}, phases_.at(place_.now()), attempts_, why};
  for (size_t i = 0; i < phase_count; ++i) a.took[i] -= began_[i];
  a.address = side_.dialled().address_text();
  if (why != nullptr) phases_.enter(phase::down, place_.now());
  listener_.on_attempt(a);
}

void successor::anew() {
  running_.clear();
  side_.drop();
  pace_.on_network();
  running_.spawn(run());
}

std::unique_ptr<live_connection> successor::take() {
  running_.clear();
  return side_.take();
}

}  // namespace tharsis::stn
