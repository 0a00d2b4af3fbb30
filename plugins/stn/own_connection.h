// The connection that a link has of its own, one after the other: what a turn of it does, in which order, and why it ends.
#pragma once
#include <memory>
#include <optional>

#include "plugins/stn/core/on_demand.h"
#include "plugins/stn/core/traffic_way.h"
#include "plugins/stn/link_companions.h"
#include "plugins/stn/link_journal.h"
#include "plugins/stn/link_proof.h"
#include "plugins/stn/link_rhythm.h"
#include "plugins/stn/signal_keeper.h"
#include "plugins/stn/way_home.h"

namespace tharsis::stn {

class own_connection final : private live_connection::owner {
 public:
  class owner {
   public:
    virtual bool is_up() const = 0;
    // It has proved itself.
    virtual void on_up() = 0;
    // The application is about to be asked who it is, before that.
    virtual void on_question() = 0;
    virtual void on_push(const push& p) = 0;
    // A ping was answered.
    virtual void on_pong() = 0;

   protected:
    ~owner() = default;
  };
  // Of the link, and what it has for a connection; all of it outlives that.
  struct surroundings {
    live_connection::surroundings speech;
    dialer& way;
    link_journal& journal;
    link_book& book;
    task_desk& desk;
    link_rhythm& rhythm;
    on_demand& demand;
    way_home& home;
    link_course& course;
    link_companions& companions;
    link_proof& proof;
    signal_keeper& signals;
  };
  own_connection(const surroundings& s, owner& by) : around_(s), place_(s.speech.place), settings_(s.speech.settings), owner_(by) {}

  // The way that traffic takes is this. Answers what it was.
  traffic_way on_network(traffic_way now) { return way_.on_network(std::move(now)); }
  const traffic_way& network() const { return way_.now(); }

  // One is dialled; `adopted`: or takes this one's place, having been made beside it.
  void begin_attempt(bool adopted);
  bool adopted() const { return adopted_; }
  // It is not up, and a lane is.
  bool is_overtaken() const { return !owner_.is_up() && !adopted_ && around_.companions.lane_first(); }
  // The attempt ends so, and the lane takes its place. False: it is not overtaken.
  bool give_way();
  bool overtaken() const { return overtaken_; }

  // One over this wire; or why there is none.
  std::optional<loss> begin(std::unique_ptr<stream> wire, instant prove_by);
  // One that speaks already.
  void adopt(std::unique_ptr<live_connection> made);
  // From either until it is over, and why.
  task<loss> live();
  // While it is carried: null otherwise.
  session* talk() const { return live_ ? &live_->talk() : nullptr; }
  // It has brought something.
  bool heard() const { return heard_; }
  // False: there is none.
  bool nudge();
  // It is to end,
  void give_up(loss why);
  // with the link itself.
  void end(loss why);
  // It is to prove itself.
  void touch() { touched_ = true; }

 private:
  struct there;
  std::optional<loss> turn(live_connection& c);
  std::optional<loss> receive(live_connection& c);
  std::optional<loss> follow_network(session& talk);
  std::optional<loss> follow_proof(live_connection& c);
  std::optional<loss> follow_course(live_connection& c);
  std::optional<loss> move_home() const;
  std::optional<loss> go_idle(const stream& wire);
  instant next_look(const session& talk) const;
  task<void> say_farewell(stream& wire);
  void on_read(size_t bytes) override;
  void on_output(size_t bytes) override { around_.companions.on_own_written(bytes); }
  void on_question() override { owner_.on_question(); }

  const surroundings around_;
  strand& place_;
  const link_settings& settings_;
  owner& owner_;
  way_watch way_;
  std::unique_ptr<live_connection> live_;
  std::optional<loss> wish_;  // To give it up.
  bool touched_ = false;
  bool asked_ = false;      // For a proof, after a change of the network.
  bool overtaken_ = false;  // A lane was there first.
  bool adopted_ = false;
  bool heard_ = false;
  std::optional<loss> farewell_;  // The link ends.
};

}  // namespace tharsis::stn
