#include "plugins/stn/link_directory.h"

#include <algorithm>

#include "sdk/async/next_turn.h"

namespace tharsis::stn {

longlink& link_directory::add_unnamed(const link_settings& s) {
  unnamed_.insert(by_number_.size());
  return add(s);
}

longlink& link_directory::add(const link_settings& s) {
  by_number_.push_back(std::make_unique<longlink>(around_, s, by_number_.size(), times_));
  all_.push_back(by_number_.back().get());
  if (!unnamed_.contains(all_.back()->number())) show_names();
  return *all_.back();
}

void link_directory::change(longlink& link, const link_settings& s) {
  const endpoint_terms before = link.terms();
  link.change(s);
  if (link.terms() != before) show_names();
}

void link_directory::remove(size_t number, const loss& why, const ending& tasks) {
  longlink* const link = at(number);
  if (link == nullptr) return;
  all_.erase(std::find(all_.begin(), all_.end(), link));
  std::unique_ptr<longlink> owned = std::move(by_number_[number]);
  if (unnamed_.erase(number) == 0) show_names();
  owned->leave(why, tasks);
  leaving_.spawn(see_off(std::move(owned)));
}

// Not in this turn: whoever removes it may have been called by it, while it told the end of a task.
task<void> link_directory::see_off(std::unique_ptr<longlink> link) {
  co_await next_turn(around_.place);
  co_await link->wait_stopped(later(around_.place.now(), 2 * farewell));
}

void link_directory::stop() {
  for (longlink* link : all_) link->stop();
}

task<void> link_directory::wait_stopped(instant deadline) {
  for (longlink* link : all_) co_await link->wait_stopped(deadline);
  co_await leaving_.join(deadline);
}

void link_directory::show_names() {
  link_names::list l;
  for (const longlink* link : all_)
    if (!unnamed_.contains(link->number())) l.push_back({link->name(), link->number(), link->terms()});
  names_.show(std::move(l));
}

}  // namespace tharsis::stn
