#include "plugins/stn/link_course.h"

#include <utility>

namespace tharsis::stn {

link_course::link_course(link_settings& settings, const live_connection::surroundings& speech, const host& tables, switchboard& ways,
                         const activity& use, const link_events& events, const counts& count, traveller& by)
    : place_(speech.place),
      host_(tables),
      ways_(ways),
      use_(use),
      events_(events),
      settings_(settings),
      speech_(speech),
      link_(by),
      moves_(place_, tables, ways, events, count, settings),
      profile_endpoints_(settings.endpoints) {}

void link_course::change(link_settings next) {
  if (next.endpoints == profile_endpoints_) {
    next.endpoints = planned().endpoints;  // What was said of them holds on.
  } else {
    moves_.forget();
    profile_endpoints_ = next.endpoints;
  }
  const link_change what = change_of(planned(), next);
  if (what == link_change::none) return;
  if (pending_ || what == link_change::speech) return speak_anew(std::move(next));
  link_.take_numbers(next);
  if (next_ || what == link_change::way) lead_to(std::move(next));
  link_.on_course();
}

void link_course::set_endpoints(std::vector<endpoint> to) {
  moves_.forget();
  link_settings next = planned();
  next.endpoints = std::move(to);
  if (pending_)
    *pending_ = std::move(next);
  else
    lead_to(std::move(next));
}

// By the way that `next` names. What is up stays until something better is.
void link_course::lead_to(link_settings next, bool anew) {
  next_.reset();
  next_trouble_.clear();
  moving_by_ = never;
  link_.on_plan();
  if (link_.is_up() && !anew && change_of(settings_, next) != link_change::way) return;  // It is there already.
  if (link_.is_up()) {
    successor::listener& heard = *this;
    next_ = std::make_unique<successor>(speech_, host_, ways_, use_, std::move(next), heard);
    return;
  }
  settings_ = std::move(next);
  turn_ = 0;
  led_away_ = true;
  link_.on_led_away();
}

// With other words, or to somebody else: from the next connection on, which is wanted now.
void link_course::speak_anew(link_settings next) {
  next_.reset();
  moving_by_ = never;
  pending_ = std::make_unique<link_settings>(std::move(next));
  led_away_ = true;
  link_.on_speech();
}

std::optional<link_settings> link_course::take_pending() {
  if (!pending_) return std::nullopt;
  return std::move(*std::exchange(pending_, nullptr));
}

void link_course::settle(link_settings now) {
  settings_ = std::move(now);
  turn_ = 0;
}

void link_course::follow(session& talk, const stream& wire) {
  if (const auto asked = talk.take_move()) moves_.on_notice(*asked, profile_endpoints_, target(), wire);
  if (auto plan = moves_.take_due()) go(std::move(*plan));
  if (moves_.take_expired()) go_home();
}

void link_course::on_told_aside(std::span<const uint8_t> words, const endpoint& at, const stream& wire) {
  if (moves_.on_notice(words, profile_endpoints_, at, wire)) told_aside_ = true;
}

bool link_course::follow_aside() {
  if (!told_aside_) return false;
  auto plan = moves_.take_due();
  if (!plan) return false;
  told_aside_ = false;
  go(std::move(*plan));
  return true;
}

void link_course::on_connection() {
  moving_by_ = never;
  told_aside_ = false;
  moves_.on_connection();
}

void link_course::go(move_plan plan) {
  if (pending_) return;  // The profile leads elsewhere at once.
  link_settings next = planned();
  next.endpoints = std::move(plan.to);
  lead_to(std::move(next), true);
}

void link_course::go_home() {
  link_settings next = planned();
  next.endpoints = profile_endpoints_;
  if (!pending_) lead_to(std::move(next));
}

void link_course::begin_attempt() {
  if (moves_.take_expired()) go_home();
  led_away_ = false;
}

bool link_course::on_failed() { return ++turn_ % settings_.endpoints.size() != 0 || leave_told(); }

// None of the endpoints that a server has told is of use. False: they are the profile's.
bool link_course::leave_told() {
  if (!moves_.led()) return false;
  moves_.forget();
  settings_.endpoints = profile_endpoints_;
  turn_ = 0;
  host_.warning("link " + settings_.name + ": where its server sent it nothing can be reached; it goes back to the endpoints of the profile");
  return true;
}

bool link_course::leave_plan() {
  if (!next_) return false;
  settings_ = next_->next();
  next_.reset();
  turn_ = 0;
  return true;
}

std::optional<loss> link_course::move_over(session& talk, bool idle) {
  const bool may = next_->up() && talk.up();
  talk.hold(may);
  if (!may) {
    moving_by_ = never;
    return std::nullopt;
  }
  if (moving_by_ == never) moving_by_ = std::max(later(place_.now(), replace_patience), moves_.server_ends() - farewell);
  if (!idle && place_.now() < moving_by_) return std::nullopt;
  moving_by_ = never;
  return loss(THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "a connection to " + next_->target().text() + " has taken its place");
}

void link_course::arrive() {
  settings_ = next_->next();
  turn_ = next_->turn();
  next_.reset();
}

void link_course::on_attempt(const successor::attempt& a) {
  const bool failed = a.why != nullptr;
  events_.on_connect({settings_.name, a.to.text(), a.address, failed ? a.why->text : std::string(), failed ? a.why->status : THARSIS_OK,
                      failed ? a.why->why : uint32_t{THARSIS_STN_WHY_NONE}, THARSIS_STN_WHY_REPLACED, a.number, a.took});
  if (!failed) return link_.on_successor();
  if (std::exchange(next_trouble_, a.why->text) != a.why->text)
    host_.warning("link " + settings_.name + ": " + a.to.text() + " did not come up, so it stays at " + target().text() + " and tries again: " + a.why->text);
}

}  // namespace tharsis::stn
