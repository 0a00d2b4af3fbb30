// Where a link leads, and how it comes to lead elsewhere: by another profile, by what the application says, or by what its
// server asks (server_moves). A link that is up stays where it is until a successor is up there.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/stn/core/link_change.h"
#include "plugins/stn/server_moves.h"
#include "plugins/stn/successor.h"

namespace tharsis::stn {

class link_course final : private successor::listener {
 public:
  // The link, which does what follows.
  class traveller {
   public:
    virtual bool is_up() const = 0;
    // All that these settings say beside where the link leads holds from now on.
    virtual void take_numbers(const link_settings& next) = 0;
    // Another plan than before: nothing has to be held for the last one.
    virtual void on_plan() = 0;
    // Where it is going, or what it says there, is not wanted any more. It was not up, or has to speak otherwise.
    virtual void on_led_away() = 0;
    virtual void on_speech() = 0;
    // A successor is up.
    virtual void on_successor() = 0;
    virtual void on_push(const push& p) = 0;
    virtual void on_course() = 0;  // Look again.

   protected:
    ~traveller() = default;
  };

  // `settings` are the link's, which this changes where they say where it leads. All of it outlives the course.
  link_course(link_settings& settings, const live_connection::surroundings& speech, const host& tables, switchboard& ways, const activity& use,
              const link_events& events, const counts& count, traveller& by);

  const endpoint& target() const { return settings_.endpoints[turn_ % settings_.endpoints.size()]; }
  // In this round there is one more to try.
  bool has_others() const { return (turn_ + 1) % settings_.endpoints.size() != 0; }
  // As it will be, when all plans have come true.
  const link_settings& planned() const { return pending_ ? *pending_ : next_ ? next_->next() : settings_; }

  // By the profile, and by the application.
  void change(link_settings next);
  void set_endpoints(std::vector<endpoint> to);

  // In each turn of the link's connection: its server may ask it to go elsewhere, and where it was sent it stays no longer than
  // it was told.
  void follow(session& talk, const stream& wire);
  // While the link has no connection, the server `at` another one of the link's, `wire`, asks it. When the moment has come
  // (aside_deadline()) and there still is none, follow_aside() leads it there: true, once.
  void on_told_aside(std::span<const uint8_t> words, const endpoint& at, const stream& wire);
  bool follow_aside();
  instant aside_deadline() const { return told_aside_ ? moves_.plan_due() : never; }
  // There is a connection, and nothing was asked on it.
  void on_connection();
  instant deadline() const { return std::min(moves_.deadline(), moving_by_); }
  const server_moves& moves() const { return moves_; }

  // Before an attempt.
  void begin_attempt();
  // The way that it is made by was left in the meantime.
  bool led_away() const { return led_away_; }
  // It led nowhere. True: there is another endpoint, which nobody has tried.
  bool on_failed();

  // Other words from the next connection on, if any: once.
  bool has_pending() const { return pending_ != nullptr; }
  std::optional<link_settings> take_pending();
  // They are in force.
  void settle(link_settings now);

  // The connection that is to take the link's place, if one is made.
  successor* next() { return next_.get(); }
  const successor* next() const { return next_.get(); }
  bool has_successor() const { return next_ && next_->up(); }
  // When what is on its way has been answered (`idle`), or nobody wants to wait for it any more, the link goes over to it.
  std::optional<loss> move_over(session& talk, bool idle);
  // It has.
  void arrive();
  // None is wanted.
  void stay() { next_.reset(); }
  // There is nothing left beside which another connection could be made: the link itself goes there. True: it goes elsewhere.
  bool leave_plan();

 private:
  void lead_to(link_settings next, bool anew = false);  // `anew`: also where it is there already.
  void speak_anew(link_settings next);
  void go(move_plan plan);
  void go_home();
  bool leave_told();
  void on_attempt(const successor::attempt& a) override;
  void on_push_aside(const push& p) override { link_.on_push(p); }

  strand& place_;
  const host& host_;
  switchboard& ways_;
  const activity& use_;
  const link_events& events_;
  link_settings& settings_;
  const live_connection::surroundings speech_;
  traveller& link_;
  server_moves moves_;
  std::vector<endpoint> profile_endpoints_;  // Whatever was said otherwise since.
  std::unique_ptr<link_settings> pending_;   // From the next connection on.
  std::unique_ptr<successor> next_;          // Another connection, which is to take this one's place
  instant moving_by_ = never;                // by then, when it is up.
  std::string next_trouble_;                 // Of the successor, as it was told last.
  size_t turn_ = 0;                          // Which endpoint.
  bool led_away_ = false;
  bool told_aside_ = false;  // The plan of moves_ was, and waits for its moment.
};

}  // namespace tharsis::stn
