// What a link has beside its own connection: a second one when that may be dead, lanes when the network is weak, datagrams when
// the server takes them; and which of them is to take its place.
#pragma once
#include <memory>
#include <string>

#include "plugins/stn/link_course.h"
#include "plugins/stn/link_lanes.h"
#include "plugins/stn/second_connection.h"
#include "plugins/stn/task_desk.h"
#include "plugins/stn/udp_way.h"

namespace tharsis::stn {

class link_companions final : private second_connection::listener {
 public:
  class owner {
   public:
    virtual void on_moved(size_t read, size_t written) = 0;
    virtual void on_push(const push& p) = 0;
    // A lane is up, and no connection is wanted elsewhere: where the link's own is not, it comes too late.
    virtual void on_lane_first() = 0;
    // The link's own connection is to have a turn soon.
    virtual void on_companions() = 0;

   protected:
    ~owner() = default;
  };

  // `own`: the dialer of the link's own connection. All of it outlives them.
  link_companions(const live_connection::surroundings& speech, const link_surroundings& around, const link_course& course, dialer& own, task_desk& desk,
                  link_totals& moved, owner& by);

  // What the network is, and what the profile says.
  void on_metered(bool is);
  void on_another_network() { second_.on_another_network(); }
  void on_network(const std::string& name) { lanes_.on_network(name); }
  void recall(const std::string& network) { lanes_.recall(network); }
  void keep_datagrams_off(std::string reason, instant now) { udp_.keep_off(std::move(reason), now); }
  void change(const link_settings& s);
  void on_codec_gone(const std::string& sentence);
  // No lane may become the link's own: what they speak, or where they lead, is not wanted any more.
  void leave_lanes(const error& why);
  // The link leads elsewhere; with `speech` it has to speak otherwise, and a second connection that leads is of no use either.
  void on_plan(bool speech);
  // Nothing is wanted any more.
  void end(const loss& why) { lanes_.end(why); }
  void cancel_second() { second_.cancel(); }
  void clear() { lanes_.clear(); }

  // The link's own connection is dialled, for the first time since it was up;
  void on_own_coming(const std::string& network) { lanes_.on_own_coming(network); }
  // is there; is up;
  void on_own_begun(stream& wire);
  void on_own_up(const std::string& network, bool weak, uint64_t server) { lanes_.on_own_up(network, weak, server); }
  // moves bytes;
  void on_own_read(size_t bytes);
  void on_own_written(size_t bytes);
  // may have died, with a change of the network behind the same interface, or of another kind;
  void on_own_doubt(const std::string& network, second_reason why, instant now);
  // gives its place to a lane that was first;
  void on_own_overtaken() { second_.on_down(); }
  // or is lost. `stay`: what has ended it says nothing of the others, as far as the link knows.
  void on_own_lost(const loss& why, bool was_up, bool stay);

  // In each turn of it, around what it sends itself.
  void before_sending(live_connection& own, bool up, const std::string& network, instant now);
  void after_sending(instant now);
  // At its end: why it gives its place to the second one, if it does.
  std::optional<loss> follow_second(live_connection& own);
  instant deadline() const;
  void nudge() { second_.nudge(); }

  bool second_leads() const { return second_.leads(); }
  bool has_successor() const { return second_.leads() || lanes_.has_successor(); }
  bool lane_first() const { return !course_.led_away() && !course_.next() && lanes_.has_successor(); }
  // It becomes the link's own: the second one where it leads, else a lane, with what is out on it.
  std::unique_ptr<live_connection> take();

  udp_report datagrams() const { return udp_.report(); }
  second_report second() const { return second_.report(); }
  lane_report lanes() const { return lanes_.report(); }

 private:
  bool lanes_live_on(const loss& why, bool was_up) const;
  bool may_have_second() const;
  instant second_at() const;
  link_lanes::errands lane_errands();
  void on_lanes();
  void on_datagrams();
  void on_bytes(size_t read, size_t written);
  void on_second_read(size_t bytes) override { on_bytes(bytes, 0); }
  void on_second_written(size_t bytes) override { on_bytes(0, bytes); }
  void on_second_push(const push& p) override { owner_.on_push(p); }
  void on_second_news() override { owner_.on_companions(); }
  void on_second_end(const second_attempt& a) override;

  strand& place_;
  const link_surroundings& around_;
  const link_settings& settings_;
  const link_course& course_;
  dialer& dialer_;
  task_desk& desk_;
  owner& owner_;
  udp_way udp_;
  second_connection second_;
  link_lanes lanes_;
  instant yields_by_ = never;  // By then the link's own connection has given way to the second one, which leads.
};

}  // namespace tharsis::stn
