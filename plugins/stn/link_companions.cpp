#include "plugins/stn/link_companions.h"

#include <utility>

namespace tharsis::stn {

link_companions::link_companions(const live_connection::surroundings& speech, const link_surroundings& around, const link_course& course, dialer& own,
                                 task_desk& desk, link_totals& moved, owner& by)
    : place_(around.place),
      around_(around),
      settings_(speech.settings),
      course_(course),
      dialer_(own),
      desk_(desk),
      owner_(by),
      udp_(around.tables, settings_.name, around.weakness, around.count, around.counted, moved, desk.queue(), [this] { owner_.on_companions(); },
           [this] { on_datagrams(); }),
      second_(speech, around.tables, around.ways, around.count, desk.queue(), *this),
      lanes_(speech, around.tables, around.ways, desk.queue(), around.count, around.weakness, lane_errands()) {}

void link_companions::on_metered(bool is) {
  udp_.on_metered(is);
  second_.on_metered(is);
  lanes_.on_metered(is);
}

void link_companions::change(const link_settings& s) {
  second_.change(s.second_way);
  lanes_.change(s);
}

void link_companions::on_codec_gone(const std::string& sentence) {
  lanes_.on_codec_gone(sentence);
  second_.on_codec_gone(sentence);
}

void link_companions::leave_lanes(const error& why) {
  lanes_.end(why);
  desk_.hand_over();
}

void link_companions::on_plan(bool speech) {
  yields_by_ = never;
  if (speech || !second_.leads()) second_.cancel();
}

void link_companions::on_own_begun(stream& wire) {
  yields_by_ = never;
  second_.on_up(wire, dialer_.mss());
}

void link_companions::on_own_read(size_t bytes) {
  on_bytes(bytes, 0);
  if (bytes > 0) second_.on_heard();
}

void link_companions::on_own_written(size_t bytes) {
  on_bytes(0, bytes);
  if (bytes > 0) second_.on_written(bytes);
}

void link_companions::on_own_doubt(const std::string& network, second_reason why, instant now) {
  udp_.on_network(network, now);
  second_.on_doubt(why);
}

void link_companions::on_own_lost(const loss& why, bool was_up, bool stay) {
  second_.on_down();
  udp_.end();
  lanes_.on_own_lost(stay && lanes_live_on(why, was_up), is_by_server(why));
}

bool link_companions::lanes_live_on(const loss& why, bool was_up) const {
  if (!was_up) return lanes_.has_successor();
  switch (why.why) {
    case THARSIS_STN_WHY_REMOTE_CLOSED:
    case THARSIS_STN_WHY_RESET:
    case THARSIS_STN_WHY_BROKEN: return true;
    case THARSIS_STN_WHY_SECOND:
    case THARSIS_STN_WHY_PONG_MISSED:
    case THARSIS_STN_WHY_SILENCE: return lanes_.heard();  // A server may be silent on all of them.
    default: return false;
  }
}

// Datagrams go by themselves only to the server itself, and only once it is known who it is.
void link_companions::before_sending(live_connection& own, bool up, const std::string& network, instant now) {
  if (const auto offer = up && settings_.udp ? own.talk().take_udp_offer() : std::nullopt) {
    if (dialer_.tunnelled()) udp_.refuse("the connection goes through a proxy");
    else udp_.begin(*offer, own.wire(), course_.target().host, network, lanes_.came_late(), now);
  }
  if (udp_.step(now, [this] { desk_.hand_over(); })) own.talk().on_sign_of_life(now);
  lanes_.step();
}

void link_companions::after_sending(instant now) {
  udp_.flush(now);
  lanes_.flush();
}

// What may have left on this connection alone stays on it for a while: its answers are still taken.
std::optional<loss> link_companions::follow_second(live_connection& own) {
  if (may_have_second()) {
    second_.step(course_.target());
    desk_.hand_over();
  }
  if (!second_.leads()) {
    if (std::exchange(yields_by_, never) != never && !course_.next()) own.talk().hold(false), owner_.on_companions();  // It has died; what it had is to go here.
    return std::nullopt;
  }
  own.talk().hold(true);
  if (yields_by_ == never) yields_by_ = later(place_.now(), replace_patience);
  if (desk_.queue().needs_first() && place_.now() < yields_by_) return std::nullopt;
  yields_by_ = never;
  own.wire().end();
  return loss(THARSIS_STN_WHY_SECOND, THARSIS_E_CANCELLED, second_.sentence());
}

instant link_companions::deadline() const { return std::min({udp_.deadline(), lanes_.deadline(), second_at(), yields_by_}); }

// Where there are lanes one of them is there for what this connection holds up, as long as they bring anything.
// One that is there already is seen to its end.
instant link_companions::second_at() const {
  if (second_.there()) return second_.deadline();
  if (course_.next()) return never;
  return lanes_.has_successor() ? std::max(second_.deadline(), lanes_.silent_at()) : second_.deadline();
}

bool link_companions::may_have_second() const { return second_.there() || (!course_.next() && !(lanes_.has_successor() && lanes_.heard())); }

std::unique_ptr<live_connection> link_companions::take() {
  if (!second_.leads()) return lanes_.take_successor(dialer_);
  auto made = second_.take();
  dialer_.arrived(second_.dialled());
  return made;
}

void link_companions::on_second_end(const second_attempt& a) {
  const loss& why = *a.why;
  around_.events.on_connect({settings_.name, a.to.text(), a.address, why.text, why.status, why.why, THARSIS_STN_WHY_SECOND, 1, a.took});
  around_.book.touch();
}

link_lanes::errands link_companions::lane_errands() {
  link_lanes::errands e;
  e.target = [this] { return course_.target(); };
  e.progress = [this] { return dialer_.progress(); };
  e.at = [this]() -> const tharsis_address& { return dialer_.address(); };
  e.hand_over = [this] { desk_.hand_over(); };
  e.nudge = [this] { owner_.on_companions(); };
  e.on_bytes = [this](size_t read, size_t written) { owner_.on_moved(read, written); };
  e.on_push = [this](const push& p) { owner_.on_push(p); };
  e.on_change = [this] { on_lanes(); };
  e.on_late = [this] { around_.weak.on_late(); };
  e.on_first = [this] { owner_.on_lane_first(); };
  return e;
}

void link_companions::on_lanes() {
  around_.events.on_lanes(settings_.name, lanes_.report());
  around_.book.touch();
}

void link_companions::on_datagrams() {
  around_.events.on_datagrams(settings_.name, udp_.report());
  around_.book.touch();
}

// What the session has made of them is valid no longer than this.
void link_companions::on_bytes(size_t read, size_t written) {
  desk_.hand_over();
  owner_.on_moved(read, written);
}

}  // namespace tharsis::stn
